"""Who is to answer among several signers, worked out without a database."""

from __future__ import annotations

from uuid import UUID, uuid4

from hypothesis import given, settings
from hypothesis import strategies as st

from jiedan.flow.verbs.tree import Node, State, Tree, build

MODES = ("all", "any", "turn", "votes")


@st.composite
def trees(draw: st.DrawFn) -> Tree:
    """Seats of a step, with sets added before, after and beside some of them."""
    root = uuid4()
    mode = draw(st.sampled_from(MODES))
    share = 51 if mode == "votes" else draw(st.sampled_from([100, 60]))
    strict = draw(st.booleans())
    size = draw(st.integers(1, 4))
    nodes = [_node(root, None, "own", mode, share, strict, place) for place in range(size)]
    for _ in range(draw(st.integers(0, 4))):
        parent = draw(st.sampled_from(nodes))
        kind = draw(st.sampled_from(["before", "after", "beside"]))
        how, together = draw(st.sampled_from(MODES[:3])), uuid4()
        for _ in range(draw(st.integers(1, 2))):
            nodes.append(_node(together, parent.id, kind, how, 100, True, len(nodes)))
    return build(nodes)


def _node(
    set_id: UUID, parent: UUID | None, kind: str, mode: str, share: int, strict: bool, place: int
) -> Node:
    return Node(uuid4(), parent, set_id, kind, mode, share, strict, place, State.WAITING)


@settings(max_examples=150)
@given(tree=trees(), answers=st.lists(st.booleans(), min_size=40, max_size=40))
def test_somebody_can_always_answer_until_the_step_is_decided_once_and_for_all(
    tree: Tree, answers: list[bool]
) -> None:
    verdict = tree.settle()

    for agrees in answers:
        free = [node for node in tree.nodes.values() if node.state is State.OPEN]
        if verdict is not None:
            assert not free
            assert not any(node.state.is_pending for node in tree.nodes.values())
            assert tree.settle() is not None
            break
        assert free, "nobody can answer"
        free[0].state = State.AGREED if agrees else State.REFUSED
        verdict = tree.settle()

    assert verdict is not None


@settings(max_examples=100)
@given(tree=trees())
def test_if_everybody_agrees_the_step_is_agreed_to(tree: Tree) -> None:
    verdict = tree.settle()

    while verdict is None:
        next(one for one in tree.nodes.values() if one.state is State.OPEN).state = State.AGREED
        verdict = tree.settle()

    assert verdict == "agreed"
