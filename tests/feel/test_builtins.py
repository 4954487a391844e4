# ruff: noqa: E501
"""The built-in functions, group by group: expression, value as FEEL text."""

from collections.abc import Iterator

import pytest

from jiedan.feel import Warnings, evaluate
from jiedan.feel.builtins import BUILTINS

CASES = {
    "conversion": r"""
        date("2026-03-02") -> @"2026-03-02"
        date("2026-3-2") -> null
        date("2026-02-30") -> null
        date("-0044-03-15") -> @"-0044-03-15"
        date("999999999-12-31").year -> 999999999
        date("1000000000-01-01") -> null
        date(2026, 3, 2) -> @"2026-03-02"
        date(2026, 13, 2) -> null
        date(@"2026-03-02T09:30:00Z") -> @"2026-03-02"
        date(from: "2026-03-02") -> @"2026-03-02"
        date(day: 2, month: 3, year: 2026) -> @"2026-03-02"
        date(null) -> null
        date() -> null
        time("09:30:00") -> @"09:30:00"
        time("09:30:00.25") -> @"09:30:00.25"
        time("09:30:00+08:00") -> @"09:30:00+08:00"
        time("09:30:00@Asia/Shanghai") -> @"09:30:00@Asia/Shanghai"
        time("09:30:00@Nowhere/Town") -> null
        time("09:30:00+19:00") -> null
        time("9:30:00") -> null
        time("24:00:01") -> null
        time(9, 30, 15.5) -> @"09:30:15.5"
        time(9, 30, 0, @"PT8H") -> @"09:30:00+08:00"
        time(9, 30, 0, null) -> @"09:30:00"
        time(9, 60, 0) -> null
        time(@"2026-03-02T09:30:00Z") -> @"09:30:00Z"
        time(@"2026-03-02") -> @"00:00:00Z"
        date and time("2026-03-02T09:30:00") -> @"2026-03-02T09:30:00"
        date and time("2026-03-02T24:00:00") -> @"2026-03-03T00:00:00"
        date and time("2026-03-02") -> @"2026-03-02T00:00:00"
        date and time("2026-03-02T09:30:00+08:00@Asia/Shanghai") -> null
        date and time(@"2026-03-02", @"09:30:00Z") -> @"2026-03-02T09:30:00Z"
        date and time(@"2026-03-02T00:00:00", @"09:30:00") -> @"2026-03-02T09:30:00"
        date and time(2026, 3, 2, 9, 30, 0) -> @"2026-03-02T09:30:00"
        date and time(2026, 3, 2, 9, 30, 0, @"PT8H") -> @"2026-03-02T09:30:00+08:00"
        date and time(2026, 3, 2, 9, 30, 0, "Asia/Shanghai") -> @"2026-03-02T09:30:00@Asia/Shanghai"
        duration("P1Y2M") -> @"P14M"
        duration("PT36H") -> @"P1DT12H"
        duration("-PT0.5S") -> @"-PT0.5S"
        duration("P1Y2D") -> null
        duration("P") -> null
        duration("PT") -> null
        string(duration("PT0S")) -> "PT0S"
        string(duration("P0Y")) -> "P0M"
        years and months duration(@"2011-12-22", @"2013-08-24") -> @"P1Y8M"
        years and months duration(@"2013-08-24", @"2011-12-22") -> @"-P1Y8M"
        number("1 000,5", " ", ",") -> 1000.5
        number("1,000.5", ",", ".") -> 1000.5
        number("1000.5", null, null) -> 1000.5
        number("1,5", ",", ",") -> null
        number("1.5", "x", ".") -> null
        number("1e3") -> 1000
        number("") -> null
        number("5.") -> null
        number("١") -> null
        string(1.50) -> "1.5"
        string(-0.0) -> "0"
        string(1e30) -> "1000000000000000000000000000000"
        string("x") -> "x"
        string(null) -> null
        string([1, "a", null]) -> "[1, \"a\", null]"
        string({a: @"P1D"}) -> "{a: @\"P1D\"}"
        range("[1..3]") -> [1..3]
        range("(1..3)") -> (1..3)
        range("[@\"2026-01-01\"..@\"2026-12-31\"]") -> [@"2026-01-01"..@"2026-12-31"]
        range("[\"a\"..\"c\"]") -> ["a".."c"]
        range("(..3]") -> (<= 3)
        range("[1..)") -> (>= 1)
        range("]..@\"P1D\"[") -> (< @"P1D")
        range("[..3]") -> null
        range("[1..]") -> null
        range("(..)") -> null
        range("[null..3]") -> null
        range("[3..1]") -> null
        range("[1..a]") -> null
        range("1") -> null
    """,
    "numbers": r"""
        decimal(1/3, 2) -> 0.33
        decimal(1.5, 0) -> 2
        decimal(2.5, 0) -> 2
        decimal(1234.5, -2) -> 1200
        decimal(1, 9999) -> null
        floor(-1.5) -> -2
        floor(-1.56, 1) -> -1.6
        ceiling(-1.5) -> -1
        ceiling(1.52, 1) -> 1.6
        round up(-5.5, 0) -> -6
        round up(1.121, 2) -> 1.13
        round down(-5.5, 0) -> -5
        round half up(-2.5, 0) -> -3
        round half down(-2.5, 0) -> -2
        round half down(2.51, 0) -> 3
        abs(-10) -> 10
        abs(@"-P1D") -> @"P1D"
        abs(@"-P1Y") -> @"P1Y"
        abs("x") -> null
        modulo(-12, 5) -> 3
        modulo(12, -5) -> -3
        modulo(10.1, 4.5) -> 1.1
        modulo(5, 0) -> null
        sqrt(16) -> 4
        sqrt(-3) -> null
        decimal(log(10), 8) -> 2.30258509
        log(0) -> null
        decimal(exp(5), 4) -> 148.4132
        odd(5) -> true
        odd(2) -> false
        odd(1.5) -> false
        even(-2) -> true
        even(1e40) -> true
        not(true) -> false
        not(null) -> null
        not("x") -> null
        abs([-1]) -> 1
        abs() -> null
        abs(1, 2) -> null
        abs(x: 1) -> null
    """,
    "texts": r"""
        substring("foobar", 3) -> "obar"
        substring("foobar", 3, 3) -> "oba"
        substring("foobar", -2, 1) -> "a"
        substring("foobar", 0) -> null
        substring("foobar", 9) -> null
        substring("foobar", 3, 0) -> null
        substring("\U01F40Eab", 2) -> "ab"
        substring(string: "foobar", start position: 3) -> "obar"
        substring(null, 1) -> null
        string length("\U01F40Eab") -> 3
        upper case("aBcß") -> "ABCSS"
        lower case("aBc4") -> "abc4"
        substring before("foobar", "bar") -> "foo"
        substring before("foobar", "xyz") -> ""
        substring after("foobar", "ob") -> "ar"
        substring after("", "a") -> ""
        contains("foobar", "of") -> false
        starts with("foobar", "fo") -> true
        ends with("foobar", "r") -> true
        string join(["a", null, "c"], "_") -> "a_c"
        string join([], "X") -> ""
        string join(["a", "c"]) -> "ac"
        string join(["a", 1], "X") -> null
        split("John Doe", "\\s") -> ["John", "Doe"]
        split("a;b;c;;", ";") -> ["a", "b", "c", "", ""]
        split("abc", "x*") -> null
        replace("banana", "a", "o") -> "bonono"
        replace("abcd", "(ab)|(a)", "[1=$1][2=$2]") -> "[1=ab][2=]cd"
        replace("darted", "^(.*?)d(.*)$", "$1c$2") -> "carted"
        replace("AAAA", "A+?", "b") -> "bbbb"
        replace("abracadabra", "a(.)", "a$1$1") -> "abbraccaddabbra"
        replace("a.b", ".", "x", "q") -> "axb"
        replace("Hello", "l", "\\$") -> "He$$o"
        replace("Hello", "l", "$") -> null
        replace("Hello", ".*?", "x") -> null
        matches("foobar", "^fo*b") -> true
        matches("FOO", "foo", "i") -> true
        matches("a\nb", "a.b") -> false
        matches("a\nb", "a.b", "s") -> true
        matches("a\nb", "^b", "m") -> true
        matches("ab", "a b", "x") -> true
        matches("abab", "^(ab)\\1$") -> true
        matches("a", "[a-z-[aeiou]]") -> false
        matches("王五", "^\\p{IsCJKUnifiedIdeographs}+$") -> true
        matches("Ab1", "^\\p{Lu}\\p{Ll}\\p{Nd}$") -> true
        matches("K", "k", "i") -> true
        matches("13800000000", "^1[3-9]\\d{9}$") -> true
        matches("aaa", "^a{2}$") -> false
        matches("aaa", "^a{2,}$") -> true
        matches("x", "(") -> null
        matches("x", "x", "z") -> null
        matches("x", "x**") -> null
        matches("x", "[z-a]") -> null
        matches("x", "\\9") -> null
    """,
    "lists": r"""
        list contains([1, 2, null], null) -> true
        count([1, [2, 3]]) -> 2
        count(1) -> 1
        count(null) -> null
        min(1, 2, 3) -> 1
        min(["b", "a"]) -> "a"
        max([@"2026-01-01", @"2026-03-01"]) -> @"2026-03-01"
        max([1, "a"]) -> null
        max([]) -> null
        sum([1, 2, 3]) -> 6
        sum([@"P1D", @"PT12H"]) -> @"P1DT12H"
        sum([]) -> null
        sum([1, null]) -> null
        mean([1, 2]) -> 1.5
        product([2, 3, 4]) -> 24
        median([8, 2, 5, 3, 4]) -> 4
        median([6, 1, 2, 3]) -> 2.5
        stddev([47]) -> null
        decimal(stddev(2, 4, 7, 5), 10) -> 2.0816659995
        mode([6, 1, 9, 6, 1]) -> [1, 6]
        mode([]) -> []
        all([true, null, false]) -> false
        all([true, null]) -> null
        all([]) -> true
        all(true, true) -> true
        any([false, null, true]) -> true
        any([false, null]) -> null
        any([]) -> false
        any(1) -> null
        sublist([4, 5, 6], 1, 2) -> [4, 5]
        sublist([4, 5, 6], -2) -> [5, 6]
        sublist([4, 5, 6], 3, 2) -> null
        sublist([4, 5, 6], 1, 0) -> null
        append([1], 2, [3]) -> [1, 2, [3]]
        append(1, 2) -> [1, 2]
        concatenate([1, 2], [3]) -> [1, 2, 3]
        insert before([1, 3], 1, 2) -> [2, 1, 3]
        insert before([1, 3], 3, 2) -> null
        remove([1, 2, 3], -1) -> [1, 2]
        remove([1], 2) -> null
        reverse([1, 2, 3]) -> [3, 2, 1]
        index of([1, 2, 3, 2], 2) -> [2, 4]
        index of([1], 9) -> []
        union([1, 2], [2, 3]) -> [1, 2, 3]
        distinct values([1, "1", 1, null, null]) -> [1, "1", null]
        flatten([[1, 2], [[3]], 4]) -> [1, 2, 3, 4]
        list replace([2, 4, 7, 8], 3, 6) -> [2, 4, 6, 8]
        list replace([2, 4, 7, 8], function(item, newItem) item < newItem, 5) -> [5, 5, 7, 8]
        list replace([1], function(item, newItem) "x", 5) -> null
        sort([3, 1, 2], function(x, y) x > y) -> [3, 2, 1]
        sort(list: ["b", "a"], precedes: function(x, y) x < y) -> ["a", "b"]
        sort([{a: 2, b: 1}, {a: 1, b: 2}, {a: 1, b: 3}], function(x, y) x.a < y.a).b -> [2, 3, 1]
    """,
    "contexts": r"""
        get value({key1: "v"}, "key1") -> "v"
        get value({key1: "v"}, "other") -> null
        get value({a: {b: 2}}, ["a", "b"]) -> 2
        get value({a: 1}, ["a", "b"]) -> null
        get entries({a: 1, b: 2}) -> [{key: "a", value: 1}, {key: "b", value: 2}]
        get entries(1) -> null
        context([{key: "a", value: 1}]) -> {a: 1}
        context([{key: "a", value: 1}, {key: "a", value: 2}]) -> null
        context([{key: "a"}]) -> null
        context put({x: 1}, "y", 2) -> {x: 1, y: 2}
        context put({x: 1}, "x", 2) -> {x: 2}
        context put({x: 1, y: {a: 0}}, ["y", "a"], 2) -> {x: 1, y: {a: 2}}
        context put({x: 1}, ["y", "a"], 2) -> null
        context put({x: 1}, [], 2) -> null
        context merge([{x: 1}, {y: 2}]) -> {x: 1, y: 2}
        context merge([{x: 1}, {x: 2}]) -> {x: 2}
        context merge([{x: 1}, 2]) -> null
    """,
    "dates": r"""
        day of year(@"2019-09-17") -> 260
        day of week(@"2019-09-17") -> "Tuesday"
        month of year(@"2019-09-17") -> "September"
        week of year(@"2019-09-17") -> 38
        week of year(@"2003-12-29") -> 1
        week of year(@"2004-01-04") -> 1
        week of year(@"2005-01-01") -> 53
        week of year(@"2005-01-03") -> 1
        is(@"23:00:50Z", @"23:00:50+00:00") -> true
        is(@"23:00:50", @"23:00:50Z") -> false
        is(@"2012-12-25", @"23:00:50") -> false
        is(1, 1.0) -> true
        is([1], [1]) -> true
        @"2026-03-02T09:30:00@Asia/Shanghai".time offset -> @"PT8H"
        @"2026-07-01T00:00:00@Europe/Paris".time offset -> @"PT2H"
        @"2026-01-01T00:00:00@Europe/Paris".time offset -> @"PT1H"
        @"2026-03-02T09:30:00@Asia/Shanghai".timezone -> "Asia/Shanghai"
        @"2026-03-02T09:30:15.25".second -> 15.25
        @"-P1DT2H3M4S".hours -> -2
        @"-P1Y2M".months -> -2
        @"P1Y2M".days -> null
        [@"P1D", @"P2D"].days -> [1, 2]
        (1..5].start included -> false
        (< 5).end -> 5
        (< 5).start -> null
        @"2026-03-29T01:30:00@Europe/Paris" + @"PT1H" -> @"2026-03-29T03:30:00@Europe/Paris"
        @"2026-01-31" + @"P1M" -> @"2026-02-28"
        @"2024-02-29" + @"P1Y" -> @"2025-02-28"
        @"P1D" + @"2026-03-02" -> @"2026-03-03"
        @"2026-03-02" - @"2026-03-01" -> @"P1D"
        @"2026-03-02T00:00:00" - @"2026-03-01" -> null
        @"2026-03-02T00:00:00Z" - @"2026-03-01" -> @"P1D"
        @"23:30:00" + @"PT1H" -> @"00:30:00"
        @"09:00:00" - @"08:30:00" -> @"PT30M"
        @"P1D" * 1.5 -> @"P1DT12H"
        @"P1Y" / @"P1M" -> 12
        @"P1D" / 0 -> null
        -@"P1D" -> @"-P1D"
        @"999999999-12-31" + @"P1D" -> null
        @"2026-03-02" < @"2026-03-02T00:00:01" -> null
        @"10:00:00" < @"10:00:01Z" -> true
        @"2026-03-02T10:00:00" < @"2026-03-02T09:00:00+08:00" -> false
        @"10:00:00" = @"10:00:00Z" -> false
    """,
    "ranges": r"""
        before(1, 10) -> true
        before([1..10], 10) -> false
        before([1..10), 10) -> true
        before([1..5), [5..10]) -> true
        after(12, [1..10]) -> true
        after([11..20], (1..11)) -> true
        after([11..20], 10) -> true
        meets([1..5], [5..10]) -> true
        meets([1..5), [5..10]) -> false
        met by([5..10], [1..5]) -> true
        overlaps([1..5], [3..8]) -> true
        overlaps([1..5), [5..8]) -> false
        overlaps before([1..5], [3..8]) -> true
        overlaps before([1..5], [1..5]) -> false
        overlaps before([1..5], (1..5]) -> true
        overlaps before([1..5], [6..8]) -> false
        overlaps after([3..8], [1..5]) -> true
        overlaps after((1..5], [1..5)) -> true
        finishes(10, [1..10]) -> true
        finishes(10, [1..10)) -> false
        finishes([5..10), [1..10)) -> true
        finished by([1..10], [5..10]) -> true
        includes([1..10], 5) -> true
        includes([1..10), 10) -> false
        includes([1..10), [1..10)) -> true
        includes((1..10], [1..10]) -> false
        during(5, [1..10]) -> true
        during((1..10), [1..10]) -> true
        starts(1, [1..10]) -> true
        starts((1..5], [1..10]) -> false
        started by([1..10], 1) -> true
        coincides([1..5], [1..5]) -> true
        coincides([1..5), [1..5]) -> false
        coincides("a", "a") -> true
        before(1, "a") -> null
        before([1..2], null) -> null
        includes((< 5), 3) -> true
        overlaps((< 5), (> 3)) -> true
        before((< 5), [5..6]) -> true
    """,
    "external": r"""
        {f: function(a) external {java: {class: "java.lang.Math", method signature: "abs(int)"}}, r: f(-3)}.r -> 3
        {f: function(a, b) external {java: {class: "java.lang.Math", method signature: "max(double,double)"}}, r: f(b: 1, a: 2.5)}.r -> 2.5
        {f: function(a) external {java: {class: "java.lang.Integer", method signature: "valueOf(java.lang.String)"}}, r: f("12")}.r -> 12
        {f: function(a, b) external {java: {class: "java.lang.String", method signature: "format(java.lang.String,[Ljava.lang.Object;)"}}, r: f("%s!", "hi")}.r -> "hi!"
        {f: function(a) external {java: {class: "java.lang.Math", method signature: "abs(int)"}}, r: f(1.5)}.r -> null
        {f: function(a) external {java: {class: "java.lang.Runtime", method signature: "exec(java.lang.String)"}}, r: f("ls")}.r -> null
    """,
}


def cases() -> Iterator[tuple[str, str]]:
    """Expression and expected value."""
    for block in CASES.values():
        for line in block.strip().splitlines():
            text, _, expected = line.strip().rpartition(" -> ")
            yield text, expected


@pytest.mark.parametrize(("text", "expected"), list(cases()))
def test_a_built_in_function_gives(text: str, expected: str):
    assert evaluate(text) == evaluate(expected)


def test_every_built_in_function_is_tried():
    tried = " ".join(text for text, _ in cases())

    assert [name for name in BUILTINS if f"{name}(" not in tried] == ["now", "today"]


def test_now_and_today_are_of_one_moment():
    assert evaluate("now() = now() and date(now()) = today()") is True


@pytest.mark.parametrize("name", sorted(BUILTINS))
def test_a_built_in_function_without_arguments_is_null_with_a_warning(name: str):
    warnings = Warnings()

    value = evaluate(f"{name}()", warnings=warnings)

    assert (value is None and len(warnings) == 1) or name in (
        "now",
        "today",
        "concatenate",
        "union",
    )
