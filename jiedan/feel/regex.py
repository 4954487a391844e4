"""Patterns of matches, replace and split (XPath F&O 3.1 §5.6), matched in bounded time.

A pattern becomes a little program that a backtracking machine runs. The machine remembers which
step it has tried at which place of the text, so its work grows with pattern × text and no pattern
can make it run away; with back-references it cannot remember, and its steps are counted only.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from jiedan.feel.regex_parser import (
    BACK,
    CHAR,
    END,
    JUMP,
    MATCH,
    SAVE,
    SPLIT,
    START,
    PatternError,
    PatternParser,
)
from jiedan.feel.run import Run

_PACE = 64
"""How many moves of the machine are counted at once, as so many steps of the evaluation."""


@dataclass(frozen=True, slots=True)
class Found:
    """Where a pattern was found: offsets of the whole and of its groups (-1: not taken part)."""

    start: int
    end: int
    groups: tuple[int, ...]


@lru_cache(maxsize=256)
def compile_pattern(pattern: str, flags: str) -> "Pattern":
    """The compiled pattern; raises PatternError. Flags: s m i x q."""
    if set(flags) - set("smixq"):
        raise PatternError("unknown flag")
    return Pattern(PatternParser(pattern, flags))


class Pattern:
    """A compiled pattern."""

    def __init__(self, parsed: PatternParser) -> None:
        self.program = parsed.program()
        self.groups = parsed.groups
        self.multiline = "m" in parsed.flags
        self.fold = "i" in parsed.flags
        self.remembers = not parsed.backs

    def search(self, text: str, start: int, run: Run) -> Found | None:
        """The first place from `start` on."""
        tried: set[int] | None = set() if self.remembers else None
        for place in range(start, len(text) + 1):
            found = self._match(text, place, tried, run)
            if found is not None:
                return Found(place, *found)
        return None

    def _match(
        self, text: str, start: int, tried: set[int] | None, run: Run
    ) -> tuple[int, tuple[int, ...]] | None:
        program, size = self.program, len(text)
        width = len(program)
        stack: list[tuple[int, int, tuple[int, ...]]] = [(0, start, (-1,) * (2 * self.groups))]
        moves = 0
        while stack:
            step, place, saved = stack.pop()
            while True:
                moves += 1
                if moves % _PACE == 0:
                    run.spend(_PACE)
                if tried is not None:
                    key = place * width + step
                    if key in tried:
                        break
                    tried.add(key)
                operation, argument, other = program[step]
                if operation == CHAR:
                    if place == size or not argument(text[place]):
                        break
                    place += 1
                    step += 1
                elif operation == SPLIT:
                    stack.append((other, place, saved))
                    step = argument
                elif operation == JUMP:
                    step = argument
                elif operation == SAVE:
                    saved = (*saved[:argument], place, *saved[argument + 1 :])
                    step += 1
                elif operation == MATCH:
                    run.spend(moves % _PACE)
                    return place, saved
                else:
                    moved = self._check(operation, argument, text, place, saved)
                    if moved < 0:
                        break
                    place = moved
                    step += 1
        run.spend(moves % _PACE)
        return None

    def _check(
        self, operation: int, argument: Any, text: str, place: int, saved: tuple[int, ...]
    ) -> int:
        """The place after an assertion or a back-reference; -1 when it does not hold."""
        if operation == START:
            fits = place == 0 or (self.multiline and text[place - 1] == "\n")
            return place if fits else -1
        if operation == END:
            fits = place == len(text) or (self.multiline and text[place] == "\n")
            return place if fits else -1
        assert operation == BACK
        start, end = saved[2 * argument - 2], saved[2 * argument - 1]
        group = text[start:end] if 0 <= start <= end else ""
        there = text[place : place + len(group)]
        same = there == group or (self.fold and there.lower() == group.lower())
        return place + len(group) if same else -1

    def all(self, text: str, run: Run) -> Iterator[Found]:
        """All places, one after the other; raises PatternError when it matches nothing at all."""
        if self.search("", 0, run) is not None:
            raise PatternError("it matches the empty text")
        place = 0
        while True:
            found = self.search(text, place, run)
            if found is None:
                return
            yield found
            place = found.end if found.end > found.start else found.end + 1

    def split(self, text: str, run: Run) -> list[str] | None:
        """The parts of the text between the places."""
        parts, last = [], 0
        try:
            for found in self.all(text, run):
                parts.append(text[last : found.start])
                last = found.end
        except PatternError:
            return run.warn("The pattern matches the empty text.")
        return [*parts, text[last:]]

    def replace(self, text: str, replacement: str, run: Run, *, literal: bool = False) -> str:
        """The text with all places replaced; raises PatternError for a wrong replacement."""
        template = [replacement] if literal else _template(replacement, self.groups)
        parts: list[str] = []
        last = 0
        for found in self.all(text, run):
            parts.append(text[last : found.start])
            for piece in template:
                parts.append(piece if isinstance(piece, str) else _group(text, found, piece))
                run.grow(len(parts[-1]))
            last = found.end
        parts.append(text[last:])
        run.grow(len(text))
        return "".join(parts)


def _group(text: str, found: Found, number: int) -> str:
    if number == 0:
        return text[found.start : found.end]
    start, end = found.groups[2 * number - 2], found.groups[2 * number - 1]
    return text[start:end] if 0 <= start <= end else ""


def _template(replacement: str, groups: int) -> list[str | int]:
    r"""Texts and group numbers; $ and \ themselves are written \$ and \\."""
    pieces: list[str | int] = []
    place = 0
    while place < len(replacement):
        char = replacement[place]
        following = replacement[place + 1 : place + 2]
        if char == "\\":
            if following not in ("$", "\\") or not following:
                raise PatternError("a backslash stands alone in the replacement")
            pieces.append(following)
            place += 2
        elif char == "$":
            if not (following.isascii() and following.isdigit()):
                raise PatternError("a dollar sign stands alone in the replacement")
            number, place = _number(replacement, place + 1, groups)
            pieces.append(number if number <= groups else "")
        else:
            pieces.append(char)
            place += 1
    return pieces


def _number(text: str, place: int, groups: int) -> tuple[int, int]:
    """The longest number that is a group's, and the place after it."""
    number = int(text[place])
    place += 1
    while place < len(text) and text[place] in "0123456789":
        longer = number * 10 + int(text[place])
        if longer > groups:
            break
        number = longer
        place += 1
    return number, place
