"""Expressions of other engines mean the same in FEEL, or are refused with the reason."""

from __future__ import annotations

import pytest

from jiedan.core.i18n import use_locale
from jiedan.feel import compile_expression
from jiedan.flow.importing.syntax import Language, NotFeel
from jiedan.flow.importing.translating import Assignments, expression, juel, script


@pytest.mark.parametrize(
    ("text", "feel"),
    [
        ("${approved}", "approved"),
        ("#{approved}", "approved"),
        ("${!approved}", "approved != true"),
        ("${not (a == b) && c gt 3}", "a != b and c > 3"),
        ("${total >= 100 || vip}", "total >= 100 or vip"),
        ("${clarified.equals('yes')}", 'clarified = "yes"'),
        ("${!clarified.equals('yes')}", 'clarified != "yes"'),
        ("${paid == 'true'}", 'string(paid) = "true"'),
        ("${empty lines}", 'list contains([null, "", [], {}], lines)'),
        ("${lines.isEmpty()}", 'list contains([null, "", [], {}], lines)'),
        ("${lines.size() > 2}", "count(lines) > 2"),
        ("${orders[1].price <= 100}", "orders[2].price <= 100"),
        ("${order['gross total']}", 'get value(order, "gross total")'),
        ("${a ? b : c}", "if a then b else c"),
        ("${a % 3}", "a - 3 * round down(a / 3, 0)"),
        ("${loopCounter}", "loopCounter - 1"),
        (
            "${nrOfCompletedInstances/nrOfInstances >= 0.5}",
            "numberOfCompletedInstances / numberOfInstances >= 0.5",
        ),
        ("${execution.getVariable('total')}", "total"),
        ("${execution.hasVariable('total')}", "total != null"),
        ("${vars:gte(total, 3)}", "total >= 3"),
        ("${now()}", "now()"),
        ("${dateTime().plusDays(3).toDate()}", 'now() + duration("P3D")'),
        ("${dateTime().minusHours(n)}", 'now() - duration("PT" + string(n) + "H")'),
        ("No. ${number}: ${name}", 'string join(["No. ", string(number), ": ", string(name)])'),
        ("${'No. ' + number}", 'string join(["No. ", string(number)])'),
        ("${'}'}", '"}"'),
        ("${1 - (2 - 3)}", "1 - (2 - 3)"),
        ("${(a < b) == true}", "(a < b) = true"),
    ],
)  # fmt: skip
def test_juel_becomes_feel(text: str, feel: str) -> None:
    assert juel(text).text == feel


@pytest.mark.parametrize(
    ("text", "feel"),
    [
        ("a and not b", "a and b != true"),
        ("a is not None", "a != null"),
        ("1 < a <= 3", "1 < a and a <= 3"),
        ("kind in ['a', 'b']", 'list contains(["a", "b"], kind)'),
        ("kind not in ['a']", 'not(list contains(["a"], kind))'),
        ("len(rows) > 2", "count(rows) > 2"),
        ("rows[0]", "rows[1]"),
        ("rows[-1]", "rows[-1]"),
        ("d.get('k')", "d.k"),
        ("big if total > 9 else small", "if total > 9 then big else small"),
        ("f'No. {number}'", 'string join(["No. ", string(number)])'),
        ("a // 2 + a ** 2", "floor(a / 2) + a ** 2"),
        ("round(a, 2)", "decimal(a, 2)"),
        ("timedelta(hours=1, days=2)", 'duration("P2DT1H")'),
        ("datetime.now() + timedelta(minutes=5)", 'now() + duration("PT5M")'),
        ("{'a': [1, None]}", '{"a": [1, null]}'),
    ],
)
def test_python_becomes_feel(text: str, feel: str) -> None:
    assert expression(text, Language.PYTHON).text == feel


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("${shop.reserve(order)}", "It calls “reserve”, which is a program."),
        ("${execution.id}", "“execution” is an object of the other engine."),
        ("${rows[i]}", "What is in the square brackets may be a number or a name."),
        ("${text.contains(part)}", "It calls “contains”, which is a program."),
        ("${some}", "“some” is a word of FEEL and cannot name a variable."),
        ("${a", "It is not complete."),
        ("${a b}", "“b” cannot be read."),
        ("${'a}", "It is not complete."),
    ],
)
def test_what_has_no_clear_meaning_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(NotFeel) as refusal, use_locale("en"):
        juel(text)

    with use_locale("en"):
        assert str(refusal.value.reason) == reason


@pytest.mark.parametrize(
    "text",
    [
        "__import__('os').system('id')",
        "().__class__.__bases__[0].__subclasses__()",
        "open('/etc/passwd').read()",
        "[x for x in rows]",
        "lambda: 1",
        "eval('1')",
        "a or 'default'",
        "exec",
    ],
)
def test_python_that_reaches_for_more_is_refused_or_only_a_name(text: str) -> None:
    try:
        feel = expression(text, Language.PYTHON).text
    except NotFeel:
        return
    assert compile_expression(feel).evaluate({}) is None


def test_what_is_taken_for_granted_is_said() -> None:
    with use_locale("en"):
        assumed = [str(one) for one in expression("a in b and c", Language.PYTHON).assumed]

    assert assumed == ["“c” is taken to be true or false.", "“b” is taken to be a list."]


def test_a_script_that_sets_variables_becomes_their_values() -> None:
    found = script("# count\ntotal = a + b\nbig = total > 9\n", Language.PYTHON)

    assert isinstance(found, Assignments)
    assert [(name, feel.text) for name, feel in found.values] == [
        ("total", "a + b"),
        ("big", "total > 9"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "for a in b:\n    c = a",
        "x = 1\nx = 2",
        "import os",
        "x = 1\nprint(x)",
        "if a:\n  b = 1",
    ],
)
def test_a_script_that_does_more_is_refused(text: str) -> None:
    with pytest.raises(NotFeel):
        script(text, Language.PYTHON)


def test_a_groovy_variable_of_its_own_is_not_a_variable_of_the_process() -> None:
    with pytest.raises(NotFeel):
        script("total = 1", Language.SCRIPT)

    found = script("execution.setVariable('total', a + 1);", Language.SCRIPT)
    assert isinstance(found, Assignments)
    assert found.values[0][1].text == "a + 1"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 5000,
        "-" * 5000,
        "!" * 3000 + "a",
        "a" + ".b" * 5000,
        "1" + "+1" * 1500,
        "a[" * 1000,
        "f" + "(" * 1500,
        "{'a':" * 800,
    ],
)
def test_deep_and_long_texts_are_refused(text: str) -> None:
    for language in Language:
        with pytest.raises(NotFeel):
            expression(text, language)
