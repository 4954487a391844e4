"""The processes that races are run on."""

from __future__ import annotations

from collections import Counter

from tests.flow.diagrams import (
    chain,
    end,
    message,
    message_definition,
    parallel,
    start,
    timer,
    user,
)

TWO_STEPS = "\n".join(
    [
        start(),
        user("enter_order", "OC", due="=now() + duration(&quot;PT10H&quot;)"),
        user("review_order", "SM"),
        end(),
        chain("begin", "enter_order", "review_order", "finish"),
    ]
)
OR_TOO_LATE = "\n".join(
    [
        TWO_STEPS,
        timer("too_late", "PT1H", attached_to="enter_order"),
        user("ask_again", "SM"),
        end("asked"),
        chain("too_late", "ask_again", "asked"),
    ]
)
OR_CALLED_OFF = "\n".join(
    [
        message("off", "order.called_off", "order_id"),
        TWO_STEPS,
        '<bpmn:boundaryEvent id="called_off" attachedToRef="enter_order">'
        f"{message_definition('off')}</bpmn:boundaryEvent>",
        user("say_sorry", "SM"),
        end("sorry"),
        chain("called_off", "say_sorry", "sorry"),
    ]
)
TWO_BRANCHES = "\n".join(
    [
        start(),
        parallel("split"),
        user("check_stock", "OC"),
        user("check_credit", "OC"),
        parallel("join"),
        user("review_order", "SM"),
        end(),
        chain("begin", "split", "check_stock", "join", "review_order", "finish"),
        chain("split", "check_credit", "join"),
    ]
)
WENT_ON = {
    "tokens": Counter(["review_order"]),
    "tasks": Counter([("enter_order", "completed"), ("review_order", "open")]),
    "left": Counter(["begin", "enter_order"]),
}
"""What the books say when the completion counted, and nothing else."""
