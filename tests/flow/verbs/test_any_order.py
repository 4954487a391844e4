"""Random verbs by random people over random processes: whole or refused, nothing stuck or lost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select

from jiedan.core.actor import Actor
from jiedan.core.errors import Forbidden, JiedanError
from jiedan.core.platform import Platform
from jiedan.core.work import Work
from jiedan.flow.definitions import deploy
from jiedan.flow.handlers import Registry
from jiedan.flow.inbox import count_tasks, list_tasks
from jiedan.flow.instance import load_instance
from jiedan.flow.instances import start_instance
from jiedan.flow.opening import live_of
from jiedan.flow.platform import Flow, TaskFacts
from jiedan.flow.states import TaskState
from jiedan.flow.tables import ActivityRow, InstanceRow, TaskCandidateRow, TaskRow
from jiedan.flow.tables_verbs import SeatRow
from jiedan.flow.tasks import Answer, claim_task, complete_task, unclaim_task
from jiedan.flow.verbs.absence import hand_over
from jiedan.flow.verbs.handing import delegate_task, transfer_task
from jiedan.flow.verbs.refusing import cancel_request, reject_task
from jiedan.flow.verbs.returning import return_targets, return_task, withdraw_decision
from jiedan.flow.verbs.signing import add_signers, remove_signer
from tests.flow.diagrams import diagram
from tests.flow.verbs.conftest import ADMIN, Company, person
from tests.flow.verbs.drawing import PEOPLE, PLANS, draw

PENDING = (TaskState.OPEN, TaskState.CLAIMED, TaskState.WAITING)
WHO = st.sampled_from(PEOPLE)
INDEX = st.integers(min_value=0, max_value=30)
KINDS = ("all", "back", "missing")


class FirstIsNotLast:
    """Who did the first step may not do the last, nor by somebody else's hand."""

    def concerns(self, element_id: str) -> bool:
        return element_id == "last"

    def check(self, work: Work, *, action: str, task: TaskFacts, actor: Actor) -> None:
        names = {actor.login, actor.on_behalf_of} - {None}
        for one in task.completed:
            if one.element_id == "first" and names & {one.login, one.on_behalf_of}:
                raise Forbidden


