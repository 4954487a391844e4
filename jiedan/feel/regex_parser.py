"""From the text of a pattern to the machine's program."""

from typing import Any

from jiedan.feel.regex_classes import ESCAPES, Predicate, any_case, category, opposite

CHAR, SPLIT, JUMP, SAVE, START, END, BACK, MATCH = range(8)
"""Operations: take a character; try two ways; go on elsewhere; note the place; ^; $; \\1; done."""

Step = tuple[int, Any, Any]
_PROGRAM = 3000
_DEPTH = 40
_SINGLE = {"n": "\n", "r": "\r", "t": "\t"}
_LITERAL = frozenset("\\|.-^?*+{}()[]$/ ,:;=!<>&#%@~'\"_")


class PatternError(Exception):
    """The pattern cannot be used."""


class PatternParser:
    """Parses one pattern into pieces and lays them out as a program."""

    def __init__(self, pattern: str, flags: str) -> None:
        self.flags = flags
        self.text = pattern
        self.place = 0
        self.groups = 0
        self.closed: set[int] = set()
        self.backs = False
        self.depth = 0

    def program(self) -> list[Step]:
        """The steps of the pattern."""
        if len(self.text) > 2000:
            raise PatternError("too long")
        if "q" in self.flags:
            steps = [self._char(char) for char in self.text]
        else:
            steps = self._choice()
            if self.place < len(self.text):
                raise PatternError("a closing parenthesis too many")
        return _moved([*steps, (MATCH, None, None)], 0)

    def _peek(self) -> str:
        if "x" in self.flags:
            while self.place < len(self.text) and self.text[self.place] in " \t\r\n":
                self.place += 1
        return self.text[self.place : self.place + 1]

    def _next(self) -> str:
        char = self.text[self.place : self.place + 1]
        if not char:
            raise PatternError("it ends too early")
        self.place += 1
        return char

    def _char(self, char: str) -> Step:
        test: Predicate = char.__eq__
        return (CHAR, any_case(test) if "i" in self.flags else test, None)

    # Targets of SPLIT and JUMP are relative until `_moved` makes them absolute.

    def _choice(self) -> list[Step]:
        self.depth += 1
        if self.depth > _DEPTH:
            raise PatternError("nested too deep")
        branches = [self._branch()]
        while self._peek() == "|":
            self.place += 1
            branches.append(self._branch())
        self.depth -= 1
        steps = branches.pop()
        while branches:
            first = branches.pop()
            steps = [
                (SPLIT, 1, len(first) + 2),
                *first,
                (JUMP, len(steps) + 1, None),
                *steps,
            ]
            _limit(steps)
        return steps

    def _branch(self) -> list[Step]:
        steps: list[Step] = []
        while self._peek() not in ("", "|", ")"):
            steps += self._quantified(self._atom())
            _limit(steps)
        return steps

    def _quantified(self, atom: list[Step]) -> list[Step]:
        bounds = self._bounds()
        if bounds is None:
            return atom
        low, high = bounds
        lazy = self._peek() == "?"
        if lazy:
            self.place += 1
        if self._peek() in ("*", "+", "?"):
            raise PatternError("a quantifier follows a quantifier")
        if len(atom) * max(low, high or 0, 1) > _PROGRAM:
            raise PatternError("too long")
        steps = atom * low
        if high is None:
            size = len(atom)
            steps += [_split(1, size + 2, lazy), *atom, (JUMP, -size - 1, None)]
        else:
            for left in range(high - low, 0, -1):
                steps += [_split(1, left * (len(atom) + 1), lazy), *atom]
        return steps

    def _bounds(self) -> tuple[int, int | None] | None:
        char = self._peek()
        simple = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(char)
        if simple is not None:
            self.place += 1
            return simple
        if char != "{":
            return None
        end = self.text.find("}", self.place)
        low, comma, high = self.text[self.place + 1 : end].partition(",")
        if end < 0 or not _digits(low) or not (not high or _digits(high)):
            raise PatternError("a wrong number of times")
        self.place = end + 1
        bounds = (int(low), int(low) if not comma else int(high) if high else None)
        if bounds[1] is not None and bounds[1] < bounds[0]:
            raise PatternError("a wrong number of times")
        return bounds

    def _atom(self) -> list[Step]:
        char = self._next()
        if char == "(":
            return self._group()
        if char == "[":
            return [(CHAR, self._class(), None)]
        if char == ".":
            every: Predicate = (lambda _: True) if "s" in self.flags else _not_newline
            return [(CHAR, every, None)]
        if char == "^":
            return [(START, None, None)]
        if char == "$":
            return [(END, None, None)]
        if char == "\\":
            return self._escape()
        if char in "*+?{}])":
            raise PatternError("a quantifier or bracket stands alone")
        return [self._char(char)]

    def _group(self) -> list[Step]:
        if self.text.startswith("?:", self.place):
            self.place += 2
            steps = self._choice()
        else:
            self.groups += 1
            number = self.groups
            inside = self._choice()
            steps = [(SAVE, 2 * number - 2, None), *inside, (SAVE, 2 * number - 1, None)]
            self.closed.add(number)
        if self._peek() != ")":
            raise PatternError("a closing parenthesis is missing")
        self.place += 1
        return steps

    def _escape(self) -> list[Step]:
        char = self._next()
        if char in "123456789":
            return [(BACK, self._back(int(char)), None)]
        self.place -= 1
        return [(CHAR, self._folded(self._escaped()), None)]

    def _back(self, number: int) -> int:
        """The number of a closed group: as many digits as make one."""
        while self.place < len(self.text) and self.text[self.place] in "0123456789":
            longer = number * 10 + int(self.text[self.place])
            if longer > self.groups:
                break
            number = longer
            self.place += 1
        if number not in self.closed:
            raise PatternError("there is no such group")
        self.backs = True
        return number

    def _folded(self, test: Predicate) -> Predicate:
        return any_case(test) if "i" in self.flags else test

    def _escaped(self) -> Predicate:
        """The class after a backslash."""
        char = self._next()
        if char in _SINGLE:
            return _SINGLE[char].__eq__
        if char in _LITERAL:
            return char.__eq__
        if char in "pP":
            return self._category(char == "P")
        known = ESCAPES.get(char.lower())
        if known is None:
            raise PatternError("an escape without meaning")
        return opposite(known) if char.isupper() else known

    def _category(self, negated: bool) -> Predicate:
        end = self.text.find("}", self.place)
        if self._next() != "{" or end < 0:
            raise PatternError("a category is missing")
        found = category(self.text[self.place : end])
        if found is None:
            raise PatternError("there is no such category")
        self.place = end + 1
        return opposite(found) if negated else found

    def _class(self) -> Predicate:
        self.depth += 1
        if self.depth > _DEPTH:
            raise PatternError("nested too deep")
        negated = self.text.startswith("^", self.place)
        self.place += negated
        tests: list[Predicate] = []
        without: Predicate | None = None
        while not self.text.startswith("]", self.place):
            if self.text.startswith("-[", self.place) and tests:
                self.place += 2
                without = self._class()
                if not self.text.startswith("]", self.place):
                    raise PatternError("a subtraction must end its class")
                break
            tests.append(self._class_part())
        if not tests:
            raise PatternError("an empty class")
        self.place += 1
        self.depth -= 1
        return _class_test(tuple(tests), negated, without, fold="i" in self.flags)

    def _class_part(self) -> Predicate:
        first = self._class_char()
        if not isinstance(first, str):
            return first
        rest = self.text[self.place : self.place + 2]
        if not rest.startswith("-") or rest in ("-]", "-["):
            return first.__eq__
        self.place += 1
        last = self._class_char()
        if not isinstance(last, str) or last < first:
            raise PatternError("a wrong span of characters")
        low, high = first, last
        return lambda char: low <= char <= high

    def _class_char(self) -> str | Predicate:
        char = self._next()
        if char == "[":
            raise PatternError("a quantifier or bracket stands alone")
        if char != "\\":
            return char
        escaped = self._next()
        if escaped in _SINGLE:
            return _SINGLE[escaped]
        if escaped in _LITERAL:
            return escaped
        self.place -= 1
        return self._escaped()


def _class_test(
    tests: tuple[Predicate, ...], negated: bool, without: Predicate | None, *, fold: bool
) -> Predicate:
    def belongs(char: str) -> bool:
        return any(test(char) for test in tests)

    inside: Predicate = any_case(belongs) if fold else belongs
    outer = opposite(inside) if negated else inside
    if without is None:
        return outer
    kept, left_out = outer, without
    return lambda char: kept(char) and not left_out(char)


def _not_newline(char: str) -> bool:
    return char not in "\n\r"


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 5


def _limit(steps: list[Step]) -> None:
    if len(steps) > _PROGRAM:
        raise PatternError("too long")


def _split(first: int, second: int, lazy: bool) -> Step:
    return (SPLIT, second, first) if lazy else (SPLIT, first, second)


def _moved(steps: list[Step], base: int) -> list[Step]:
    """The steps with absolute targets."""
    moved: list[Step] = []
    for place, (operation, argument, other) in enumerate(steps, base):
        if operation == SPLIT:
            moved.append((operation, place + argument, place + other))
        elif operation == JUMP:
            moved.append((operation, place + argument, None))
        else:
            moved.append((operation, argument, other))
    return moved
