"""The order desk: customers, orders, execution, delivery and money, knowing nothing of BPMN.

Rules of this package
---------------------
* A function that writes takes ``work`` (``jiedan.core.work.Work``) and never commits; a function
  that only reads takes ``session``. Everything after the first argument is keyword-only.
* Ids are accepted as ``UUID`` or text and are text in results. Money is integer fen, quantities
  are ``Decimal`` with three places, moments are aware UTC, dates are dates in Shanghai.
  Dates and moments are accepted as ISO text too, because that is how answers arrive.
* Results are frozen dataclasses with ``.as_dict()``: JSON-safe, ready to be process variables
  (ids and dates as text, decimals as numbers).
* Legal order states and transitions live in ``states``; an illegal move raises
  ``IllegalTransition``, a held order ``OrderOnHold`` (both 409).
* Tables are in ``jiedan.desk.tables``; importing ``jiedan.desk`` registers them all.

Public functions, by module
---------------------------
``customers``  (S4.1.1, P01)
    register_customer(work, *, name, kind="company"|"consumer", uscc, province, city, district,
        address, industry, scale="small|medium|large", customer_class="NEW", owner, source,
        contact_name, phone, email, number=None, active=True) -> CustomerFacts
    add_contact(work, *, customer_id, name, phone, email, title, wechat, primary=False) -> str
    add_address(work, *, customer_id, kind="ship|bill", province, city, district, detail,
        receiver, phone) -> str
    change_customer(work, *, customer_id, version, **changes) -> CustomerFacts
    blacklist_customer(work, *, customer_id, reason) / clear_blacklist(work, *, customer_id, reason)
    match_customers(session, *, name, uscc=None, phone=None, limit=5)
        -> list[Candidate(customer_id, customer_no, name, score 0-100, reasons)]
    customer_facts(session, *, customer_id) -> CustomerFacts(customer_id, customer_no, name, kind,
        customer_class, region, province, owner, blacklisted, framework, has_orders, version...)
``catalogue``
    add_item(work, *, sku, name, name_en, type="stock|mto|service|electronic", unit, ...)
    change_item(work, *, sku, version, **changes); suspend_item / activate_item / discontinue_item
    find_item(session, sku) -> ItemFacts; raises UnknownSku
    item_problem(item, *, channel, province) -> None | "unknown|discontinued|suspended|draft|
        region_forbidden|channel_closed"
``pricing``  (D06 inputs)
    add_policy(work, *, sku, list_fen, floor_fen, breaks=[{"qty","pct"}], class_discount={"A": 8},
        valid_from, valid_to=None, channel=None) ; approve_policy(work, *, policy_id)
    find_price(session, *, sku, on, channel, customer_class, qty)
        -> PolicyPrice(list_fen, policy_fen, floor_fen, policy_version, reason); raises NoPrice
    check_prices(work, *, order_id) -> PriceCheck(lines=[LinePrice(seq, sku, offer_fen, policy_fen,
        floor_fen, dev_pct, below_floor, policy_version)], worst_dev_pct, below_floor)
        dev_pct = (policy - offer) / policy x 100; also stores it on the lines
``credit``  (D04 inputs)
    save_profile(work, *, customer_id, score, grade, limit_fen, term_days, deposit_pct, valid_until)
    add_guarantee(work, *, customer_id, type, amount_fen, doc, expiry) ; verify_guarantee
    check_credit(work, *, order_id) -> CreditFacts(grade, limit_fen, exposure_fen, credit_part_fen,
        over_ratio, max_overdue_days, payment_method, deposit_pct, deposit_fen, blacklisted,
        profile_state="none|active|stale|suspended", warn)
    exposure(session, *, customer_id, excluding=None) -> Exposure(unpaid_invoices_fen,
        delivered_uninvoiced_fen, open_credit_fen, total_fen)
    overdue_days(session, *, customer_id, today) -> int
``inquiries``  (T01.1-2, T02.2-3)
    log_inquiry(work, *, order_id=None, values: dict) -> InquiryFacts(inquiry_id, inquiry_no,
        outcome...)  values = the T01.1 fields by the names of SPEC
    follow_up_inquiry(work, *, inquiry_id, analysis, solution, feasible, est_amount=None)
    close_inquiry(work, *, inquiry_id, reason) / convert_inquiry(work, *, inquiry_id, order_id)
    inquiry_values(session, *, inquiry_id|order_id) -> dict (to fill the next form)
    add_lead / claim_lead / screen_lead / contact_lead / release_lead / discard_lead / lead_facts
``orders``  (T01.3-T01.6, T02.7, T03.2)
    open_order(work, *, channel="sales|netease", kind=None, customer_id=None, owner=None,
        inquiry_id=None, platform_order_id=None) -> OrderRef(order_id, order_no|None, state, version)
    assign_number(work, *, order_id) -> OrderRef            idempotent; XS / WY
    accept_order(work, *, order_id, customer, intent, order_kind, customer_po_no=None) -> OrderRef
    enter_order(work, *, order_id, entry: dict, version=None) -> Entered(order_id, order_no,
        version, total_fen, tax_fen, changed, voided_approvals)
        entry keys: customer, order_kind, customer_po_no, lines[{sku, description, spec, qty, unit,
        unit_price, discount_pct, line_due, fulfil}], delivery_date, province, city, district,
        detail, receiver, receiver_phone, payment_method, term_days, partial_ok, currency,
        service_req, invoice_title, tax_no, invoice_type, preference, total
        (or delivery_place{} / invoice_info{} nested). Missing groups may be saved, wrong values
        raise InvalidOrder with .fields. First save takes the number.
    entry_values(session, *, order_id) -> dict   the same keys, to fill the form again
    record_precheck(work, *, order_id, items) -> Checked(passed, failed)         T01.6
    submit_order(work, *, order_id) -> OrderRef   IncompleteOrder 422 / UnknownSku / TotalMismatch
    find_order(session, *, number) -> OrderRef ; order_ref(session, *, order_id) -> OrderRef
    log_contact(work, *, order_id, purpose, at, way, result, evidence=None)
    set_owner, set_promised_date(work, *, order_id, promised_date, consent) , set_deposit
``states``  (SPEC 2.2)
    OrderState, legal_moves(state), set_state(work, *, order_id, to, reason=None) -> Moved(order_id,
        before, state), lose_order(reason code) , expire_order, reject_order(code, opinion), close_order
``holds``   hold_order(work, *, order_id, reason, kind="all|delivery|billing", code="manual",
        until=None); release_order(work, *, order_id, reason); require_free(session, *, order_id);
        overdue_holds(session, *, now, max_days)
``checks``
    check_complete(session, *, order_id) -> Completeness(complete, pct, missing=[group codes],
        names=[zh names]); groups description quantity price delivery_date delivery_place payment
    recalculate_order(work, *, order_id, total=None) -> Totals(total_fen, tax_fen, net_fen, lines)
        raises TotalMismatch when a given total differs by one fen
    find_duplicates(work, *, order_id) -> list[Suspect(order_id, order_no, state, reasons)]
``promises``  promise_dates(work, *, order_id=None, lines=None) -> Promise(lines=[LinePromise(seq,
        sku, available_on, source="stock|incoming|production|service|electronic", short_qty)],
        earliest, late_lines)
``review_checks``  check_catalogue, check_delivery, check_payment, check_customer, screen_legal
        (work, *, order_id) -> list[Violation(code, severity="minor|major|critical", forbidden,
        line, text)]; forbidden_words(work, text) -> list[str]; scan_contract_terms(text) -> list[str]
``reviews``  (P03)
    start_round(work, *, order_id) -> Round(round, version, snapshot_hash)     state in_review
    record_review(work, *, order_id, role, outcome="approve|return|reject|special", items=[{code,
        result="pass|fail|na", note}], opinion=None, reason_codes=[]) -> Reviewed
    consolidate_round(session, *, order_id, violations=[]) -> Consolidated(outcome="approved|rework|
        special|rejected", round, failed, reasons, max_rounds_reached)
    reviewers_of(session, *, order_id) -> set[login]; list_reviews(session, *, order_id)
    withdraw_review(work, *, order_id, reason)  -> draft
``approvals``  (P04)
    request_approval(work, *, subject, level=1..3, cosign=["finance","legal"], severity,
        justification, order_id=None, facts={}, benefit=None, attachments=[], candidates=None,
        excluded=()) -> ApprovalFacts(approval_id, state, steps, next...)
    next_step(session, *, approval_id) -> NextStep(kind="decide|cosign|done", level, roles, state,
        last, needs_override)
    record_decision(work, *, approval_id, level, decision="approve|approve_with_conditions|reject|
        return", opinion, conditions=None, override_reason=None) -> ApprovalFacts
    record_cosign(work, *, approval_id, role="finance|legal", decision="agree|disagree", opinion)
    void_approvals(work, *, order_id, reason) ; expire_approval(work, *, approval_id)
    approval_facts(session, *, approval_id); granted(session, *, order_id, subject) -> bool
    open_conditions(session, *, order_id) -> list[Condition]; meet_condition(work, *, condition_id,
        evidence)
``allocation``  (T06.1, T06.9)
    allocate_order(work, *, order_id, assignments=[{dept, responsible, requirement, milestones=[{
        name, due, key}]}], warehouse=None, proposal=None, override_reason=None) -> Allocated
    reach_milestone(work, *, milestone_id, at=None); order_progress(session, *, order_id, now)
        -> Progress(progress_pct, lag_pct, late, next_due); recover_lag(...)
``plans``  (T06.2-6) submit_plan, decide_plan, plan_values, report_shortage, decide_shortage,
        record_consent
``stock``  receive_stock, expect_stock, available(session, *, sku, warehouse=None), reserve_order(
        work, *, order_id, warehouse=None) -> Reserved(reserved, shortages), release_stock(work, *,
        order_id), pick_lines(work, *, order_id, lines=[{line, qty_picked, batch, short_reason}]),
        ship_picked, return_stock, pick_list(session, *, order_id), stock_balance_ok(session)
``contracts``  add_contract(work, *, ...) ; framework_for(session, *, customer_id, on) ; order_contract
``carriers``  add_carrier, suspend_carrier, eligible_carriers(session, *, method, region, on,
        min_score) -> list[CarrierFacts]
``shipments``  plan_shipments(work, *, order_id) -> list[ShipmentFacts(shipment_id, shipment_no,
        warehouse, fulfil, lines, due, weight_kg, pieces, hazardous, ...)]; shipment_facts,
        order_shipments(session, *, order_id), cancel_shipment, replace_shipment (lost)
``dispatch``  (T09.1-4) record_preparation, set_appointment, tick_documents, choose_carrier,
        pack_check(work, *, shipment_id) -> PackCheck(complete, missing), dispatch_shipment
``tracking``  add_event(work, *, shipment_id|waybill, code, at, place=None, source, raw=None),
        record_exception, resolve_exception, silent_shipments(session, *, now, hours)
``receipts``  (T09.7-8) request_confirmation -> token; record_receipt; confirm_delivery;
        dispute_delivery; update_delivery_state(work, *, order_id) -> OrderRef
``edelivery``  check_file, make_link, open_link
``acceptances``  (P10) open_acceptance, record_acceptance, extend_acceptance, deem_accepted,
        acceptance_values, acceptance_facts
``issues``  (P11) log_issue, reply_first, analyse_issue, set_severity, add_update, ask_customer,
        answer_received, fix_issue, confirm_issue, reject_issue, close_issue, issue_facts
``invoices``  create_invoice, void_invoice, list_invoices
``payments``  register_payment, match_payment, unmatched_payments, deposit_balance
``settlement``  settlement_balance(session, *, order_id, tolerance_fen) -> Balance; write_off,
        billing_amounts
``platforms``  load_platforms(path) -> Platforms; verify_push(...); sign(...)
``platform_orders``  (N2.1.3) receive_push, ingest_order, map_skus, cancel_by_platform,
        queue_reply, platform_order_facts, payload_diff
``evaluations``  (T02.4-6) record_evaluation, decide_evaluation, confirm_terms, evaluation_facts
``facts``  order_facts(work, *, order_id) -> OrderFacts  everything the decision tables ask
``regions``  region_of(province) -> 华东 ...;  ``masking``  mask_name, mask_phone, mask_email,
        mask_address, mask_id
Read side (all take ``session``)
    ``order_page.show_order``, ``order_list.list_orders``, ``lists.list_customers``,
    ``lists.list_catalogue``, ``timeline.order_timeline``, ``dashboard.day_numbers``,
    ``lookups.find_choices(session, *, source="customers|catalogue|carriers|warehouses", text)``
``demo``  load_base(work): the company's customers, catalogue, prices, credit, stock, carriers
"""
