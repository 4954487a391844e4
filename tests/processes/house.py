"""The order desk as a test drives it: people complete tasks, time passes, messages come."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

import handlers  # noqa: F401  registers every handler
from jiedan.core.actor import SYSTEM, Actor
from jiedan.core.clock import SHANGHAI, MovableClock
from jiedan.core.files import attach_file
from jiedan.core.platform import Platform
from jiedan.core.work import Work
from jiedan.desk import catalogue, contracts, credit, customers, pricing, stock
from jiedan.desk.order_refs import OrderRef, order_ref
from jiedan.desk.tables import Customer, Invoice
from jiedan.flow.cache import Caches
from jiedan.flow.definitions import deploy_folders
from jiedan.flow.inbox import TaskItem, list_tasks
from jiedan.flow.inbox import tasks_of as open_items
from jiedan.flow.instances import InstanceView, Started, show_instance, start_instance
from jiedan.flow.messages import Delivered, deliver_message
from jiedan.flow.platform import Flow
from jiedan.flow.running import run_due
from jiedan.flow.task_views import Answer
from jiedan.flow.tasks import Completed, OpenedTask, claim_task, complete_task, open_task
from jiedan.people.duties import load_duties
from tests.templates import filling

ROOT = Path(__file__).parents[2]
MONDAY = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
PDF = b"%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"
AUTHOR = Actor("author", "Author", frozenset({"PO"}))


@cache
def people() -> Mapping[str, Actor]:
    """The people of the demo company by login, with their roles."""
    raw = tomllib.loads((ROOT / "config" / "demo.toml").read_text("utf-8"))
    return {
        login: Actor(login, name, frozenset(roles), department)
        for login, name, _, roles, department, _ in raw["people"]
    }


def a_flow(platform: Platform) -> Flow:
    """The process platform over the repository's own content."""
    return Flow(
        platform,
        duties=load_duties(ROOT / "config" / "duties.toml"),
        holders_of=lambda _, role: [one.login for one in people().values() if one.has(role)],
        processes=ROOT / "processes",
        decisions=ROOT / "processes" / "decisions",
        forms=ROOT / "forms",
    )


def build_house(folder: Path, empty: Path) -> Path:
    """A database file with all definitions, goods and customers; copied by every test."""
    path = folder / "furnished.db"
    with filling(path, start=empty) as platform:
        deploy_folders(a_flow(platform), actor=AUTHOR)
        with platform.work(actor=SYSTEM) as work:
            _goods(work)
            _customers(work)
    return path


def _goods(work: Work) -> None:
    """SPEC S6.0: what the company sells, at which price, and how much of it lies in Shanghai."""
    discounts = {"A": 8, "B": 5}
    for sku, name, kind, list_fen, floor_fen, state, more in (
        ("P-1001", "工业温控器 T100", "stock", 120_000, 90_000, "active", {"weight_g": 1200}),
        ("P-2001", "定制配电柜 C200", "mto", 3_800_000, 3_040_000, "active", {"lead_wd": 15}),
        ("P-3001", "安装与能耗审计服务", "service", 200_000, 160_000, "active", {}),
        ("P-5001", "智能插座", "stock", 8_900, 6_000, "active", {"weight_g": 200}),
        ("P-9001", "旧款控制器", "stock", 70_000, 50_000, "active", {"weight_g": 900}),
    ):
        catalogue.add_item(
            work, sku=sku, name=name, type=kind, state=state, channels=["sales", "netease"], **more
        )
        policy = pricing.add_policy(
            work,
            sku=sku,
            list_fen=list_fen,
            floor_fen=floor_fen,
            valid_from="2026-01-01",
            class_discount=discounts if sku != "P-5001" else {},
        )
        pricing.approve_policy(work, policy_id=policy)
    for sku in ("P-1001", "P-5001"):
        stock.receive_stock(work, sku=sku, warehouse="上海", qty=500)
        stock.receive_stock(work, sku=sku, warehouse="电商仓", qty=500)


def _customers(work: Work) -> None:
    for number, name, province, klass, grade, limit, term, deposit, paid, owed, due in (
        (1, "华东精工有限公司", "上海", "A", "A", 2_000_000, 60, 0, 8_000_000, 300_000, None),
        (2, "南山电子厂", "广东", "B", "B", 500_000, 30, 20, 2_400_000, 420_000, None),
        (3, "北原贸易", "北京", "C", "C", 100_000, 15, 50, 300_000, 38_000, date(2026, 1, 26)),
        (4, "黑石工贸", "四川", "C", "E", 0, 0, 0, 10_000, 0, None),
        (5, "西部新能", "四川", "NEW", None, 0, 0, 0, 0, 0, None),
    ):
        made = customers.register_customer(
            work,
            name=name,
            province=province,
            city=province + "市",
            district="嘉定区",
            address="工业路 1 号",
            customer_class=klass,
            owner="chenjing",
            contact_name="周工",
            phone=f"1380000000{number}",
        )
        row = work.session.get(Customer, UUID(made.customer_id))
        assert row is not None
        row.paid_12m_fen = paid * 100
        if grade is not None:
            credit.save_profile(
                work,
                customer_id=made.customer_id,
                score=90,
                grade=grade,
                limit_fen=limit * 100,
                term_days=term,
                deposit_pct=deposit,
                valid_until="2026-12-31",
            )
        if owed:
            work.session.add(
                Invoice(
                    number=f"OLD-{number}",
                    customer_id=row.id,
                    type="vat_normal",
                    amount_fen=owed * 100,
                    issued_on=date(2026, 1, 1),
                    due_on=due or date(2026, 12, 1),
                    created_at=work.now,
                    created_by="system",
                    updated_at=work.now,
                    updated_by="system",
                )
            )
        if number == 1:
            contracts.add_contract(
                work,
                customer_id=made.customer_id,
                kind="framework",
                valid_from="2026-01-01",
                valid_until="2026-12-31",
            )
        if number == 4:
            customers.blacklist_customer(work, customer_id=made.customer_id, reason="骗货")


