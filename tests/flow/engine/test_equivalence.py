"""Generated diagrams: saving, dropping and restoring after every step changes nothing.

Each diagram is built from blocks that nest freely. A play that is saved and restored after every
step is compared, move by move, with one that stays in memory; and a plain recursion over the
blocks says which user tasks had to be completed for the instance to end.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from itertools import count, pairwise
from typing import Any

from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

from jiedan.flow.engine import compile_model
from tests.flow.engine.drawing import (
    boundary,
    call,
    catch,
    each,
    end,
    event_subprocess,
    file,
    flow,
    inclusive,
    message,
    node,
    on,
    parallel,
    path,
    process,
    script,
    start,
    subprocess,
    timer,
    user,
    xor,
)
from tests.flow.engine.stage import Play

TASK, SCRIPT, SEQUENCE, CHOICE, SPLIT, SOME, LOOP, ROUNDS, INSIDE, CALLED = (
    "task", "script", "sequence", "choice", "split", "some", "loop", "rounds", "inside", "called",
)  # fmt: skip
RACE, NOTICE, ALARM, RESCUE, EITHER = "race", "notice", "alarm", "rescue", "either"


@dataclass
class Block:
    kind: str
    parts: list[Block] = field(default_factory=list)
    number: int = 0  # which branch, how many rounds, which branches as bits


def blocks() -> st.SearchStrategy[Block]:
    leaf = st.builds(Block, st.sampled_from([TASK, TASK, TASK, SCRIPT]))

    def compound(inner: st.SearchStrategy[Block]) -> st.SearchStrategy[Block]:
        several = st.lists(inner, min_size=2, max_size=3)
        one = st.lists(inner, min_size=1, max_size=1)
        return st.one_of(
            st.builds(Block, st.just(SEQUENCE), several),
            st.builds(Block, st.just(CHOICE), several, st.integers(0, 2)),
            st.builds(Block, st.just(SPLIT), several),
            st.builds(Block, st.just(SOME), several, st.integers(0, 7)),
            st.builds(Block, st.just(LOOP), one, st.integers(1, 3)),
            st.builds(Block, st.just(ROUNDS), one, st.integers(0, 5)),
            st.builds(Block, st.sampled_from([INSIDE, CALLED]), one),
            st.builds(Block, st.sampled_from([RACE, NOTICE]), several),
            st.builds(Block, st.sampled_from([ALARM, RESCUE, EITHER]), several, st.integers(0, 3)),
        )

    return st.recursive(leaf, compound, max_leaves=8)


class Drawing:
    """Draws a block; every element gets an id of its own."""

    def __init__(self, top: Block) -> None:
        self.numbers = count(1)
        self.messages: list[str] = []
        self.processes: list[str] = []
        self.expected: Counter[str] = Counter()
        self.scope: list[str] = []
        first, last = self.draw(top, 1)
        main = process(start(), *self.scope, end(), path("begin", first), path(last, "done"))
        definitions = [message(f"def_{name}", name) for name in self.messages]
        self.file = file(*definitions, main, *self.processes)

    def name(self, stem: str) -> str:
        return f"{stem}_{next(self.numbers)}"

    def add(self, *parts: str) -> None:
        self.scope.extend(parts)

    def draw(self, block: Block, times: int) -> tuple[str, str]:
        """Draw a block that is run `times` times; the ids to enter and to leave it by."""
        return getattr(self, f"draw_{block.kind}")(block, times)

    def draw_task(self, block: Block, times: int) -> tuple[str, str]:
        name = self.name("task")
        self.add(user(name))
        self.expected[name] += times
        return name, name

    def draw_script(self, block: Block, times: int) -> tuple[str, str]:
        name = self.name("script")
        self.add(script(name, f"if {name} = null then 1 else {name} + 1", name))
        return name, name

    def draw_sequence(self, block: Block, times: int) -> tuple[str, str]:
        ends = [self.draw(part, times) for part in block.parts]
        for (_, one), (other, _) in pairwise(ends):
            self.add(flow(one, other, id=self.name("flow")))
        return ends[0][0], ends[-1][1]

    def branches(
        self, block: Block, opening: str, closing: str, taken: set[int], times: int
    ) -> None:
        for index, part in enumerate(block.parts):
            first, last = self.draw(part, times if index in taken else 0)
            when = "true" if index in taken else "false"
            self.add(flow(opening, first, when=when, id=self.name("flow")))
            self.add(flow(last, closing, id=self.name("flow")))

    def draw_choice(self, block: Block, times: int) -> tuple[str, str]:
        opening, closing = self.name("which"), self.name("again")
        self.add(xor(opening), xor(closing))
        self.branches(block, opening, closing, {block.number % len(block.parts)}, times)
        return opening, closing

    def draw_split(self, block: Block, times: int) -> tuple[str, str]:
        opening, closing = self.name("split"), self.name("meet")
        self.add(parallel(opening), parallel(closing))
        for part in block.parts:
            first, last = self.draw(part, times)
            self.add(flow(opening, first, id=self.name("flow")))
            self.add(flow(last, closing, id=self.name("flow")))
        return opening, closing

    def draw_some(self, block: Block, times: int) -> tuple[str, str]:
        opening, closing = self.name("some"), self.name("gather")
        taken = {i for i in range(len(block.parts)) if block.number >> i & 1} or {0}
        self.add(inclusive(opening), inclusive(closing))
        self.branches(block, opening, closing, taken, times)
        return opening, closing

    def draw_loop(self, block: Block, times: int) -> tuple[str, str]:
        """The loop counts in a variable that it sets back when it is left."""
        begin, turn, decide, leave = (self.name(one) for one in ("loop", "turn", "more", "reset"))
        self.add(xor(begin), xor(decide, default=f"{decide}_out"))
        self.add(script(turn, f"if {turn} = null then 1 else {turn} + 1", turn))
        self.add(script(leave, "0", turn))
        first, last = self.draw(block.parts[0], times * block.number)
        self.add(path(begin, first), path(last, turn, decide))
        self.add(flow(decide, begin, when=f"{turn} < {block.number}", id=self.name("flow")))
        self.add(flow(decide, leave, id=f"{decide}_out"))
        return begin, leave

    def draw_rounds(self, block: Block, times: int) -> tuple[str, str]:
        name, rounds = self.name("rounds"), block.number % 4
        items = f"[{', '.join(str(one) for one in range(rounds))}]"
        marker = each(items, results=f"{name}_results", result="item", sequential=block.number >= 3)
        self.inside(name, block.parts[0], times * rounds, marker)
        return name, name

    def draw_inside(self, block: Block, times: int) -> tuple[str, str]:
        name = self.name("inside")
        self.inside(name, block.parts[0], times)
        return name, name

    def inside(self, name: str, block: Block, times: int, *marker: str) -> None:
        around, self.scope = self.scope, []
        first, last = self.draw(block, times)
        begin, done = self.name("begin"), self.name("done")
        inner = [start(begin), *self.scope, end(done), path(begin, first), path(last, done)]
        self.scope = around
        self.add(subprocess(name, *marker, *inner))

    def draw_called(self, block: Block, times: int) -> tuple[str, str]:
        name, called = self.name("call"), self.name("process")
        around, self.scope = self.scope, []
        first, last = self.draw(block.parts[0], times)
        begin, done = self.name("begin"), self.name("done")
        inner = [start(begin), *self.scope, end(done), path(begin, first), path(last, done)]
        self.scope = around
        self.processes.append(process(*inner, id=called))
        self.add(call(name, called))
        return name, name

    def draw_race(self, block: Block, times: int) -> tuple[str, str]:
        """A message at the border takes the activity away, or opens a second path beside it."""
        name, border, closing = self.name("raced"), self.name("border"), self.name("merge")
        self.messages.append(border)
        self.inside(name, block.parts[0], times)
        definition = on("message", f"def_{border}")
        self.add(boundary(border, name, definition), xor(closing), path(name, closing))
        first, last = self.draw(block.parts[1], 0)
        self.add(path(border, first), path(last, closing))
        return name, closing

    def draw_notice(self, block: Block, times: int) -> tuple[str, str]:
        """A message at any time starts an event subprocess beside the work."""
        name, noticed = self.name("noticing"), self.name("noticed")
        self.messages.append(noticed)
        around, self.scope = self.scope, []
        first, last = self.draw(block.parts[1], 0)
        begin = self.name("begin")
        definition = on("message", f"def_{noticed}")
        begin_event = node("startEvent", begin, definition, isInterrupting="false")
        handler = event_subprocess(
            self.name("handler"), begin_event, *self.scope, path(begin, first)
        )
        del last
        self.scope = []
        first, last = self.draw(block.parts[0], times)
        begin, done = self.name("begin"), self.name("done")
        inner = [start(begin), *self.scope, end(done), path(begin, first), path(last, done)]
        self.scope = around
        self.add(subprocess(name, handler, *inner))
        return name, name

    def draw_alarm(self, block: Block, times: int) -> tuple[str, str]:
        """A timer at the border, with or without repetition, interrupting or beside."""
        name, border, closing = self.name("watched"), self.name("alarm"), self.name("merge")
        self.inside(name, block.parts[0], times)
        beside = bool(block.number & 1)
        when = timer(cycle="R2/PT1H") if block.number & 2 and beside else timer("PT1H")
        self.add(boundary(border, name, when, interrupting=not beside), xor(closing))
        first, last = self.draw(block.parts[1], 0)
        self.add(path(name, closing), path(border, first))
        if beside:  # a second token on the main path could fill a join for its sister
            over = self.name("over")
            self.add(end(over), path(last, over))
        else:
            self.add(path(last, closing))
        return name, closing

    def draw_rescue(self, block: Block, times: int) -> tuple[str, str]:
        """Errors inside are caught, by a boundary event or by an event subprocess."""
        name, closing = self.name("guarded"), self.name("merge")
        around, self.scope = self.scope, []
        first, last = self.draw(block.parts[1], 0)
        rescue, self.scope = self.scope, around
        if block.number & 1:
            begin = self.name("begin")
            handler = event_subprocess(
                self.name("handler"), start(begin, on("error")), *rescue, path(begin, first)
            )
            self.inside(name, block.parts[0], times, handler)
            self.add(xor(closing), path(name, closing))
        else:
            border = self.name("caught")
            self.inside(name, block.parts[0], times)
            self.add(boundary(border, name, on("error")), xor(closing), *rescue)
            self.add(path(name, closing), path(border, first), path(last, closing))
        return name, closing

    def draw_either(self, block: Block, times: int) -> tuple[str, str]:
        """An event gateway: the first of a message and a timer decides, so not on the plain way."""
        opening, closing = self.name("either"), self.name("merge")
        told, expired = self.name("told"), self.name("expired")
        self.messages.append(told)
        which = self.name("which")
        self.add(xor(which, default=f"{which}_past"), node("eventBasedGateway", opening))
        self.add(catch(told, on("message", f"def_{told}")), catch(expired, timer("PT1H")))
        self.add(xor(closing))
        self.add(flow(which, closing, id=f"{which}_past"))
        self.add(flow(which, opening, when="waiting = true", id=self.name("flow")))
        self.add(path(opening, told), path(opening, expired))
        for event, part in zip((told, expired), block.parts, strict=False):
            first, last = self.draw(part, 0)
            self.add(path(event, first), path(last, closing))
        return which, closing


def make_move(play: Play, choice: int, number: int) -> str:
    """Do one of all the things that can happen; which one is given by `choice`."""
    if play.failures:
        task_id = next(iter(play.failures))
        play.live.retry(task_id)
        play.run()
        return f"retry {play.trace[-1]}"
    messages = sorted({("message", name) for name, _ in play.subscriptions.values()})
    times = [("time", "")] if play.timers else []
    tasks = [("task", task_id) for task_id in play.open]
    errors = [("error", task_id) for task_id in play.open][: number % 4 == 3]
    moves = [*tasks, *messages, *times, *errors]
    kind, what = moves[choice % len(moves)]
    if kind == "message":
        play.deliver(str(what), None, told=number)
    elif kind == "time":
        play.wait(play.live.next_timer() - play.stage.time)
    else:
        element = play.open[what]
        if kind == "task":
            play.live.complete_task(what, {"last": element, f"seen_{element}": number})
        else:
            play.live.throw_error(what, "TROUBLE", {"number": number})
        play.run()
        what = element
    return f"{kind} {what}"


def picture(play: Play) -> dict[str, Any]:
    return {
        "trace": play.trace,
        "open": list(play.open.values()),
        "subscriptions": sorted(play.subscriptions.values()),
        "standing": play.standing,
        "variables": play.variables,
        "ended": play.ended,
        "dead": play.changes.dead,
        "failures": list(play.failures.values()),
        "timers": list(play.timers.values()),
        "time": play.stage.time,
    }


RELAXED = settings(
    max_examples=70,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@RELAXED
@given(blocks(), st.lists(st.integers(0, 1_000_000), min_size=60, max_size=60))
def test_saving_and_restoring_after_every_step_changes_nothing(
    block: Block, choices: list[int]
) -> None:
    drawing = Drawing(block)
    note(drawing.file.decode())
    model = compile_model({"p": drawing.file}, "p")
    variables = {"waiting": True}
    kept = Play(model, variables, saving=False)
    saved = Play(model, variables, saving=True)
    assert picture(kept) == picture(saved)

    for number, choice in enumerate(choices):
        if kept.ended:
            break
        assert make_move(kept, choice, number) == make_move(saved, choice, number)
        assert picture(kept) == picture(saved)
        assert not kept.changes.dead


@RELAXED
@given(blocks(), st.lists(st.integers(0, 1_000_000), min_size=400, max_size=400))
def test_an_instance_without_messages_ends_after_exactly_the_tasks_on_its_way(
    block: Block, choices: list[int]
) -> None:
    drawing = Drawing(block)
    note(drawing.file.decode())
    play = Play(compile_model({"p": drawing.file}, "p"), saving=True)
    completed: Counter[str] = Counter()

    for number, choice in enumerate(choices):
        if not play.open:
            break
        task_id = list(play.open)[choice % len(play.open)]
        completed[play.open[task_id]] += 1
        play.live.complete_task(task_id, {"turn": number})
        play.run()

    assert play.ended
    assert completed == +drawing.expected
