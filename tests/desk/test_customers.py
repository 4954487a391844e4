"""Who is who: customers, their codes, likenesses and secrets."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jiedan.desk import customers, masking, regions, uscc
from jiedan.desk.demo import demo_uscc
from jiedan.desk.errors import DuplicateNumber, InvalidRecord, StaleVersion
from jiedan.desk.uscc import LENGTH, check_digit, normal_uscc
from tests.desk.desk_day import Desk


@pytest.mark.parametrize(
    ("code", "found"),
    [
        (demo_uscc(1), True),
        (demo_uscc(1).lower(), True),
        (demo_uscc(1)[:-1], False),
        (demo_uscc(1)[:-2] + "00", False),
        ("I" * 18, False),
        ("", False),
    ],
)
def test_a_company_code_must_pass_its_check_digit(code: str, found: bool) -> None:
    assert (normal_uscc(code) is not None) is found


@given(st.integers(0, 9_999_999), st.integers(0, 17), st.integers(1, 30))
def test_one_wrong_character_in_a_company_code_is_always_noticed(
    seed: int, place: int, shift: int
) -> None:
    code = demo_uscc(seed)
    letters = uscc._ALPHABET
    wrong = letters[(letters.index(code[place]) + shift) % 31]
    changed = code[:place] + wrong + code[place + 1 :]

    assert len(code) == LENGTH
    assert check_digit(code[:-1]) == code[-1]
    assert normal_uscc(changed) is None


@pytest.mark.parametrize(
    ("name", "phone", "number", "least"),
    [
        ("华东精工有限公司", None, "KH000001", 60),
        ("华东精工", None, "KH000001", 60),
        ("花洞精工", None, "KH000001", 30),
        ("完全不同的名字", "138 1234 0001", "KH000001", 40),
        ("华东精工集团", "13812340001", "KH000001", 95),
    ],
)
def test_a_customer_is_recognised_by_name_sound_or_phone(
    desk: Desk, name: str, phone: str | None, number: str, least: int
) -> None:
    with desk.platform.read() as session:
        found = customers.match_customers(session, name=name, phone=phone)

    assert found[0].customer_no == number
    assert found[0].score >= least


def test_the_same_company_code_is_certain_and_a_stranger_is_nobody(desk: Desk) -> None:
    with desk.platform.read() as session:
        certain = customers.match_customers(session, name="改了名的公司", uscc=demo_uscc(2))
        nobody = customers.match_customers(session, name="齐齐哈尔重型轧机厂")

    assert [(row.customer_no, row.score, row.reasons) for row in certain] == [
        ("KH000002", 100, ["uscc"])
    ]
    assert nobody == []


def test_one_company_is_not_registered_twice(desk: Desk) -> None:
    with desk.work() as work, pytest.raises(DuplicateNumber):
        customers.register_customer(work, name="另一个名字", uscc=demo_uscc(1))


def test_wrong_details_of_a_customer_are_all_named(desk: Desk) -> None:
    with desk.work() as work, pytest.raises(InvalidRecord) as failure:
        customers.register_customer(
            work,
            name=" ",
            uscc="123",
            province="Mars",
            phone="x",
            email="a@b",
            customer_class="Z",
        )

    assert set(failure.value.fields) == {
        "name",
        "uscc",
        "province",
        "phone",
        "email",
        "customer_class",
    }


def test_numbers_of_customers_go_on(desk: Desk) -> None:
    with desk.work() as work:
        first = customers.register_customer(work, name="甲公司")
        second = customers.register_customer(work, name="乙公司")

    assert int(second.customer_no[2:]) == int(first.customer_no[2:]) + 1


def test_of_two_people_who_change_a_customer_the_second_is_told(desk: Desk) -> None:
    customer = desk.customer("KH000002")
    with desk.work("zhaolei") as work:
        version = customers.customer_facts(work.session, customer_id=customer).version
        customers.change_customer(work, customer_id=customer, version=version, province="江苏省")

    with desk.work("chenjing") as work, pytest.raises(StaleVersion):
        customers.change_customer(work, customer_id=customer, version=version, scale="large")

    with desk.platform.read() as session:
        assert customers.customer_facts(session, customer_id=customer).region == "华东"


@pytest.mark.parametrize(
    ("province", "region"),
    [
        ("上海市", "华东"),
        ("广西壮族自治区", "华南"),
        ("内蒙古", "华北"),
        ("四川", "西南"),
        ("火星", None),
        (None, None),
    ],
)
def test_every_province_belongs_to_a_region(province: str | None, region: str | None) -> None:
    assert regions.region_of(province) == region


def test_there_are_thirty_four_provinces() -> None:
    assert len(regions.PROVINCES) == 34


@pytest.mark.req("S4.1.3")
def test_masks_hide_what_the_specification_says() -> None:
    assert masking.mask_name("张三") == "张*"
    assert masking.mask_phone("13812345678") == "138****5678"
    assert masking.mask_email("zhang@example.com") == "z***@example.com"
    assert masking.mask_address("上海", "上海市", "嘉定区", "创新路 88 号") == "上海市嘉定区***"
    assert masking.mask_address("四川", "成都市", "武侯区", "人民路 1 号") == "四川成都市武侯区***"
    assert masking.mask_id("91310000MA1000001X") == "913*************1X"


@given(st.text(max_size=30))
def test_masks_never_show_the_whole_of_anything(text: str) -> None:
    assert masking.mask_name(text) != text.strip() or len(text.strip()) == 0 or "*" in text
    assert masking.mask_phone(text) != text.strip() or not text.strip() or "*" in text
    assert masking.mask_id(text) != text or not text.strip() or "*" in text
