"""The order desk: customers, orders, execution, delivery and money, knowing nothing of BPMN.

Rules of this package
---------------------
* A function that writes takes ``work`` (``jiedan.core.work.Work``) and never commits; a function
  that only reads takes ``session``. Everything after the first argument is keyword-only.
* Ids are accepted as ``UUID`` or text and are text in results. Money is integer fen, quantities
  are ``Decimal`` with three places, moments are aware UTC, dates are days in Shanghai.
  Dates and moments are accepted as ISO text too, because that is how answers arrive.
* Results are frozen dataclasses with ``.as_dict()``: JSON-safe, ready to be process variables
  (ids and dates as text, decimals as numbers).
* A wrong value raises a kind of ``Invalid`` that names the field by its path in the form; what
  does not fit the state of things raises a kind of ``Conflict`` (``jiedan.desk.errors``).
* Legal order states and transitions live in ``states``: an illegal move raises
  ``IllegalTransition``, a forward move of a held order ``OrderOnHold``.
* Tables are in ``jiedan.desk.tables``.

Public functions, by module
---------------------------
Customers, goods, prices, credit
    ``customers``: register_customer, add_contact, add_address, change_customer,
        blacklist_customer, clear_blacklist
    ``customer_views``: customer_facts, facts_of
    ``matching``: match_customers
    ``contracts``: add_contract, draft_contract, move_contract, note_round, sign_contract,
        archive_contract, framework_for, order_contract
    ``catalogue``: add_item, change_item, suspend_item, activate_item, discontinue_item,
        find_item, find_items, item_problem
    ``pricing``: add_policy, approve_policy, find_price, deviation, check_prices, net_unit_price
    ``credit``: save_profile, suspend_profile, add_guarantee, verify_guarantee, check_credit,
        exposure, credit_limit, credit_standing, granted_term, latest_profile
Intake
    ``inquiries``: log_inquiry, follow_up_inquiry, rate_answer, close_inquiry, convert_inquiry,
        find_inquiry, inquiry_facts, inquiry_values
    ``leads``: add_lead, claim_lead, screen_lead, contact_lead, release_lead, discard_lead,
        convert_lead, lead_facts, find_lead, open_leads
    ``orders``: open_order, accept_order, record_precheck, submit_order, lose_order, expire_order,
        reject_order, close_order, set_owner, set_promised_date, log_contact, list_contacts
    ``entry``: enter_order, entry_values
    ``checks``: check_complete, missing_groups, find_duplicates
    ``totals``: line_amount, tax_within, recompute, check_given_total, recalculate_order
    ``promises``: promise_dates
    ``order_numbers``: assign_number
    ``order_refs``: ref_of, order_ref, find_order
    ``checklists``: record_checklist, checked_items, latest_checklist,
        latest_checklists
    ``platforms``: load_platforms, find_platform, sign, verify_push, verify
    ``platform_orders``: receive_push, note_conflict, mark_viewed, set_platform_state,
        queue_reply, reply_to_send, reply_sent, map_sku, platform_order_facts,
        find_platform_order, order_platform_order, payload_of, content_hash
    ``platform_intake``: open_platform_order, map_skus, ingest_order, payload_diff
    ``evaluations``: record_evaluation, set_verdict, decide_evaluation, confirm_terms,
        evaluation_facts
States and holds
    ``states``: legal_moves, set_state, enter_stage, hold_reason, require_state
    ``holds``: hold_order, release_order, require_free, open_holds, overdue_holds
Review and special approval
    ``review_checks``: check_catalogue, check_delivery, check_payment, term_excess,
        check_customer, screen_legal, forbidden_words, scan_contract_terms, keep_violations
    ``reviews``: start_round, record_review, consolidate_round, withdraw_review, reviewers_of,
        list_reviews, snapshot_hash
    ``approvals``: request_approval, record_decision, record_cosign, expire_approval
    ``approval_views``: next_step, granted, approval_facts, list_approvals, facts_of
    ``approval_conditions``: add_conditions, list_conditions, open_conditions,
        require_conditions_met, meet_condition
    ``approval_voiding``: void_approvals
Execution
    ``allocation``: allocate_order, reach_milestone, reach_milestones, order_progress,
        recover_lag, list_milestones, progress_of
    ``plans``: submit_plan, decide_plan, plan_values, report_shortage, decide_shortage,
        record_consent, shortage_facts
    ``stock``: receive_stock, expect_stock, free_stock, reserve_order, release_stock,
        release_lines, pick_lines, ship_reserved, return_stock, pick_list, stock_balance_ok
    ``stock_counts``: write_down_missing
    ``line_work``: line_of, finish_production, finish_service
    ``production``: create_production, replan_production, schedule_production, report_production,
        record_inspection, take_in, decide_nonconformity, accept_concession, production_facts,
        list_production, latest_inspection
What is asked of a running order
    ``requests``: require_cancellable, require_changeable, require_possible, open_change,
        open_cancellation
    ``cancellations``: request_cancellation, line_stages, rule_cancellation, decide_cancellation,
        waive_fee, answer_fee, approve_cancellation, refuse_cancellation, cancellation_facts,
        list_cancellations, open_qty
    ``undoing``: recall_shipments, cancel_production, release_promised, cancel_lines,
        settle_cancellation, wrap_up_cancellation, finish_cancellation
    ``changes``: request_change, tried, stage_of, rule_change, add_opinion, record_consent,
        end_change, apply_change, needs_addendum, change_facts, list_changes
Delivery, acceptance, issues
    ``carriers``: add_carrier, suspend_carrier, eligible_carriers, carrier_problem, find_carrier,
        list_carriers
    ``shipments``: plan_shipments, shipment_facts, order_shipments, find_shipment,
        cancel_shipment, cancel_shipments, close_shipment, lose_shipment, require_shipment,
        facts_of
    ``dispatch``: record_preparation, set_appointment, needed_documents, tick_documents,
        pack_check, choose_carrier, dispatch_shipment
    ``tracking``: add_event, list_events, record_exception, list_exceptions, silent_shipments
    ``receipts``: request_confirmation, record_receipt, confirm_delivery, dispute_delivery,
        delivery_progress, update_delivery_state, delivery_record, unconfirmed_deliveries
    ``edelivery``: check_file, make_link, open_link, sent_files
    ``acceptances``: open_acceptance, acceptance_values, record_acceptance, accept_with_deduction,
        extend_acceptance, deem_accepted, accept_by_platform, acceptance_facts, rejected_lines
    ``issues``: log_issue, set_severity, reply_first, analyse_issue, add_update, ask_customer,
        answer_received, fix_issue, confirm_issue, reject_issue, close_issue
    ``issue_views``: issue_facts, list_issues, list_updates
    ``returns``: request_return, returnable_lines, returned_lines, judge_return, decide_return,
        grant_exception, end_return, receive_return, goods_value, calculate_return,
        replace_goods, return_facts, list_returns, refund_of
    ``complaints``: log_complaint, transfer_complaint, begin_investigation, record_findings,
        plan_answer, offer_answer, record_answer, mediate, carry_out, summarise,
        complaint_facts, complaint_story, require_not_accused
Money
    ``billing``: order_amounts, amounts_of, part_of, credit_part
    ``invoices``: create_invoice, void_invoice, list_invoices, spread_payments
    ``payments``: register_payment, match_payment, match_oldest, unmatched_payments,
        deposit_balance
    ``settlement``: settlement_balance, set_deposit, write_off
    ``refunds``: refundable_fen, calculate_refund, pay_refund, fail_refund, refund_route,
        find_refund, refund_facts, list_refunds, take_back_invoices, credited_fen,
        list_credit_notes
What decisions ask
    ``facts``: order_facts
    ``regions``: known_province, region_of
Reading
    ``order_page``: show_order
    ``order_list``: list_orders, looks_like_number, is_late
    ``lists``: list_customers, list_catalogue, customer_page, customer_filters, item_filters
    ``timeline``: order_timeline, progress_steps
    ``dashboard``: day_numbers, daily_intake
    ``lookups``: find_choices, choice_label
    ``masking``: mask_name, mask_phone, mask_email, mask_address, mask_id
Demo
    ``demo``: load_base, demo_uscc
"""
