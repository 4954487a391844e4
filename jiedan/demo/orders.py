"""Orders in every state: seven weeks of the demo company's work, done through the real processes.

A small simulation: customers call, people take their time within working hours, carriers deliver,
money arrives. Whatever is not done on the morning when the story starts is open then.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any, cast
from uuid import UUID

from sqlalchemy import select

from jiedan.core.clock import SHANGHAI, MovableClock, shanghai
from jiedan.core.errors import JiedanError
from jiedan.core.logs import get_logger
from jiedan.demo.answers import Story
from jiedan.demo.outside import DELAYS, NothingToSay, answer_wait, push_order
from jiedan.demo.staff import NobodyMay, do_task, load_staff
from jiedan.desk.pricing import find_price
from jiedan.desk.tables import CatalogueItem, Customer
from jiedan.flow.inbox import TaskItem, tasks_of
from jiedan.flow.instances import start_instance
from jiedan.flow.jobs import next_due
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from jiedan.flow.tables import SubscriptionRow

log = get_logger(__name__)

FIRST_DAY = datetime(2026, 1, 12, 9, 0, tzinfo=SHANGHAI)
NAMED = 7
"""The customers of SPEC §6.0 keep the exposure that the scenarios count on."""
SEED = 20260302
PUSHED = 0.2
"""The share of orders that the sales platform pushes."""
LOOK_EVERY = timedelta(hours=6)
"""How often deadlines and timers are looked at while the weeks pass."""

TURNS: tuple[tuple[float, Mapping[str, str]], ...] = (
    (0.06, {"log_inquiry": "no_interest"}),
    (0.05, {"accept_order": "lost"}),
    (0.10, {"review_order": "return"}),
    (0.03, {"review_order": "return", "rework_order": "given_up"}),
    (0.06, {"record_acceptance": "bad"}),
    (0.04, {"review_order": "reject"}),
)
"""How often a story takes which turn."""


@dataclass(slots=True)
class Run:
    """One order of the simulation."""

    story: Story
    instance_id: UUID
    scheduled: set[UUID] = field(default_factory=set)


def bring_orders(
    flow: Flow,
    *,
    until: datetime,
    count: int = 60,
    progress: Callable[[int, int], None] | None = None,
) -> None:
    """Let `count` orders happen between FIRST_DAY and `until`, on the demo's own clock."""
    Simulation(flow, until=until, count=count, progress=progress).run()


