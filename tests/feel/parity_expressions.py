"""Expressions that ours and the editors' evaluator are asked alike."""

from itertools import product
from typing import Any

SCOPE: dict[str, Any] = {
    "amount": 1200,
    "vip": True,
    "none": None,
    "客户等级": "A",
    "order total": 88.5,
    "lines": [
        {"sku": "a", "qty": 2, "price": 10},
        {"sku": "b", "qty": 5, "price": 3},
        {"sku": "c", "qty": 1, "price": 99},
    ],
    "customer": {"name": "王五", "address": {"city": "上海"}, "tags": ["x", "y"]},
    "numbers": [3, 1, 2],
}

_VALUES = (
    "1", "2", "-1", '"a"', '"b"', "true", "false", "null", "[1]", "{a: 1}",
    '@"2026-03-02"', '@"2026-03-03"', '@"P1D"', '@"P1M"',
)  # fmt: skip
_TRUTHS = ("true", "false", "null")
_RANGES = ("[1..3]", "(1..3]", "[3..5]", "[4..6]", "(3..4)", "[1..6]")

EVERYDAY = """
1 + 2
1 - 2
2 * 3
7 / 2
2 ** 10
-3 ** 2
-(3 + 4)
1 + 2 * 3
(1 + 2) * 3
10 - 2 - 3
2 ** 3 ** 2
100 / 10 / 2
1 / 0
0.1 + 0.2
1.1 * 3
1 / 3
1e3
.5
"a" + "b"
"王" + "五"
"a\\nb"
"\\u738b"
"\\U01F40E"
amount
amount + 1
order total * 2
客户等级
客户等级 = "A"
missing
none
none = null
amount > 1000 and vip = true
amount > 1000 and vip
amount < 1000 or not(vip)
if amount > 1000 then "big" else "small"
if null then 1 else 2
if "x" then 1 else 2
if vip then {a: 1} else null
customer.name
customer.address.city
customer.nothing
customer.address.nothing.more
customer.tags[1]
customer.tags[-1]
customer.tags[3]
lines.sku
lines[qty > 1].sku
lines[qty > 1 and price < 5].sku
lines[1].sku
lines[-1].price
lines[item.qty = 5].sku
lines[sku = "zzz"]
sum(lines.price)
sum(for line in lines return line.qty * line.price)
count(lines)
numbers[item > 1]
numbers[1]
numbers[0]
numbers[4]
numbers[-3]
[1, 2, 3]
[]
[1, [2, 3]]
[1, 2, 3][2]
[1, 2, 3, 4][item > 2]
[{a: 1}, {a: 2}].a
[{a: 1}, {a: 2}][a = 2]
[{a: 1}, {b: 2}].a
{}
{a: 1, b: 2}
{a: 1, b: a + 1}
{"a b": 1}
{a: {b: {c: 7}}}.a.b.c
{a: 1}.b
for i in 1..3 return i * i
for i in 3..1 return i
for i in [1, 2, 3] return i + 1
for i in [1, 2], j in [10, 20] return i + j
for i in 1..3, j in 1..i return j
for i in 0..4 return if i = 0 then 1 else i * partial[-1]
for line in lines return line.sku
for i in [] return i
some i in [1, 2, 3] satisfies i > 2
some i in [1, 2, 3] satisfies i > 3
some i in [] satisfies true
every i in [1, 2, 3] satisfies i > 0
every i in [1, 2, 3] satisfies i > 1
every i in [] satisfies false
some line in lines satisfies line.qty > 4
every line in lines satisfies line.qty > 4
some i in [1, 2], j in [2, 3] satisfies i = j
amount between 1000 and 2000
amount between 1300 and 2000
amount in [1000..2000]
amount in (1200..2000]
amount in [1000..1200)
amount in (1, 1200)
amount in (> 1000)
amount in > 2000
amount in (< 10, > 1000)
5 in [1..3]
1 in [1, 2]
"a" in ["a", "b"]
"b" in ("a", "c")
[1..3].start
(1..3].start included
[1..3).end included
[1..3] = [1..3]
function(a, b) a + b
(function(a, b) a + b)(1, 2)
{f: function(x) x * 2, y: f(4)}.y
{f: function(a, b) a - b}.f(b: 1, a: 5)
{f: function(n) if n < 2 then 1 else n * f(n - 1), r: f(5)}.r
sort(numbers, function(x, y) x < y)
sort(numbers, function(x, y) x > y)
sort(list: numbers, precedes: function(x, y) x < y)
1 /* a comment */ + 1
1 instance of number
"a" instance of string
true instance of boolean
null instance of Null
1 instance of string
[1] instance of list<number>
[1, "a"] instance of list<number>
{a: 1} instance of context<a: number>
@"2026-03-02" instance of date
@"P1D" instance of days and time duration
@"P1M" instance of years and months duration
not(true)
not(false)
not(null)
not("a")
abs(-5)
abs(5)
abs(@"-P1D")
floor(1.5)
floor(-1.5)
floor(1.56, 1)
ceiling(1.5)
ceiling(-1.5)
ceiling(1.52, 1)
round up(5.5, 0)
round up(-5.5, 0)
round up(1.121, 2)
round down(5.5, 0)
round down(-5.5, 0)
round down(1.126, 2)
round half up(5.5, 0)
round half up(-5.5, 0)
round half up(1.125, 2)
round half down(5.5, 0)
round half down(-5.5, 0)
round half down(1.126, 2)
decimal(1/3, 2)
decimal(1.5, 0)
decimal(2.5, 0)
modulo(12, 5)
modulo(-12, 5)
modulo(12, -5)
modulo(-12, -5)
modulo(10.1, 4.5)
modulo(1, 0)
sqrt(16)
sqrt(-1)
log(1)
log(10)
log(0)
exp(0)
exp(1)
odd(5)
odd(2)
even(5)
even(2)
even(1.5)
substring("foobar", 3)
substring("foobar", 3, 3)
substring("foobar", -2, 1)
substring("foobar", 1)
substring("foobar", 7)
substring("王五六", 2)
string length("foo")
string length("")
string length("🐎ab")
upper case("aBc4")
lower case("aBc4")
substring before("foobar", "bar")
substring before("foobar", "xyz")
substring before("foobar", "")
substring after("foobar", "foo")
substring after("foobar", "xyz")
substring after("foobar", "")
replace("abcd", "(ab)|(a)", "[1=$1][2=$2]")
replace("banana", "a", "o")
replace("hello world", "o", "0")
replace("abracadabra", "bra", "*")
replace("AbC", "b", "x", "i")
contains("foobar", "ob")
contains("foobar", "xx")
contains("foobar", "")
starts with("foobar", "fo")
starts with("foobar", "of")
ends with("foobar", "r")
ends with("foobar", "x")
matches("foobar", "^fo*b")
matches("foobar", "^xo*b")
matches("FoObar", "foo", "i")
matches("a1b2", "[a-z][0-9]")
matches("王五", "^王")
split("John Doe", "\\\\s")
split("a;b;c;;", ";")
split("abc", ",")
string join(["a", "b", "c"], ",")
string join(["a"], ",")
string join([], ",")
string join(["a", null, "c"], ",")
string join(["a", "b"])
string(1)
string(1.5)
string("x")
string(true)
string(@"2026-03-02")
string(@"P1DT2H")
string(null)
string([1, 2])
string({a: 1})
number("1000")
number("1,000.5", ",", ".")
number("1 000,5", " ", ",")
number("1.000,5", ".", ",")
number("abc")
list contains([1, 2, 3], 2)
list contains([1, 2, 3], 4)
list contains([1, null], null)
count([1, 2, 3])
count([])
min([1, 2, 3])
min(1, 2, 3)
min([])
max([1, 2, 3])
max(1, 2, 3)
max(["a", "b"])
sum([1, 2, 3])
sum(1, 2, 3)
sum([])
mean([1, 2, 3])
mean(1, 2, 3)
mean([])
all([true, true])
all([true, false])
all([true, null])
all([])
any([true, false])
any([false, false])
any([false, null])
any([])
sublist([4, 5, 6], 1, 2)
sublist([4, 5, 6], 2)
sublist([4, 5, 6], -2)
append([1], 2, 3)
append([], 1)
concatenate([1, 2], [3])
concatenate([1], [], [2])
insert before([1, 3], 1, 2)
insert before([1, 3], 2, 2)
insert before([1, 3], -1, 2)
remove([1, 2, 3], 2)
remove([1, 2, 3], -1)
reverse([1, 2, 3])
reverse([])
index of([1, 2, 3, 2], 2)
index of([1, 2], 9)
index of([1, null], null)
union([1, 2], [2, 3])
distinct values([1, 2, 3, 2, 1])
distinct values([])
flatten([[1, 2], [[3]], 4])
flatten([])
product([2, 3, 4])
product(2, 3)
product([])
median([8, 2, 5, 3, 4])
median([6, 1, 2, 3])
median([])
stddev([2, 4, 7, 5])
stddev([47])
mode([6, 3, 9, 6, 6])
mode([6, 1, 9, 6, 1])
mode([])
list replace([1, 2, 3], 2, 9)
list replace([2, 4, 7], function(item, newItem) item < newItem, 5)
get value({a: 1}, "a")
get value({a: 1}, "b")
get value({a: {b: 2}}, ["a", "b"])
get entries({a: 1, b: 2})
get entries({})
context([{key: "a", value: 1}, {key: "b", value: 2}])
context put({a: 1}, "b", 2)
context put({a: 1}, "a", 2)
context put({a: {b: 1}}, ["a", "b"], 2)
context merge([{a: 1}, {b: 2}])
context merge([{a: 1}, {a: 3}])
date("2026-03-02")
date(2026, 3, 2)
date("2026-02-30")
date(date and time("2026-03-02T09:30:00"))
date("2026-03-02").year
date("2026-03-02").month
date("2026-03-02").day
date("2026-03-02").weekday
time("09:30:00")
time("09:30:00+08:00")
time("09:30:00Z")
time(9, 30, 0)
time("25:00:00")
time("09:30:15").hour
time("09:30:15").minute
time("09:30:15").second
time("09:30:00+08:00").time offset
date and time("2026-03-02T09:30:00")
date and time("2026-03-02T09:30:00Z")
date and time("2026-03-02T09:30:00+08:00")
date and time("2026-03-02T09:30:00@Asia/Shanghai")
date and time(date("2026-03-02"), time("09:30:00"))
date and time("2026-03-02T09:30:00").year
date and time("2026-03-02T09:30:00").hour
date and time("2026-03-02T09:30:00@Asia/Shanghai").timezone
duration("P1D")
duration("P1DT2H30M")
duration("PT90M")
duration("P1Y2M")
duration("P14M")
duration("-P1D")
duration("x")
duration("P1DT2H30M").days
duration("P1DT2H30M").hours
duration("P1DT2H30M").minutes
duration("P1Y2M").years
duration("P1Y2M").months
years and months duration(date("2011-12-22"), date("2013-08-24"))
years and months duration(date("2013-08-24"), date("2011-12-22"))
date("2026-03-02") + duration("P1D")
date("2026-01-31") + duration("P1M")
date("2024-02-29") + duration("P1Y")
date("2026-03-02") - duration("P2D")
date("2026-03-02") - date("2026-02-28")
date and time("2026-03-02T09:30:00") + duration("PT16H")
date and time("2026-03-02T09:30:00") - date and time("2026-03-01T09:30:00")
date and time("2026-03-02T09:30:00Z") - date and time("2026-03-02T09:30:00+08:00")
time("23:30:00") + duration("PT1H")
time("09:30:00") - time("08:00:00")
duration("P1D") + duration("PT12H")
duration("P1Y") + duration("P1M")
duration("P1D") * 3
3 * duration("P1D")
duration("P3D") / 3
duration("P3D") / duration("P1D")
duration("P1Y") / duration("P1M")
duration("P1D") < duration("PT25H")
duration("P1Y") = duration("P12M")
date("2026-03-02") < date("2026-03-03")
date("2026-03-02") = date("2026-03-02")
time("09:30:00") < time("10:00:00")
date and time("2026-03-02T09:30:00Z") = date and time("2026-03-02T17:30:00+08:00")
date and time("2026-03-02T09:30:00Z") < date and time("2026-03-02T17:30:01+08:00")
date("2026-03-02") in [date("2026-03-01")..date("2026-03-31")]
for d in @"2026-03-02"..@"2026-03-04" return d
day of year(date("2026-03-02"))
day of week(date("2026-03-02"))
month of year(date("2026-03-02"))
week of year(date("2026-03-02"))
week of year(date("2005-01-01"))
is(1, 1)
is(date("2026-03-02"), time("09:30:00"))
is(@"09:30:00Z", @"09:30:00+00:00")
range("[1..3]")
range("(1..3]")
before(1, 10)
before(10, 1)
before([1..10], 15)
before([1..10], 10)
after(10, 5)
after([5..6], 1)
meets([1..5], [5..10])
met by([5..10], [1..5])
overlaps([1..5], [3..8])
overlaps before([1..5], [3..8])
overlaps after([3..8], [1..5])
finishes(10, [1..10])
finishes([5..10], [1..10])
finished by([1..10], 10)
includes([1..10], 5)
includes([1..10], [4..6])
during(5, [1..10])
during([4..6], [1..10])
starts(1, [1..10])
starts([1..5], [1..10])
started by([1..10], 1)
coincides(5, 5)
coincides([1..5], [1..5])
1 +
(1
if true then 1
for x in [1] retrun x
[1, 2
{a 1}
"abc
1 == 1
"""


def _groups() -> list[str]:
    texts = []
    for symbol in ("=", "<", "!="):
        texts += [f"{a} {symbol} {b}" for a, b in product(_VALUES, repeat=2)]
    for symbol in ("and", "or"):
        texts += [f"{a} {symbol} {b}" for a, b in product(_TRUTHS, repeat=2)]
    for function in ("before", "meets", "overlaps", "includes", "starts", "finishes", "coincides"):
        texts += [f"{function}({a}, {b})" for a, b in product(_RANGES, repeat=2)]
    return texts


EXPRESSIONS = list(dict.fromkeys([*EVERYDAY.strip().split("\n"), *_groups()]))
