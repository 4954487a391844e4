"""The edge cases of Chinese approvals, each with our rule; the manual says them on `verbs`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from jiedan.core.actor import Actor
from jiedan.core.clock import MovableClock
from jiedan.core.errors import Forbidden
from jiedan.core.work import Work
from jiedan.flow.inbox import list_tasks
from jiedan.flow.instances import show_instance
from jiedan.flow.notices import list_notices
from jiedan.flow.platform import Flow, TaskFacts
from jiedan.flow.running import run_due
from jiedan.flow.tasks import Answer, claim_task, complete_task, open_task
from jiedan.flow.verbs.absence import hand_over, principals_of
from jiedan.flow.verbs.bulk import bulk_approve, bulk_claim, bulk_transfer
from jiedan.flow.verbs.commenting import comment_with_mentions
from jiedan.flow.verbs.copying import (
    copies_of,
    count_unread_copies,
    has_copy,
    list_copies,
    read_copies,
    send_copies,
)
from jiedan.flow.verbs.errors import (
    NotStraightBack,
    NotYourRequest,
    ReceiverRefused,
    RequestUnderWay,
    SignerStays,
    UrgedEnough,
    UrgedTooOften,
    WithdrawnTooLate,
)
from jiedan.flow.verbs.handing import delegate_task, transfer_task
from jiedan.flow.verbs.offers import verbs_of_instance
from jiedan.flow.verbs.refusing import cancel_request, reject_task, resubmit
from jiedan.flow.verbs.returning import return_targets, return_task, withdraw_decision
from jiedan.flow.verbs.signing import add_signers, remove_signer, signers_of
from jiedan.flow.verbs.urging import urge
from tests.flow.diagrams import chain, end, parallel, service, start, user
from tests.flow.diagrams import flow as arrow
from tests.flow.verbs.conftest import (
    ADMIN,
    Company,
    answer,
    begin,
    inbox,
    kinds,
    person,
    process_settings,
    state,
    step,
    task_of,
)

Deployed = Callable[..., None]
THREE = "users:ben,cat,dan"
pytestmark = pytest.mark.usefixtures("company")


def line(*parts: str) -> str:
    """Steps one after the other; settings of the process may come first."""
    settings = [one for one in parts if one.startswith("<bpmn:extensionElements>")]
    steps = [one for one in parts if one not in settings]
    ids = [one.partition('id="')[2].partition('"')[0] for one in steps]
    return "\n".join([*settings, start(), *steps, end(), chain("begin", *ids, "finish")])


def fork(*branches: tuple[str, ...], before: str = "", after: str = "") -> str:
    """Branches side by side between two steps."""
    parts = [start(), parallel("fork"), parallel("join"), end()]
    last, target = "begin", "finish"
    for one, source in ((before, "begin"),):
        if one:
            name = one.partition('id="')[2].partition('"')[0]
            parts += [one, arrow(source, name)]
            last = name
    if after:
        name = after.partition('id="')[2].partition('"')[0]
        parts += [after, arrow(name, "finish")]
        target = name
    parts += [arrow(last, "fork"), arrow("join", target)]
    for branch in branches:
        ids = [one.partition('id="')[2].partition('"')[0] for one in branch]
        parts += [*branch, chain("fork", *ids, "join")]
    return "\n".join(parts)


# --- 会签, 或签, 依次, 票签 ---------------------------------------------------------------------
def test_all_must_agree_and_one_refusal_ends_the_step_at_once(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("sign", THREE, signers="all", reject="end")))
    instance_id = begin(flow)
    answer(flow, "ben")

    answer(flow, "cat", "reject")

    assert state(flow, instance_id) == "cancelled"
    assert inbox(flow, "dan") == []


def test_a_share_of_all_is_enough_and_refusals_may_only_count(
    flow: Flow, deployed: Deployed
) -> None:
    people = "users:ben,cat,dan,eve,fay"
    deployed(p=line(step("sign", people, signers="all:60", refusal="counts")))
    instance_id = begin(flow)
    answer(flow, "ben", "reject")
    answer(flow, "cat")
    answer(flow, "dan")
    assert state(flow, instance_id) == "active"

    answer(flow, "eve")

    assert state(flow, instance_id) == "completed"
    assert inbox(flow, "fay") == []
    assert show_instance(flow, instance_id=instance_id).variables["outcome"] == "approve"


def test_of_any_signer_the_first_answer_decides_and_the_others_lose_their_tasks(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("sign", THREE, signers="any")))
    instance_id = begin(flow)

    answer(flow, "cat", "reject")

    view = show_instance(flow, instance_id=instance_id)
    assert view.variables["outcome"] == "reject"
    assert sorted(one.state for one in view.tasks) == ["cancelled", "cancelled", "completed"]


def test_in_turn_each_sees_it_when_the_one_before_has_agreed(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("sign", "users:dan,ben,cat", signers="turn")))
    instance_id = begin(flow)
    seen = []

    for login in ("dan", "ben", "cat"):
        seen.append([one for one in ("ben", "cat", "dan") if inbox(flow, one)])
        answer(flow, login)

    assert seen == [["dan"], ["ben"], ["cat"]]
    assert state(flow, instance_id) == "completed"


@pytest.mark.parametrize(
    ("votes", "result"),
    [(("approve", "approve"), "approve"), (("approve", "reject", "reject"), "reject")],
)
def test_votes_are_counted_until_nothing_can_change_the_result(
    flow: Flow, deployed: Deployed, votes: tuple[str, ...], result: str
) -> None:
    deployed(p=line(step("sign", THREE, signers="votes")))
    instance_id = begin(flow)

    for login, vote in zip(("ben", "cat", "dan"), votes, strict=False):
        assert state(flow, instance_id) == "active"
        answer(flow, login, vote)

    assert show_instance(flow, instance_id=instance_id).variables["outcome"] == result


def items(**settings: str) -> str:
    """A multi-instance step whose rounds are ben, cat and dan."""
    whole = step("sign", "=signer", **settings)
    loop = (
        "<bpmn:multiInstanceLoopCharacteristics><bpmn:extensionElements>"
        '<zeebe:loopCharacteristics inputCollection="=signers" inputElement="signer"/>'
        "</bpmn:extensionElements></bpmn:multiInstanceLoopCharacteristics>"
    )
    return whole.replace("</bpmn:userTask>", loop + "</bpmn:userTask>")


def test_rounds_of_a_multi_instance_step_are_voices_by_the_same_rules(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(items(signers="votes")), q=line(items(signers="all")))
    first = begin(flow, signers=["ben", "cat", "dan"])
    answer(flow, "ben")
    answer(flow, "cat")
    assert state(flow, first) == "completed"

    second = begin(flow, "q", signers=["ben", "cat", "dan"])
    answer(flow, "ben", "reject")

    view = show_instance(flow, instance_id=second)
    assert (view.item.state, view.variables["outcome"]) == ("completed", "reject")


# --- 退回 ---------------------------------------------------------------------------------------
def test_a_return_takes_away_its_own_branch_and_leaves_the_others(
    flow: Flow, deployed: Deployed
) -> None:
    body = fork(
        (step("a", "ben"), step("b", "cat"), step("c", "dan")),
        (step("d", "eve"), step("f", "fay")),
    )
    deployed(p=body)
    instance_id = begin(flow)
    answer(flow, "ben")
    answer(flow, "cat")
    answer(flow, "eve")
    task = task_of(flow, "dan")
    targets = return_targets(flow, actor=person("dan"), task_id=task.task_id)
    assert [one.element_id for one in targets] == ["b", "a"]

    return_task(flow, actor=person("dan"), task_id=task.task_id, element_id="a", reason="r")

    assert (inbox(flow, "ben"), inbox(flow, "dan"), inbox(flow, "fay")) == (["a"], [], ["f"])
    for login in ("fay", "ben", "cat", "dan"):
        assert state(flow, instance_id) == "active"
        answer(flow, login)
    assert state(flow, instance_id) == "completed"


def test_a_return_to_before_a_fork_takes_every_branch_away_and_the_join_forgets(
    flow: Flow, deployed: Deployed
) -> None:
    body = fork((step("a", "ben"),), (step("d", "eve"),), before=step("enter", "ann"))
    deployed(p=body)
    instance_id = begin(flow)
    answer(flow, "ann")
    answer(flow, "ben")
    task = task_of(flow, "eve")

    return_task(flow, actor=person("eve"), task_id=task.task_id, element_id="enter", reason="r")

    assert (inbox(flow, "ann"), inbox(flow, "eve")) == (["enter"], [])
    answer(flow, "ann")
    answer(flow, "eve")
    assert state(flow, instance_id) == "active"
    answer(flow, "ben")
    assert state(flow, instance_id) == "completed"


def test_a_return_from_behind_a_join_into_one_branch_leaves_the_other_done(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=fork((step("a", "ben"),), (step("d", "eve"),), after=step("check", "fay")))
    instance_id = begin(flow)
    answer(flow, "ben")
    answer(flow, "eve")
    task = task_of(flow, "fay")

    return_task(flow, actor=person("fay"), task_id=task.task_id, element_id="a", reason="r")

    assert [inbox(flow, one) for one in ("ben", "eve", "fay")] == [["a"], [], []]
    answer(flow, "ben")
    answer(flow, "fay")
    assert state(flow, instance_id) == "completed"


def test_a_return_out_of_several_signers_ends_the_step_for_all_of_them(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("enter", "ann"), step("sign", THREE, signers="all")))
    instance_id = begin(flow)
    answer(flow, "ann")
    answer(flow, "ben")
    task = task_of(flow, "cat")

    return_task(flow, actor=person("cat"), task_id=task.task_id, element_id="enter", reason="r")

    assert [inbox(flow, one) for one in ("ann", "ben", "cat", "dan")] == [["enter"], [], [], []]
    answer(flow, "ann")
    assert [inbox(flow, one) for one in ("ben", "cat", "dan")] == [["sign"]] * 3
    assert state(flow, instance_id) == "active"


def test_a_return_to_several_signers_asks_all_of_them_again(flow: Flow, deployed: Deployed) -> None:
    deployed(p=line(items(signers="all"), step("check", "eve")))
    begin(flow, signers=["ben", "cat"])
    answer(flow, "ben")
    answer(flow, "cat")
    task = task_of(flow, "eve")

    return_task(flow, actor=person("eve"), task_id=task.task_id, element_id="sign", reason="r")

    assert [inbox(flow, one) for one in ("ben", "cat", "eve")] == [["sign"], ["sign"], []]


def test_after_a_return_the_task_can_come_straight_back_to_who_returned_it(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("enter", "ann"), step("review", "ben"), step("check", "role:SM")))
    instance_id = begin(flow)
    answer(flow, "ann")
    answer(flow, "ben")
    task = task_of(flow, "cat")

    return_task(
        flow,
        actor=person("cat"),
        task_id=task.task_id,
        element_id="enter",
        reason="r",
        redo="back",
    )
    answer(flow, "ann")

    assert (inbox(flow, "ben"), inbox(flow, "cat"), inbox(flow, "dan")) == ([], ["check"], [])
    answer(flow, "cat")
    assert state(flow, instance_id) == "completed"


def test_straight_back_is_refused_where_other_branches_must_be_done_again(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=fork((step("a", "ben"),), (step("d", "eve"),), before=step("enter", "ann")))
    begin(flow)
    answer(flow, "ann")
    task = task_of(flow, "eve")

    with pytest.raises(NotStraightBack):
        return_task(
            flow,
            actor=person("eve"),
            task_id=task.task_id,
            element_id="enter",
            reason="r",
            redo="back",
        )

    assert (inbox(flow, "ben"), inbox(flow, "eve")) == (["a"], ["d"])


def test_after_a_return_only_those_are_asked_who_had_not_agreed(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(
        p=line(step("enter", "ann"), step("review", "ben"), step("sign", THREE, signers="all"))
    )
    instance_id = begin(flow)
    answer(flow, "ann")
    answer(flow, "ben")
    answer(flow, "ben")
    task = task_of(flow, "dan")

    return_task(
        flow,
        actor=person("dan"),
        task_id=task.task_id,
        element_id="enter",
        reason="r",
        redo="missing",
    )
    answer(flow, "ann")

    assert [inbox(flow, one) for one in ("ben", "cat", "dan")] == [[], ["sign"], ["sign"]]
    answer(flow, "cat")
    answer(flow, "dan")
    assert state(flow, instance_id) == "completed"
    rules = [one.detail for one in show_instance(flow, instance_id=instance_id).history]
    assert [one["rule"] for one in rules if "rule" in one] == ["agreed", "agreed"]


def test_a_step_returned_to_does_not_pass_itself_by_a_rule(flow: Flow, deployed: Deployed) -> None:
    deployed(
        p=line(
            step("one", "users:ben"), step("two", "users:ben", repeated="once"), step("end", "cat")
        )
    )
    begin(flow)
    answer(flow, "ben")
    assert inbox(flow, "cat") == ["end"]
    task = task_of(flow, "cat")

    return_task(flow, actor=person("cat"), task_id=task.task_id, element_id="two", reason="r")

    assert inbox(flow, "ben") == ["two"]


# --- 拒绝, 撤回, 撤销, 再次提交 -------------------------------------------------------------------
def test_a_refusal_ends_the_instance_or_goes_to_a_named_step(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(
        p=line(step("enter", "ann"), step("review", "ben", reject="step:enter")),
        q=line(step("review", "ben", reject="end")),
    )
    first = begin(flow)
    answer(flow, "ann")
    reject_task(flow, actor=person("ben"), task_id=task_of(flow, "ben").task_id, reason="no")
    assert inbox(flow, "ann") == ["enter"]
    assert "rejected" in kinds(flow, first)

    second = begin(flow, "q")
    reject_task(flow, actor=person("ben"), task_id=task_of(flow, "ben").task_id, reason="never")
    view = show_instance(flow, instance_id=second)
    assert (view.item.state, view.end_note) == ("cancelled", "never")


def test_a_decision_is_withdrawn_until_somebody_touches_what_came_of_it(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("review", "ben"), step("check", "role:SM")))
    instance_id = begin(flow)
    task = task_of(flow, "ben", "review")
    answer(flow, "ben", "approve", "review")
    withdraw_decision(flow, actor=person("ben"), task_id=task.task_id)
    assert (inbox(flow, "ben"), inbox(flow, "cat")) == (["review"], [])

    again = task_of(flow, "ben").task_id
    answer(flow, "ben")
    claim_task(flow, actor=person("cat"), task_id=task_of(flow, "cat").task_id)
    with pytest.raises(WithdrawnTooLate):
        withdraw_decision(flow, actor=person("ben"), task_id=again)
    assert state(flow, instance_id) == "active"


def test_a_decision_with_effects_is_not_withdrawn(flow: Flow, deployed: Deployed) -> None:
    flow.registry.handler("t.work")(lambda context: None)
    deployed(p=line(step("review", "ben"), service("work", "t.work"), step("check", "cat")))
    begin(flow)
    task = task_of(flow, "ben")
    answer(flow, "ben")

    with pytest.raises(WithdrawnTooLate):
        withdraw_decision(flow, actor=person("ben"), task_id=task.task_id)

    assert inbox(flow, "cat") == ["check"]


def test_one_voice_of_several_is_withdrawn_alone(flow: Flow, deployed: Deployed) -> None:
    deployed(p=line(step("sign", THREE, signers="all")))
    instance_id = begin(flow)
    task = task_of(flow, "ben").task_id
    answer(flow, "ben")

    withdraw_decision(flow, actor=person("ben"), task_id=task)
    for login in ("cat", "dan"):
        answer(flow, login)

    assert state(flow, instance_id) == "active"
    answer(flow, "ben")
    assert state(flow, instance_id) == "completed"


def test_only_the_initiator_cancels_and_only_while_nobody_has_decided_if_the_process_says_so(
    flow: Flow, deployed: Deployed
) -> None:
    rule = process_settings(verbs="+cancel", cancel="untouched")
    deployed(p=line(rule, step("review", "ben"), step("check", "cat")))
    first, second = begin(flow), begin(flow)

    assert "cancel" in verbs_of_instance(flow, actor=person("ann"), instance_id=first)
    cancel_request(flow, actor=person("ann"), instance_id=first, reason="mistake")
    assert state(flow, first) == "cancelled"

    answer(flow, "ben")
    with pytest.raises(RequestUnderWay):
        cancel_request(flow, actor=person("ann"), instance_id=second, reason="mistake")
    with pytest.raises(NotYourRequest):
        cancel_request(flow, actor=person("ben"), instance_id=second, reason="mistake")
    assert state(flow, second) == "active"


def test_a_request_submitted_again_keeps_what_was_said_and_drops_who_has_left(
    flow: Flow, deployed: Deployed, company: Company
) -> None:
    rule = process_settings(verbs="+cancel,+resubmit", resubmit="amount, u:approvers")
    deployed(p=line(rule, step("review", "ben")))
    old = begin(flow, amount=12, approvers=["cat", "dan"], secret=1)
    cancel_request(flow, actor=person("ann"), instance_id=old, reason="mistake")
    company.left.add("dan")

    again = resubmit(flow, actor=person("ann"), instance_id=old)

    assert again.variables == {"amount": 12, "approvers": ["cat"]}
    assert again.started_id is not None
    assert state(flow, again.started_id) == "active"


# --- 转办, 委派, 加签, 减签 ----------------------------------------------------------------------
def test_what_a_delegate_refuses_is_an_opinion_and_the_owner_decides(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("review", "ben", reject="end")))
    instance_id = begin(flow)
    task = task_of(flow, "ben").task_id
    delegate_task(flow, actor=person("ben"), task_id=task, to="cat")

    answer(flow, "cat", "reject")

    assert state(flow, instance_id) == "active"
    answer(flow, "ben")
    assert state(flow, instance_id) == "completed"


def test_signers_before_decide_first_and_their_refusal_is_the_refusal_of_who_asked(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("review", "ben", reject="end")))
    first = begin(flow)
    add(flow, "ben", "before", "cat", "dan")
    assert [inbox(flow, one) for one in ("ben", "cat", "dan")] == [[], ["review"], ["review"]]
    answer(flow, "cat")
    answer(flow, "dan")
    answer(flow, "ben")
    assert state(flow, first) == "completed"

    second = begin(flow)
    add(flow, "ben", "before", "cat")
    answer(flow, "cat", "reject")
    assert state(flow, second) == "cancelled"


def add(flow: Flow, login: str, how: str, *people: str, mode: str = "all") -> UUID:
    """Add signers to somebody's one task."""
    task = task_of(flow, login)
    add_signers(
        flow,
        actor=person(login),
        task_id=task.task_id,
        people=people,
        how=how,
        mode=mode,  # type: ignore[arg-type]
    )
    return task.task_id


