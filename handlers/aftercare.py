"""Owns what follows a closed order: the survey, the return visit, the customer's class."""

from typing import Any

from handlers.order_scalars import yuan
from jiedan import Context, handler
from jiedan.desk import aftercare, customers
from jiedan.desk.records import get_customer, get_order


@handler("aftercare.schedule_survey")
def schedule_survey(context: Context, order_id: str) -> dict[str, Any]:
    """Ask for the customer's opinion some days after closing (SPEC S6.1.5)."""
    days = int(context.work.platform.parameters.number("survey.after_close"))
    planned = aftercare.plan_contact(
        context.work,
        order_id=order_id,
        kind="survey",
        mode="questionnaire",
        due_on=aftercare.days_from_now(context.work, days),
    )
    return {"survey_on": planned.due_on}


@handler("aftercare.schedule_visit")
def schedule_visit(context: Context, order_id: str) -> dict[str, Any]:
    """Plan the return visit that decision D23 foresees for the customer's class (N5.4.1)."""
    order = get_order(context.work.session, order_id)
    customer = get_customer(context.work.session, str(order.customer_id))
    plan = context.decide(
        "visit_plan", customer_class=customer.customer_class, last_rating=None
    ).value
    planned = aftercare.plan_contact(
        context.work,
        order_id=order_id,
        kind="visit",
        mode=plan["mode"],
        due_on=aftercare.days_from_now(context.work, int(plan["days"])),
    )
    return {"visit_on": planned.due_on}


@handler("aftercare.reclassify")
def reclassify(context: Context, order_id: str) -> dict[str, Any]:
    """Ask decision D01 for the customer's class; only a change is written (SPEC S4.1.2)."""
    order = get_order(context.work.session, order_id)
    customer = get_customer(context.work.session, str(order.customer_id))
    found = context.decide(
        "customer_class",
        consumer=customer.kind == "consumer",
        trailing12m=yuan(customer.paid_12m_fen),
        orders_12m=aftercare.orders_in_year(context.work, customer_id=customer.id),
        scale=customer.scale,
    ).value
    if found["class"] != customer.customer_class:
        customers.change_customer(
            context.work,
            customer_id=customer.id,
            version=customer.version,
            customer_class=found["class"],
        )
    return {"customer_class": found["class"]}
