"""Errors: the docstring is the message, in both languages."""

from __future__ import annotations

import pickle

from jiedan.core.errors import Conflict, Invalid, JiedanError, NotFound
from jiedan.core.i18n import lazy, use_locale
from jiedan.core.numbering import NumberCheckFailed
from jiedan.core.parameters import ParameterUnknown


class OrderOnHold(Conflict):
    """Order %(number)s is on hold."""


class OrderOnHoldForLong(OrderOnHold):
    code = "HELD_LONG"


def test_the_docstring_is_the_message_and_parameters_fill_it() -> None:
    error = OrderOnHold(number="XS20260302-0001-1")

    assert error.message("en") == "Order XS20260302-0001-1 is on hold."
    assert error.number == "XS20260302-0001-1"
    assert isinstance(error, JiedanError)


def test_the_code_is_the_name_unless_the_class_says_otherwise() -> None:
    assert OrderOnHold(number=1).code == "ORDER_ON_HOLD"
    assert OrderOnHoldForLong(number=1).code == "HELD_LONG"


def test_a_kind_without_docstring_speaks_like_the_one_above() -> None:
    assert OrderOnHoldForLong(number=7).message("en") == "Order 7 is on hold."


def test_a_message_comes_in_the_language_in_force() -> None:
    error = ParameterUnknown(name="intake.accept")

    with use_locale("zh"):
        assert error.message() == "没有参数 intake.accept。"
    with use_locale("en"):
        assert error.message() == "There is no parameter intake.accept."
    assert str(error) == "There is no parameter intake.accept."


def test_lazy_parameters_follow_the_language_too() -> None:
    error = ParameterUnknown(name=lazy("Please sign in."))

    assert error.message("zh") == "没有参数 请先登录。。"


def test_a_message_that_lacks_a_parameter_is_still_told() -> None:
    assert OrderOnHold().message("en") == "Order %(number)s is on hold."


def test_a_parameter_cannot_hide_the_message() -> None:
    assert NotFound(message="mine").message("en").startswith("There is nothing here")


def test_fields_say_what_is_wrong_where() -> None:
    error = Invalid({"lines[2].sku": lazy("Say why.")})

    with use_locale("zh"):
        assert str(error.fields["lines[2].sku"]) == "请说明原因。"


def test_errors_survive_a_trip_to_another_process() -> None:
    error = pickle.loads(pickle.dumps(Invalid({"a": lazy("Say why.")}, name="x")))

    assert (error.fields, error.name) == ({"a": "Say why."}, "x")
    assert isinstance(pickle.loads(pickle.dumps(NumberCheckFailed())), NumberCheckFailed)