def test_signers_after_come_when_who_added_them_has_agreed(flow: Flow, deployed: Deployed) -> None:
    deployed(p=line(step("review", "ben")))
    instance_id = begin(flow)
    add(flow, "ben", "after", "cat", "dan", mode="turn")
    assert inbox(flow, "cat") == []

    answer(flow, "ben")
    assert (inbox(flow, "cat"), inbox(flow, "dan")) == (["review"], [])
    answer(flow, "cat")
    assert state(flow, instance_id) == "active"
    answer(flow, "dan")

    assert state(flow, instance_id) == "completed"


def test_a_signer_beside_has_an_equal_voice_also_when_the_task_is_passed_on(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("review", "ben")))
    instance_id = begin(flow)
    task = add(flow, "ben", "beside", "cat")
    transfer_task(flow, actor=person("ben"), task_id=task, to="dan", reason="r")

    answer(flow, "cat")
    assert state(flow, instance_id) == "active"
    answer(flow, "dan")

    assert state(flow, instance_id) == "completed"


def test_a_task_may_have_signers_before_and_after_and_added_ones_may_add_in_turn(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("review", "ben")))
    instance_id = begin(flow)
    add(flow, "ben", "after", "eve")
    add(flow, "ben", "before", "cat")
    add(flow, "cat", "before", "dan")

    order = []
    while state(flow, instance_id) == "active":
        (login,) = [one for one in ("ben", "cat", "dan", "eve") if inbox(flow, one)]
        order.append(login)
        answer(flow, login)

    assert order == ["dan", "cat", "ben", "eve"]