class Simulation:
    """Seven weeks, one event after the other."""

    def __init__(
        self,
        flow: Flow,
        *,
        until: datetime,
        count: int,
        progress: Callable[[int, int], None] | None,
    ) -> None:
        self.flow = flow
        self.until = until
        self.count = count
        self.progress = progress or (lambda done, total: None)
        self.rng = Random(SEED)
        self.clock = cast(MovableClock, flow.platform.clock)
        self.staff = load_staff(flow.platform)
        self.runs: dict[UUID, Run] = {}
        self.started = 0
        self._order = itertools.count()
        self._events: list[tuple[datetime, int, Callable[[], None]]] = []
        self._looked_at = FIRST_DAY

    def run(self) -> None:
        """Plan the starts, then do what is next until the weeks are over."""
        for moment in self._starts():
            self._at(moment, self._start)
        while self._events:
            moment, _, act = heapq.heappop(self._events)
            if moment >= self.until:
                break
            self._pass_time(moment)
            act()
        self._pass_time(self.until)

    # --- planning ------------------------------------------------------------------------------
    def _starts(self) -> list[datetime]:
        days = [FIRST_DAY + timedelta(days=n) for n in range((self.until - FIRST_DAY).days)]
        working = [day for day in days if self.flow.platform.calendar.is_working_day(day.date())]
        # The last two weeks are the busiest, so that much is under way when the story starts.
        weights = [4 if self.until - day < timedelta(days=14) else 1 for day in working]
        return sorted(
            day + timedelta(minutes=self.rng.uniform(5, 500))
            for day in self.rng.choices(working, weights, k=self.count)
        )

    def _at(self, moment: datetime, act: Callable[[], None]) -> None:
        heapq.heappush(self._events, (moment, next(self._order), act))

    def _pass_time(self, moment: datetime) -> None:
        while self._looked_at + LOOK_EVERY <= moment:
            self._looked_at += LOOK_EVERY
            self.clock.set(max(self._looked_at, self.clock.now()))
            due = next_due(self.flow).due_at
            if due is not None and due <= self.clock.now():
                run_due(self.flow)
                for run in self.runs.values():
                    self._look(run)
        self.clock.set(max(moment, self.clock.now()))

    # --- what happens --------------------------------------------------------------------------
    def _start(self) -> None:
        if self.rng.random() < PUSHED:
            self._start_pushed()
            return
        story = self._story()
        actor = self.staff["linxiao" if story.entry == "inquiry" else story.seller]
        started = start_instance(
            self.flow,
            actor=actor,
            process_id="order_main",
            variables={"channel": "sales", "entry": story.entry},
        )
        run = self.runs[started.instance_id] = Run(story, started.instance_id)
        self.started += 1
        self.progress(self.started, self.count)
        self._look(run)

    def _start_pushed(self) -> None:
        rng = Random(self.rng.random())
        with self.flow.platform.read() as session:
            buyers = session.scalars(
                select(Customer).where(Customer.kind == "consumer").order_by(Customer.number)
            ).all()
            buyer = rng.choice(buyers)
        story = Story(
            customer=str(buyer.id),
            company=buyer.name,
            seller="hanxue",
            lines=[],
            delivery_date="",
            rng=rng,
        )
        instance_id = push_order(self.flow, story)
        self.started += 1
        self.progress(self.started, self.count)
        if instance_id is not None:
            run = self.runs[instance_id] = Run(story, instance_id)
            self._look(run)

    def _story(self) -> Story:
        rng = Random(self.rng.random())
        with self.flow.platform.read() as session:
            customers = session.scalars(
                select(Customer).where(Customer.kind == "company").order_by(Customer.number)
            ).all()[NAMED - 1 :]
            items = session.scalars(
                select(CatalogueItem)
                .where(CatalogueItem.type == "stock", CatalogueItem.state == "active")
                .where(CatalogueItem.sku.not_in(["P-1001", "P-5001"]))
                .order_by(CatalogueItem.sku)
            ).all()
            customer = rng.choice(customers)
            lines = [
                self._line(session, item, customer, rng)
                for item in rng.sample(items, k=min(len(items), rng.randint(1, 3)))
            ]
        turns: dict[str, str] = {}
        for share, turn in TURNS:
            if rng.random() < share:
                turns |= turn
        soon = self.flow.platform.calendar.deadline(self.clock.now(), Decimal(8), "wd")
        return Story(
            customer=str(customer.id),
            company=customer.name,
            seller=customer.owner or "chenjing",
            lines=lines,
            delivery_date=shanghai(soon).date().isoformat(),
            payment_method=rng.choice(["prepay_full", "credit_term", "cod"]),
            term_days=15,
            entry=rng.choice(["inquiry", "order", "order"]),
            rng=rng,
            turns=turns,
        )

    def _line(
        self, session: Any, item: CatalogueItem, customer: Customer, rng: Random
    ) -> dict[str, Any]:
        qty = rng.choice([1, 2, 5, 10, 20])
        price = find_price(
            session,
            sku=item.sku,
            on=shanghai(self.clock.now()).date(),
            channel="sales",
            customer_class=customer.customer_class,
            qty=Decimal(qty),
        ).policy_fen
        if rng.random() < 0.12:
            # Below what the policy allows: somebody has to approve it.
            price = int(price * 0.92)
        return {"sku": item.sku, "qty": str(qty), "unit_price": f"{price / 100:.2f}"}

    def _look(self, run: Run) -> None:
        """Plan what will be done about everything that is newly open in this order."""
        now = self.clock.now()
        with self.flow.platform.read() as session:
            items = [
                one
                for one in tasks_of(session, run.instance_id, now)
                if one.state in ("open", "claimed") and one.task_id not in run.scheduled
            ]
            awaited = [
                row
                for row in session.execute(
                    select(
                        SubscriptionRow.task_id,
                        SubscriptionRow.message,
                        SubscriptionRow.correlation_key,
                    ).where(SubscriptionRow.instance_id == run.instance_id)
                )
                if row.task_id not in run.scheduled and row.message in DELAYS
            ]
        for item in items:
            run.scheduled.add(item.task_id)
            self._at(self._done_at(now, run), self._doing(run, item))
        for row in awaited:
            run.scheduled.add(row.task_id)
            low, high = DELAYS[row.message]
            moment = now + timedelta(hours=run.story.rng.uniform(low, high))
            self._at(moment, self._sending(run, row.message, row.correlation_key))

    def _done_at(self, now: datetime, run: Run) -> datetime:
        rng = run.story.rng
        slow = rng.random() < 0.06
        hours = rng.uniform(10, 60) if slow else min(rng.expovariate(1 / 1.6), 7) + 0.1
        return self.flow.platform.calendar.deadline(now, Decimal(f"{hours:.2f}"), "wh")

    def _doing(self, run: Run, item: TaskItem) -> Callable[[], None]:
        def act() -> None:
            if not self._still_open(run, item):
                return
            try:
                do_task(self.flow, self.staff, item, run.story)
            except (NobodyMay, JiedanError, KeyError) as error:
                # Such an order simply stays where it is, as orders do.
                log.info("the demo stops here", element=item.element_id, why=str(error)[:300])
            self._look(run)

        return act

    def _still_open(self, run: Run, item: TaskItem) -> bool:
        with self.flow.platform.read() as session:
            return any(
                one.task_id == item.task_id and one.state in ("open", "claimed")
                for one in tasks_of(session, run.instance_id, self.clock.now())
            )

    def _sending(self, run: Run, message: str, correlation_key: str) -> Callable[[], None]:
        def act() -> None:
            try:
                answer_wait(self.flow, run.story, message=message, correlation_key=correlation_key)
            except (JiedanError, NothingToSay) as error:
                log.info("the demo stops here", element=message, why=str(error)[:300])
            self._look(run)

        return act