class Verbs(RuleBasedStateMachine):
    """One instance and everybody who has something to do with it."""

    flow: Flow
    company: Company
    number = 0

    def __init__(self) -> None:
        super().__init__()
        self.lines: Counter[str] = Counter()
        self.instance_id: UUID | None = None

    @initialize(plan=PLANS, ahead=st.integers(min_value=0, max_value=8))
    def start(self, plan: Any, ahead: int) -> None:
        """Deploy a new process, start it, and do the first few tasks."""
        type(self).number += 1
        name = f"p{type(self).number}"
        body, self.steps = draw(*plan)
        deploy(self.flow, actor=ADMIN, files={f"{name}.bpmn": diagram(name, body)})
        self.company.left.clear()
        self.company.standing_in.clear()
        started = start_instance(self.flow, actor=person("ann"), process_id=name)
        self.instance_id = started.instance_id
        for _ in range(ahead):
            open_ones = self.open_tasks()
            # The last step of all is left to chance.
            if open_ones and open_ones[0].element_id != "last":
                self._agree_one(open_ones)

    # --- what people do ------------------------------------------------------------------------
    @rule(
        number=INDEX,
        outcome=st.sampled_from(["approve", "approve", "approve", "approve", "again", "reject"]),
    )
    def complete(self, number: int, outcome: str = "approve") -> None:
        self.act(
            number,
            lambda who, task: complete_task(
                self.flow,
                actor=who,
                task_id=task.id,
                version=task.version,
                answer=Answer(outcome),
            ),
        )

    @rule(number=INDEX, times=st.integers(min_value=1, max_value=3))
    def agree(self, number: int, times: int) -> None:
        for _ in range(times):
            self.complete(number, "approve")

    @rule(number=INDEX)
    def claim(self, number: int) -> None:
        self.act(number, lambda who, task: claim_task(self.flow, actor=who, task_id=task.id))

    @rule(number=INDEX)
    def unclaim(self, number: int) -> None:
        self.act(number, lambda who, task: unclaim_task(self.flow, actor=who, task_id=task.id))

    @rule(number=INDEX, to=WHO)
    def transfer(self, number: int, to: str) -> None:
        self.act(
            number,
            lambda who, task: transfer_task(
                self.flow, actor=who, task_id=task.id, to=to, reason="r"
            ),
            "transferred",
        )

    @rule(number=INDEX, to=WHO)
    def delegate(self, number: int, to: str) -> None:
        self.act(
            number,
            lambda who, task: delegate_task(self.flow, actor=who, task_id=task.id, to=to),
            "delegated",
        )

    @rule(
        number=INDEX,
        people=st.lists(WHO, min_size=1, max_size=2, unique=True),
        how=st.sampled_from(["before", "after", "beside"]),
        mode=st.sampled_from(["all", "any", "turn"]),
    )
    def add(self, number: int, people: list[str], how: str, mode: Any) -> None:
        self.act(
            number,
            lambda who, task: add_signers(
                self.flow,
                actor=who,
                task_id=task.id,
                people=tuple(people),
                how=how,
                mode=mode,
            ),
            "signers_added",
        )

    @rule(number=INDEX, seat=INDEX)
    def remove(self, number: int, seat: int) -> None:
        rows = self.rows(SeatRow, SeatRow.instance_id == self.instance_id)
        tasks = {one.id: one for one in self.tasks()}
        if not rows:
            return
        chosen = sorted(rows, key=lambda one: one.task_id)[seat % len(rows)]
        adder = tasks[chosen.parent_id].assignee if chosen.parent_id else chosen.added_by
        self.attempt(
            lambda: remove_signer(
                self.flow,
                actor=person(adder or "ann"),
                task_id=chosen.parent_id or chosen.task_id,
                seat_id=chosen.task_id,
            ),
            "signer_removed",
        )

    @rule(number=INDEX, where=INDEX, redo=st.sampled_from(KINDS))
    def go_back(self, number: int, where: int, redo: Any) -> None:
        def back(who: Actor, task: Any) -> None:
            targets = return_targets(self.flow, actor=who, task_id=task.id)
            names = [one.element_id for one in targets] or self.steps
            return_task(
                self.flow,
                actor=who,
                task_id=task.id,
                element_id=names[where % len(names)],
                reason="r",
                redo=redo,
            )

        self.act(number, back, "returned")

    @rule(number=INDEX)
    def reject(self, number: int) -> None:
        if number % 3 == 0:
            self.act(
                number,
                lambda who, task: reject_task(self.flow, actor=who, task_id=task.id, reason="r"),
            )

    @rule(number=INDEX)
    def withdraw(self, number: int) -> None:
        done = [one for one in self.tasks() if one.state == TaskState.COMPLETED]
        done = [one for one in done if one.completed_by != "system"]
        if done:
            task = sorted(done, key=lambda one: one.id)[-1 - number % min(3, len(done))]
            self.attempt(
                lambda: withdraw_decision(
                    self.flow, actor=person(task.completed_by), task_id=task.id
                ),
                "withdrawn",
            )

    @rule(login=WHO, to=WHO)
    def leave(self, login: str, to: str) -> None:
        """Somebody hands over and is gone; there are always some left."""
        if len(self.company.left) > 1 or login == "ann":
            return
        done = self.attempt(
            lambda: hand_over(self.flow, actor=ADMIN, login=login, to=to, reason="gone")
        )
        if done is not None:
            self.lines["handed_over"] += len(done.rows)
            self.company.left.add(login)

    @rule(number=INDEX)
    def cancel(self, number: int) -> None:
        if number == 7:
            self.attempt(
                lambda: cancel_request(
                    self.flow,
                    actor=person("ann"),
                    instance_id=self.instance_id,  # type: ignore[arg-type]
                    reason="r",
                )
            )

    @rule(login=WHO, principal=WHO)
    def stand_in(self, login: str, principal: str) -> None:
        if login != principal:
            self.company.standing_in = {login: [(principal, None)]}

    # --- how they do it ------------------------------------------------------------------------
    def act(self, number: int, do: Callable[[Actor, Any], Any], line: str = "") -> None:
        """Let somebody whose task it is, or who stands in for him, do something with it."""
        open_ones = [one for one in self.tasks() if one.state in PENDING]
        if not open_ones:
            return
        task = sorted(open_ones, key=lambda one: one.id)[number % len(open_ones)]
        holders = [task.assignee] if task.assignee else self.holders_of(task)
        if not holders:
            return
        who = holders[number % len(holders)]
        for login, principals in self.company.standing_in.items():
            if number % 2 and (who, None) in principals and login not in self.company.left:
                who = login
        self.attempt(lambda: do(self.actor(who), task), line)

    def attempt(self, do: Callable[[], Any], line: str = "") -> Any:
        """Done whole with its line in the timeline, or refused without a trace."""
        before = self.picture()
        refusal: JiedanError | None
        try:
            done = do()
        except JiedanError as error:
            refusal = error
        else:
            refusal = None
        if refusal is not None:
            assert refusal.message("en")
            assert self.picture() == before, refusal
            return None
        if line:
            self.lines[line] += 1
        return done

    def actor(self, login: str) -> Actor:
        return ADMIN if login == "adi" else person(login)

    def holders_of(self, task: Any) -> list[str]:
        found: list[str] = []
        for owner in (task.candidates or "").split():
            kind, _, name = owner.partition(":")
            found += [name] if kind == "u" else self.company.holders(None, name)  # type: ignore[arg-type]
        return [one for one in dict.fromkeys(found) if one not in self.company.left]

    def rows(self, table: Any, *conditions: Any) -> list[Any]:
        with self.flow.platform.read() as session:
            return list(session.execute(select(*table.__table__.c).where(*conditions)))

    def tasks(self) -> list[Any]:
        return self.rows(TaskRow, TaskRow.instance_id == self.instance_id)

    def open_tasks(self) -> list[Any]:
        states = (TaskState.OPEN, TaskState.CLAIMED)
        return [one for one in self.tasks() if one.state in states]

    def picture(self) -> Any:
        tasks = self.tasks()
        ids = [one.id for one in tasks]
        return (
            sorted(map(str, tasks)),
            sorted(map(str, self.rows(SeatRow, SeatRow.instance_id == self.instance_id))),
            sorted(map(str, self.rows(TaskCandidateRow, TaskCandidateRow.task_id.in_(ids)))),
            len(self.rows(ActivityRow, ActivityRow.instance_id == self.instance_id)),
            str(self.rows(InstanceRow, InstanceRow.id == self.instance_id)),
        )

    # --- what is always so ---------------------------------------------------------------------
    @invariant()
    def everything_fits(self) -> None:
        if self.instance_id is None:
            return
        tasks = self.tasks()
        (instance,) = self.rows(InstanceRow, InstanceRow.id == self.instance_id)
        pending = [one for one in tasks if one.state in PENDING]
        open_ones = [one for one in pending if one.state != TaskState.WAITING]
        assert instance.state in ("active", "completed", "cancelled")
        assert (instance.state == "active") == bool(open_ones), "stuck"
        if instance.state != "active":
            assert not pending
        self._somebody_for_each(open_ones)
        self._tokens_have_rows(pending)
        self._inboxes_agree(open_ones)
        self._duties_held(tasks)
        self._timeline_tells(tasks)

    def _somebody_for_each(self, open_ones: list[Any]) -> None:
        for task in open_ones:
            if task.state == TaskState.CLAIMED:
                assert task.assignee
                assert task.assignee not in self.company.left, "open for nobody"
            else:
                assert task.assignee is None
                assert self.holders_of(task), "open for nobody"
        waiting = self.rows(
            TaskRow, TaskRow.instance_id == self.instance_id, TaskRow.state == TaskState.WAITING
        )
        for task in waiting:
            assert any(one.token_id == task.token_id for one in open_ones), "waits for nobody"

    def _tokens_have_rows(self, pending: list[Any]) -> None:
        with self.flow.platform.read() as session:
            live = live_of(self.flow, session, load_instance(session, self.instance_id))  # type: ignore[arg-type]
        tokens = (
            [] if live is None else [one for one in live.tokens() if one.element.kind == "userTask"]
        )
        waiting = {one.task_id for one in tokens if one.state == "waiting"}
        assert waiting == {one.token_id or one.id for one in pending}
        places = Counter(
            (one.element.id, one.mi_item.index if one.mi_item else None)
            for one in tokens
            if one.state == "waiting"
        )
        assert all(count == 1 for count in places.values()), places

    def _inboxes_agree(self, open_ones: list[Any]) -> None:
        for login in PEOPLE:
            if login in self.company.left:
                continue
            mine = {
                one.id
                for one in open_ones
                if (one.assignee == login if one.assignee else login in self.holders_of(one))
            }
            shown = list_tasks(self.flow, actor=person(login), size=500).items
            here = {one.task_id for one in shown if one.instance_id == self.instance_id}
            assert here == mine, login
        assert int(str(count_tasks(self.flow, actor=ADMIN).todo).rstrip("+")) >= 0

    def _duties_held(self, tasks: list[Any]) -> None:
        done = [one for one in tasks if one.state == TaskState.COMPLETED]
        entered: set[str] = set()
        for one in sorted(done, key=lambda one: (one.completed_at, one.id)):
            names = {one.completed_by, one.on_behalf_of} - {None, "system"}
            if one.element_id == "last":
                assert not names & entered
            if one.element_id == "first":
                entered |= names

    def _timeline_tells(self, tasks: list[Any]) -> None:
        lines = Counter(
            one.kind for one in self.rows(ActivityRow, ActivityRow.instance_id == self.instance_id)
        )
        for kind, count in self.lines.items():
            assert lines[kind] == count, kind
        seats = self.rows(SeatRow, SeatRow.instance_id == self.instance_id)
        answered = {one.task_id for one in seats if one.answered}
        by_id = {one.id: one for one in tasks}
        for task_id in answered:
            assert by_id[task_id].state in (TaskState.COMPLETED, TaskState.RETURNED)
            assert by_id[task_id].completed_by

    def teardown(self) -> None:
        """From wherever it stands, agreeing leads to the end."""
        if self.instance_id is None:
            return
        for _ in range(200):
            open_ones = self.open_tasks()
            if not open_ones:
                break
            self._agree_one(open_ones)
        (instance,) = self.rows(InstanceRow, InstanceRow.id == self.instance_id)
        assert instance.state in ("completed", "cancelled"), "never ends"
        self.everything_fits()

    def _agree_one(self, open_ones: list[Any]) -> None:
        for task in open_ones:
            for login in [task.assignee] if task.assignee else self.holders_of(task):
                try:
                    complete_task(
                        self.flow,
                        actor=self.actor(login),
                        task_id=task.id,
                        version=None,
                        answer=Answer("approve"),
                    )
                except Forbidden:
                    continue
                return
        # Only those are left whom a duty keeps from it: an administrator finds somebody else.
        task = open_ones[0]
        for other in PEOPLE:
            try:
                transfer_task(
                    self.flow, actor=ADMIN, task_id=task.id, to=other, reason="somebody must"
                )
            except JiedanError:
                continue
            self.lines["transferred"] += 1
            return


def machine_on(flow: Flow, company: Company) -> type[Verbs]:
    """The machine on one database."""
    return type("VerbsHere", (Verbs,), {"flow": flow, "company": company})


@pytest.mark.req("G1")
def test_verbs_in_any_order_leave_nothing_stuck_doubled_or_lost(
    platform: Platform, company: Company, flow: Flow, registry: Registry
) -> None:
    flow.duties = FirstIsNotLast()

    run_state_machine_as_test(
        machine_on(flow, company),
        settings=settings(
            max_examples=12,
            stateful_step_count=18,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