def test_nobody_is_added_twice_to_a_step(flow: Flow, deployed: Deployed) -> None:
    deployed(p=line(step("sign", THREE, signers="all")))
    begin(flow)

    with pytest.raises(ReceiverRefused):
        add(flow, "ben", "before", "cat")
    with pytest.raises(ReceiverRefused):
        add(flow, "ben", "before", "ben")

    assert inbox(flow, "ben") == ["sign"]


def test_a_removed_signer_takes_those_he_added_along_and_wakes_who_asked(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("review", "ben")))
    instance_id = begin(flow)
    task = add(flow, "ben", "before", "cat")
    add(flow, "cat", "before", "dan")
    view = signers_of(flow, actor=person("ben"), task_id=task)
    assert view is not None
    seat = next(one for one in view.seats if one.login == "cat")

    remove_signer(flow, actor=person("ben"), task_id=task, seat_id=seat.task_id)

    assert [inbox(flow, one) for one in ("ben", "cat", "dan")] == [["review"], [], []]
    answer(flow, "ben")
    assert state(flow, instance_id) == "completed"


def test_the_last_signer_after_who_is_removed_completes_the_step(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(step("review", "ben")))
    instance_id = begin(flow)
    task = add(flow, "ben", "after", "cat")
    answer(flow, "ben")
    view = signers_of(flow, actor=person("ben"), task_id=task)
    assert view is not None
    own, added = view.seats
    with pytest.raises(SignerStays):
        remove_signer(flow, actor=person("ben"), task_id=task, seat_id=own.task_id)

    remove_signer(flow, actor=person("ben"), task_id=task, seat_id=added.task_id)

    assert state(flow, instance_id) == "completed"