@dataclass(slots=True)
class House:
    """One order desk at work."""

    platform: Platform
    clock: MovableClock
    caches: Caches = field(default_factory=Caches)
    flow: Flow = field(init=False)
    instance_id: UUID | None = None

    def __post_init__(self) -> None:
        self.flow = a_flow(self.platform)
        self.flow.caches = self.caches

    # --- starting and acting -------------------------------------------------------------------
    def start(self, login: str, process_id: str = "order_main", **variables: Any) -> Started:
        """Somebody starts a process; what follows concerns this instance."""
        started = start_instance(
            self.flow, actor=people()[login], process_id=process_id, variables=variables
        )
        self.instance_id = started.instance_id
        return started

    def open(self, login: str, element_id: str) -> OpenedTask:
        """What somebody sees who opens a task of the instance."""
        return open_task(
            self.flow, actor=people()[login], task_id=self.item(element_id, login).task_id
        )

    def do(
        self,
        login: str,
        element_id: str,
        outcome: str,
        /,
        files: tuple[str, ...] = (),
        **values: Any,
    ) -> Completed:
        """Somebody opens a task and completes it; `files` names fields that get one."""
        item = self.item(element_id, login)
        open_task(self.flow, actor=people()[login], task_id=item.task_id)
        for name in files:
            values[name] = [self.attach(login, item.task_id)]
        return complete_task(
            self.flow,
            actor=people()[login],
            task_id=item.task_id,
            version=item.version,
            answer=Answer(outcome, values),
        )

    def claim(self, actor: Actor, item: TaskItem) -> OpenedTask:
        """Somebody takes a task, with whatever roles the test gives him."""
        return claim_task(self.flow, actor=actor, task_id=item.task_id)

    def attach(self, login: str, task_id: UUID) -> str:
        """A small PDF file put to a task; its id."""
        with self.platform.work(actor=people()[login]) as work:
            stored = self.platform.files.put(BytesIO(PDF), "proof.pdf")
            return str(attach_file(work, entity=f"task:{task_id}", file=stored).id)

    def message(
        self, name: str, correlation_key: str, /, key: str | None = None, **payload: Any
    ) -> Delivered:
        """A message comes from outside."""
        return deliver_message(
            self.flow,
            actor=SYSTEM,
            name=name,
            correlation_key=correlation_key,
            payload=payload,
            key=key,
        )

    def pass_time(self, **amount: float) -> None:
        """Time passes, and what is due happens."""
        self.clock.advance(timedelta(**amount))
        run_due(self.flow)

    # --- looking -------------------------------------------------------------------------------
    def view(self) -> InstanceView:
        assert self.instance_id is not None
        return show_instance(self.flow, instance_id=self.instance_id)

    def waiting(self) -> list[str]:
        """Element ids of the open tasks, in the order of the alphabet."""
        return sorted(one.element_id for one in self.items())

    def items(self) -> list[TaskItem]:
        assert self.instance_id is not None
        with self.platform.read() as session:
            found = open_items(session, self.instance_id, self.clock.now())
        return [one for one in found if one.state in ("open", "claimed")]

    def item(self, element_id: str, login: str | None = None) -> TaskItem:
        """The open task of that element; of several the one that is this person's."""
        found = [one for one in self.items() if one.element_id == element_id]
        if len(found) > 1 and login is not None:
            mine = {one.task_id for one in list_tasks(self.flow, actor=people()[login]).items}
            found = [one for one in found if one.task_id in mine]
        assert len(found) == 1, (element_id, self.waiting(), self.incidents())
        return found[0]

    def incidents(self) -> list[str]:
        return [one.message for one in self.view().incidents]

    def variables(self) -> Mapping[str, Any]:
        return self.view().variables

    def order(self) -> OrderRef:
        """The order that the instance carries."""
        with self.platform.read() as session:
            return order_ref(session, order_id=self.variables()["order_id"])

    def customer(self, number: str) -> str:
        """The id of a customer, for forms."""
        with self.platform.read() as session:
            found = session.scalar(select(Customer.id).where(Customer.number == number))
            assert found is not None
            return str(found)
