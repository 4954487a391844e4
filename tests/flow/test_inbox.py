"""The inbox's lists: filters, orders, pages that do not move, a lead's team, what is new."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from jiedan.core.clock import MovableClock
from jiedan.flow.answering import rights_from
from jiedan.flow.content.forms_rights import restricted
from jiedan.flow.handlers import Context, Registry
from jiedan.flow.inbox import TaskFilters, list_tasks, mark_seen, read_order
from jiedan.flow.instances import cancel_instance, start_instance
from jiedan.flow.notice_wishes import HoursInvalid, hours_of, set_wishes, wants
from jiedan.flow.notices import count_unread, list_notices, notify
from jiedan.flow.packing import pack_answer, unpack_answer
from jiedan.flow.phrases import PhraseNotFound, add_phrase, list_phrases, remove_phrase
from jiedan.flow.platform import Flow
from jiedan.flow.predicting import predict
from jiedan.flow.saved_views import ViewNotFound, drop_view, find_view, list_views, save_view
from jiedan.flow.tasks import Answer, complete_task, open_task, save_draft
from tests.flow.conftest import ADMIN, CLERK, MANAGER, SECOND_CLERK, STRANGER
from tests.flow.diagrams import chain, end, exclusive, service, start, user
from tests.flow.diagrams import flow as arrow

Deployed = Callable[..., None]
BODY = "\n".join(
    [
        start(),
        service("name_it", "orders.name"),
        user("enter_order", "OC"),
        exclusive("checked", "finish"),
        user("review_order", "SM"),
        end(),
        chain("begin", "name_it", "enter_order", "checked"),
        arrow("checked", "review_order", "size = &quot;big&quot;"),
        arrow("checked", "finish"),
        chain("review_order", "finish"),
    ]
)
FIRMS = ("张三贸易", "李四机械", "王五电子")


@pytest.fixture
def orders(flow: Flow, registry: Registry, deployed: Deployed) -> Flow:
    """Six orders of three firms over 100, 200 … 600 yuan, the first ones due first."""

    @registry.handler("orders.name")
    def name(context: Context, number: int, size: str) -> dict[str, Any]:
        context.set_business_key(f"XS20260302-{number:04}")
        context.set_title(f"{FIRMS[number % 3]}有限公司", amount=number * 10_000)
        return {"number": number, "size": size}

    deployed(order=BODY)
    for number in range(1, 7):
        given = {"number": number, "size": "big" if number % 2 else "small"}
        start_instance(flow, actor=CLERK, process_id="order", variables=given)
    return flow


def numbers(flow: Flow, **asked: Any) -> list[int]:
    page = list_tasks(flow, actor=CLERK, size=100, **asked)
    return [int((one.business_key or "0")[-4:]) for one in page.items]


def test_a_customer_an_amount_and_a_step_narrow_together(orders: Flow) -> None:
    assert sorted(numbers(orders, filters=TaskFilters(customer="张三"))) == [3, 6]
    assert sorted(numbers(orders, filters=TaskFilters(customer="zhangsan"))) == [3, 6]
    assert numbers(orders, filters=TaskFilters(customer="zsmy", min_amount=50_000)) == [6]
    assert sorted(numbers(orders, filters=TaskFilters(min_amount=20_000, max_amount=30_000))) == [
        2,
        3,
    ]
    assert numbers(orders, filters=TaskFilters(element_id="review_order")) == []
    assert len(numbers(orders, filters=TaskFilters(element_id="enter_order", group="OC"))) == 6
    assert numbers(orders, filters=TaskFilters(group="SM")) == []


@pytest.mark.parametrize("query", ["XS20260302-0004", "xs20260302-0004", "0004", "20260302-0004"])
def test_a_number_is_found_from_its_beginning_or_by_its_end(orders: Flow, query: str) -> None:
    assert numbers(orders, query=query) == [4]


@pytest.mark.parametrize(
    "query", ["李四", "四机", "lisijixie", "sijixie", "lsjx", "sjx", "李 jixie"]
)
def test_a_firm_is_found_from_the_middle_of_its_name_too(orders: Flow, query: str) -> None:
    assert sorted(numbers(orders, query=query)) == [1, 4]


def test_several_keys_sort_and_each_can_be_turned_round(orders: Flow) -> None:
    assert numbers(orders, sort="amount") == [6, 5, 4, 3, 2, 1]
    assert numbers(orders, sort="customer,-amount") == [3, 6, 1, 4, 2, 5]
    assert numbers(orders, sort="-created") == list(reversed(numbers(orders, sort="created")))
    assert [str(one) for one in read_order("priority,-amount,nonsense,priority")] == [
        "priority",
        "-amount",
    ]


@pytest.mark.parametrize("sort", ["due", "-due", "created", "priority", "amount", "customer,due"])
def test_pages_follow_each_other_without_gap_or_repetition(orders: Flow, sort: str) -> None:
    seen, after, counts = [], None, set()
    for _ in range(3):
        page = list_tasks(orders, actor=CLERK, sort=sort, after=after, size=2)
        seen += [one.business_key for one in page.items]
        counts.add(page.count.number)
        after = page.after

    assert after is None
    assert len(seen) == len(set(seen)) == 6
    assert counts == {6}


def test_an_order_that_is_over_leaves_no_words_behind(orders: Flow) -> None:
    task = only_of(orders, "李四", "0001")
    cancel_instance(orders, actor=ADMIN, instance_id=task, reason="not wanted")

    with orders.platform.read() as session:
        left = session.connection().exec_driver_sql(
            "select count(distinct instance_id) from flow_words"
        )
        assert left.scalar() == 5
    assert numbers(orders, query="李四") == [4]


def only_of(flow: Flow, query: str, tail: str) -> Any:
    found = list_tasks(flow, actor=CLERK, query=query).items
    return next(one.instance_id for one in found if (one.business_key or "").endswith(tail))


def test_a_task_is_new_until_i_open_it(orders: Flow) -> None:
    first = list_tasks(orders, actor=CLERK).items[0]
    assert first.is_new

    mark_seen(orders, actor=CLERK, task_id=first.task_id)
    mark_seen(orders, actor=CLERK, task_id=first.task_id)

    assert not list_tasks(orders, actor=CLERK).items[0].is_new
    assert list_tasks(orders, actor=SECOND_CLERK).items[0].is_new


def test_a_draft_is_listed_until_it_is_handed_in(orders: Flow) -> None:
    task = list_tasks(orders, actor=CLERK).items[0]
    save_draft(orders, actor=CLERK, task_id=task.task_id, version=1, values={"a": 1})

    mine = list_tasks(orders, actor=CLERK, view="drafts").items
    assert [one.task_id for one in mine] == [task.task_id]
    assert list_tasks(orders, actor=SECOND_CLERK, view="drafts").items == ()


def test_a_lead_sees_what_the_people_below_have_to_do_and_nobody_else_does(orders: Flow) -> None:
    orders.supervisors = {"OC": "SM"}

    assert len(list_tasks(orders, actor=MANAGER, view="team").items) == 6
    assert list_tasks(orders, actor=STRANGER, view="team").items == ()
    assert list_tasks(orders, actor=CLERK, view="team").items == ()
    task = list_tasks(orders, actor=MANAGER, view="team").items[0]
    assert open_task(orders, actor=MANAGER, task_id=task.task_id).verbs.isdisjoint(
        {"complete", "claim", "save"}
    )


def test_what_will_come_depends_on_what_is_known(orders: Flow) -> None:
    def ahead(number: int) -> list[str]:
        item = next(
            one
            for one in list_tasks(orders, actor=CLERK).items
            if (one.business_key or "").endswith(str(number))
        )
        task = open_task(orders, actor=CLERK, task_id=item.task_id)
        return [one.element_id for one in predict(orders, actor=CLERK, task=task)]

    assert ahead(1) == ["review_order"]
    assert ahead(2) == []


def test_what_was_handed_in_is_kept(orders: Flow) -> None:
    task = list_tasks(orders, actor=CLERK, query="0001").items[0]
    answer = Answer("done", {"remark": "很急" * 200, "lines": [{"qty": "2"}]})
    complete_task(orders, actor=CLERK, task_id=task.task_id, version=None, answer=answer)

    assert open_task(orders, actor=CLERK, task_id=task.task_id).answer == answer.values


def test_a_long_answer_is_kept_small() -> None:
    values = {"remark": "x" * 1000}

    packed = pack_answer(values)

    assert packed is not None
    assert len(packed) < 100
    assert unpack_answer(packed) == values
    assert unpack_answer(pack_answer({"a": 1})) == {"a": 1}
    assert pack_answer({}) is None


def test_a_view_is_found_by_those_it_is_shared_with(orders: Flow) -> None:
    view = save_view(
        orders,
        actor=CLERK,
        name="Urgent",
        place="todo",
        query={"priority": "71", "q": ""},
        shared_with=("r:SM",),
    )
    again = save_view(orders, actor=CLERK, name="Urgent", place="todo", query={"due": "late"})

    assert again.id == view.id
    assert find_view(orders, actor=CLERK, view_id=view.id).query == {"due": "late"}
    with pytest.raises(ViewNotFound):
        find_view(orders, actor=MANAGER, view_id=view.id)
    save_view(
        orders, actor=CLERK, name="Ours", place="todo", query={"q": "1"}, shared_with=("r:SM",)
    )
    assert [(one.name, one.mine) for one in list_views(orders, actor=MANAGER)] == [("Ours", False)]
    ours = list_views(orders, actor=MANAGER)[0]
    with pytest.raises(ViewNotFound):
        drop_view(orders, actor=MANAGER, view_id=ours.id)


def test_phrases_are_mine_and_the_houses(orders: Flow) -> None:
    assert all(one.id is None for one in list_phrases(orders, actor=CLERK))
    mine = add_phrase(orders, actor=CLERK, text="同意,尽快发货")
    add_phrase(orders, actor=ADMIN, text="请附合同", house=True)

    assert [one.text for one in list_phrases(orders, actor=CLERK)] == ["同意,尽快发货", "请附合同"]
    assert [one.text for one in list_phrases(orders, actor=MANAGER)] == ["请附合同"]
    assert mine.id is not None
    with pytest.raises(PhraseNotFound):
        remove_phrase(orders, actor=MANAGER, phrase_id=mine.id)


def test_the_bell_counts_what_matters(orders: Flow, clock: MovableClock) -> None:
    task = list_tasks(orders, actor=CLERK).items[0]
    with orders.platform.work(actor=CLERK) as work:
        for kind, of in (("reminder", task.task_id), ("reminder", None), ("ship", None)):
            notify(work, owners=("u:ann",), kind=kind, msgid="Look", params={}, task_id=of)
    assert count_unread(orders, actor=CLERK).number == 3

    everything = frozenset(
        (kind, "app")
        for kind in ("task", "reminder", "breach", "escalation", "urge", "mention", "copy")
    )
    set_wishes(orders, actor=CLERK, wanted=everything)
    assert count_unread(orders, actor=CLERK).number == 2
    assert [one.kind for one in list_notices(orders, actor=CLERK).items] == ["reminder"] * 2
    clock.advance(timedelta(days=40))
    assert count_unread(orders, actor=CLERK).number == 0


def test_quiet_hours_may_pass_midnight_and_are_checked(orders: Flow, clock: MovableClock) -> None:
    with pytest.raises(HoursInvalid) as refusal:
        set_wishes(orders, actor=CLERK, wanted=frozenset(), quiet_from="25:00", digest_at="8")
    assert set(refusal.value.fields) == {"quiet_from", "digest_at"}
    with pytest.raises(HoursInvalid):
        set_wishes(orders, actor=CLERK, wanted=frozenset(), quiet_from="22:00")

    set_wishes(orders, actor=CLERK, wanted=frozenset(), quiet_from="22:00", quiet_to="07:30")

    now = clock.now().replace(hour=0, minute=0)  # 08:00 in Shanghai
    with orders.platform.read() as session:
        hours = hours_of(session, "ann")
        assert not hours.is_quiet(now)
        assert hours.is_quiet(now + timedelta(hours=15))
        assert hours.is_quiet(now - timedelta(hours=1))
        assert not wants(session, "ann", "reminder", "mail")
        assert wants(session, "ann", "incident", "app")
        assert wants(session, "ben", "reminder", "mail")


def test_a_step_reads_some_fields_and_does_not_see_others() -> None:
    schema = orjson.loads(
        b'{"components": [{"type": "textfield", "key": "a"}, {"type": "number", "key": "b"},'
        b'{"type": "dynamiclist", "path": "c", "components": [{"type": "number", "key": "d"}]}]}'
    )

    left = restricted(schema, rights_from("b, c", "a"))["components"]

    assert [one.get("key") or one["path"] for one in left] == ["b", "c"]
    assert left[0]["readonly"]
    assert left[1]["components"][0]["readonly"]
    assert "readonly" not in schema["components"][1]