# --- 抄送, 催办, 评论 ---------------------------------------------------------------------------
def test_a_copy_is_one_per_person_and_shows_who_has_read_it(flow: Flow, deployed: Deployed) -> None:
    deployed(p=line(step("review", "ben", copy="users:eve")))
    instance_id = begin(flow)
    task = task_of(flow, "ben").task_id
    send_copies(flow, actor=person("ben"), task_id=task, people=("eve", "fay"), note="see")

    assert count_unread_copies(flow, actor=person("eve")) == 1
    assert has_copy(flow, actor=person("fay"), instance_id=instance_id)
    (copy,) = list_copies(flow, actor=person("eve")).items
    assert (copy.by, copy.note, copy.read_at) == ("ben", "see", None)
    read_copies(flow, actor=person("eve"), instance_id=instance_id)
    assert [
        (one.login, one.read_at is None) for one in copies_of(flow, instance_id=instance_id)
    ] == [
        ("eve", False),
        ("fay", True),
    ]
    send_copies(flow, actor=person("ben"), task_id=task, people=("eve",))
    assert count_unread_copies(flow, actor=person("eve")) == 1


def test_urging_has_a_pause_and_an_end_and_leaves_a_trace(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    rule = process_settings(urge__hours="2", urge__max="2")
    deployed(p=line(rule, step("review", "ben")))
    instance_id = begin(flow)

    urged = urge(flow, actor=person("ann"), instance_id=instance_id, text="please")
    assert urged.reached == ("u:ben",)
    assert list_notices(flow, actor=person("ben")).items[0].kind == "urge"
    with pytest.raises(UrgedTooOften):
        urge(flow, actor=person("ann"), instance_id=instance_id)
    clock.advance(timedelta(hours=2))
    urge(flow, actor=person("ann"), instance_id=instance_id)
    clock.advance(timedelta(hours=2))
    with pytest.raises(UrgedEnough):
        urge(flow, actor=person("ann"), instance_id=instance_id)

    assert kinds(flow, instance_id).count("urged") == 2


def test_who_is_mentioned_in_a_comment_is_told_and_may_look(flow: Flow, deployed: Deployed) -> None:
    deployed(p=line(step("review", "ben")))
    instance_id = begin(flow)

    comment_with_mentions(
        flow, actor=person("ann"), instance_id=instance_id, text="@eve what do you think? @nobody"
    )

    assert {one.kind for one in list_notices(flow, actor=person("eve")).items} == {
        "copy",
        "mention",
    }
    assert has_copy(flow, actor=person("eve"), instance_id=instance_id)


def test_where_copies_are_forbidden_nobody_learns_of_it_by_a_mention(
    flow: Flow, deployed: Deployed
) -> None:
    deployed(p=line(process_settings(verbs="-copy"), step("review", "ben")))
    instance_id = begin(flow)

    with pytest.raises(ReceiverRefused):
        comment_with_mentions(
            flow, actor=person("ann"), instance_id=instance_id, text="look", mentions=("eve",)
        )
    comment_with_mentions(flow, actor=person("ann"), instance_id=instance_id, text="@eve @ben")

    assert list_notices(flow, actor=person("eve")).items == ()
    assert [one.kind for one in list_notices(flow, actor=person("ben")).items] == ["mention"]
    assert not has_copy(flow, actor=person("eve"), instance_id=instance_id)


# --- 谁来办: nobody, the initiator, repeated ----------------------------------------------------
@pytest.mark.parametrize(
    ("nobody", "expected"),
    [("pass", "completed"), ("reject", "completed"), ("users:eve", "eve"), ("admin", "adi")],
)
def test_when_nobody_is_found_the_step_says_what_happens(
    flow: Flow, deployed: Deployed, company: Company, nobody: str, expected: str
) -> None:
    company.left.add("ben")
    deployed(p=line(step("review", "users:ben", nobody=nobody)))
    instance_id = begin(flow)

    view = show_instance(flow, instance_id=instance_id)
    if expected == "completed":
        outcome = "approve" if nobody == "pass" else "reject"
        assert (view.item.state, view.variables["outcome"]) == ("completed", outcome)
        assert [one.detail for one in view.history if one.kind == "ruled"] == [{"rule": "nobody"}]
    elif expected == "eve":
        assert inbox(flow, "eve") == ["review"]
    else:
        assert view.tasks[0].owners == ("r:AD",)


@pytest.mark.parametrize(
    ("initiator", "people", "holders"),
    [
        ("self", "users:ann", ["ann"]),
        ("skip", "users:ann,ben", ["ben"]),
        ("skip", "users:ann", []),
        ("head", "users:ann", ["hal"]),
    ],
)
def test_when_the_initiator_would_decide_the_step_says_who_does(
    flow: Flow, deployed: Deployed, initiator: str, people: str, holders: list[str]
) -> None:
    deployed(p=line(step("review", people, signers="all", initiator=initiator)))
    instance_id = begin(flow)

    assert [one for one in ("ann", "ben", "hal") if inbox(flow, one)] == holders
    assert state(flow, instance_id) == ("active" if holders else "completed")


@pytest.mark.parametrize(
    ("repeated", "left_over"), [("ask", ["two"]), ("once", []), ("next", ["two"])]
)
def test_who_agreed_before_is_asked_again_or_not(
    flow: Flow, deployed: Deployed, repeated: str, left_over: list[str]
) -> None:
    deployed(
        p=line(
            step("one", "users:ben"),
            step("between", "users:cat"),
            step("two", "users:ben", repeated=repeated),
            step("finally", "users:dan"),
        )
    )
    begin(flow)
    answer(flow, "ben")
    answer(flow, "cat")

    assert inbox(flow, "ben") == left_over


STRATEGIES = {
    "users:ben,cat": ["ben", "cat"],
    "role:AD": ["adi"],
    "department:SALES": ["ann", "ben", "cat", "dan", "eve", "fay", "gus", "hal"],
    "head:SALES": ["gus"],
    "chain:SALES,2": ["gus", "hal"],
    "initiator": ["ann"],
    "initiator_head": ["gus"],
    "initiator_chain:2": ["gus", "hal"],
    "initiator_supervisor": ["hal"],
    "field:chosen": ["dan", "eve"],
    "field_head:area": ["gus"],
    "=[&quot;fay&quot;]": ["fay"],
    "users:nobody; users:cat": ["cat"],
}


@pytest.mark.parametrize("who", STRATEGIES)
def test_each_strategy_finds_its_people(flow: Flow, deployed: Deployed, who: str) -> None:
    deployed(p=line(user("review", extra="".join(_who(who)))))
    instance_id = begin(flow, chosen=["dan", "u:eve"], area="SALES")

    (task,) = show_instance(flow, instance_id=instance_id).tasks
    named = [task.assignee] if task.assignee else list(task.owners)
    expected = STRATEGIES[who]
    if who == "role:AD":
        assert named == ["r:AD"]
    else:
        assert [one.removeprefix("u:") for one in named] == expected


def _who(who: str) -> list[str]:
    return [f'<zeebe:property name="jiedan:who" value="{who}"/>']


def test_several_signers_by_role_are_those_who_hold_it(flow: Flow, deployed: Deployed) -> None:
    deployed(p=line(step("sign", "role:AD,SM", signers="all", max="3")))
    begin(flow)

    assert [one for one in ("ann", "ben", "cat", "dan") if inbox(flow, one)] == ["ann", "ben"]


# --- 超时 ---------------------------------------------------------------------------------------
@pytest.mark.parametrize(("timeout", "outcome"), [("pass", "approve"), ("reject", "reject")])
def test_a_deadline_can_agree_or_refuse(
    flow: Flow, deployed: Deployed, clock: MovableClock, timeout: str, outcome: str
) -> None:
    deployed(p=line(late("ben", timeout)))
    instance_id = begin(flow)

    clock.advance(timedelta(hours=2))
    run_due(flow)

    view = show_instance(flow, instance_id=instance_id)
    assert (view.item.state, view.variables["outcome"]) == ("completed", outcome)


def late(login: str, timeout: str) -> str:
    """A step with an hour's time."""
    extra = f'<zeebe:property name="jiedan:timeout" value="{timeout}"/>'
    return user(
        "review",
        assignee=login,
        due="=now() + duration(&quot;PT1H&quot;)",
        extra=extra,
    )


def test_a_deadline_can_hand_up_and_remind_so_often(
    flow: Flow, deployed: Deployed, clock: MovableClock
) -> None:
    deployed(p=line(late("ben", "up")), q=line(late("cat", "remind:PT1H*2")))
    begin(flow)
    begin(flow, "q")

    for _ in range(5):
        clock.advance(timedelta(hours=1, minutes=1))
        run_due(flow)

    assert (inbox(flow, "ben"), inbox(flow, "hal")) == ([], ["review"])
    overdue = [one for one in list_notices(flow, actor=person("cat")).items if "since" in one.msgid]
    assert len(overdue) == 2


# --- 离职, 代理, 批量 ---------------------------------------------------------------------------
class EnterNotReview:
    """Who entered may not review."""

    def concerns(self, element_id: str) -> bool:
        return element_id == "review"

    def check(self, work: Work, *, action: str, task: TaskFacts, actor: Actor) -> None:
        names = {actor.login, actor.on_behalf_of}
        if any(one.element_id == "enter" and one.login in names for one in task.completed):
            raise Forbidden


def test_who_leaves_hands_over_everything_in_one_go_after_a_dry_run(
    flow: Flow, deployed: Deployed
) -> None:
    flow.duties = EnterNotReview()
    deployed(
        p=line(step("sign", "users:ben,cat", signers="all")),
        q=line(step("enter", "dan"), step("review", "ben")),
    )
    first, second = begin(flow), begin(flow, "q")
    answer(flow, "dan")

    trial = hand_over(flow, actor=ADMIN, login="ben", to="dan", reason="left", dry_run=True)
    assert inbox(flow, "ben") == ["review", "sign"]
    done = hand_over(flow, actor=ADMIN, login="ben", to="dan", reason="left")

    assert [one.done for one in done.rows] == [one.done for one in trial.rows]
    assert sorted(one.done for one in done.rows) == [False, True]
    assert (inbox(flow, "ben"), inbox(flow, "dan")) == ([], ["sign"])
    assert show_instance(flow, instance_id=second).tasks[-1].owners == ("r:AD",)
    assert "handed_over" in kinds(flow, first)


def test_disabled_people_are_left_out_when_a_step_begins(
    flow: Flow, deployed: Deployed, company: Company
) -> None:
    company.left.add("cat")
    deployed(p=line(step("sign", THREE, signers="all")), q=line(step("review", "cat")))
    begin(flow)
    second = begin(flow, "q")

    assert [one for one in ("ben", "cat", "dan") if inbox(flow, one)] == ["ben", "dan"]
    assert show_instance(flow, instance_id=second).tasks[0].owners == ("r:AD",)


def test_a_substitute_acts_for_somebody_away_and_the_record_says_so(
    flow: Flow, deployed: Deployed, company: Company
) -> None:
    deployed(p=line(step("review", "ben")), q=line(step("review", "ben")))
    instance_id = begin(flow)
    company.standing_in["cat"] = [("ben", "p")]
    task = task_of(flow, "ben").task_id
    (acting,) = principals_of(flow, actor=person("cat"))
    assert (acting.login, acting.on_behalf_of) == ("cat", "ben")

    opened = open_task(flow, actor=person("cat"), task_id=task)
    assert opened.on_behalf_of == "ben"
    complete_task(flow, actor=person("cat"), task_id=task, version=None, answer=Answer("approve"))

    entry = next(
        one
        for one in show_instance(flow, instance_id=instance_id).history
        if one.kind == "userTask"
    )
    assert (entry.actor, entry.on_behalf_of) == ("cat", "ben")


def test_a_substitute_is_kept_from_what_either_of_them_is_kept_from(
    flow: Flow, deployed: Deployed, company: Company
) -> None:
    flow.duties = EnterNotReview()
    deployed(p=line(step("enter", "cat"), step("review", "ben")))
    begin(flow)
    answer(flow, "cat")
    company.standing_in["cat"] = [("ben", None)]
    task = task_of(flow, "ben").task_id

    with pytest.raises(Forbidden):
        complete_task(
            flow, actor=person("cat"), task_id=task, version=None, answer=Answer("approve")
        )

    assert inbox(flow, "ben") == ["review"]


def test_bulk_verbs_say_for_each_task_what_became_of_it(flow: Flow, deployed: Deployed) -> None:
    deployed(
        p=line(step("review", "ben")),
        q=line(step("review", "ben", verbs="-bulk_transfer")),
        r=line(step("review", "role:SM")),
    )
    ids = []
    for process in ("p", "q", "r"):
        begin(flow, process)
    ids = [one.task_id for one in list_tasks(flow, actor=person("ben")).items]

    trial = bulk_approve(flow, actor=person("ben"), task_ids=tuple(ids), dry_run=True)
    assert (trial.done, len(inbox(flow, "ben"))) == (2, 3)
    claimed = bulk_claim(flow, actor=person("ben"), task_ids=tuple(ids))
    assert claimed.done == 3
    moved = bulk_transfer(
        flow, actor=person("ben"), task_ids=tuple(ids), to="cat", reason="holiday"
    )
    assert sorted(one.code for one in moved.rows) == ["", "", "VERB_NOT_ALLOWED"]
    done = bulk_approve(flow, actor=person("cat"), task_ids=tuple(ids))
    assert sorted(one.code for one in done.rows) == ["", "", "TASK_NOT_FOUND"]
