"""The verbs as people meet them: their words, icons and keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from jiedan.core.i18n import LazyText, lazy


@dataclass(frozen=True, slots=True)
class Verb:
    """One verb as buttons and forms show it."""

    name: str
    label: LazyText
    icon: str
    key: str
    """The key that opens it on the task's page."""
    needs: frozenset[str]
    """The names under which a task may allow it."""
    done: LazyText
    about: LazyText
    who: str = ""
    """`one` or `many` people."""
    danger: bool = False


def _verb(name: str, *needs: str, **more: Any) -> Verb:
    return Verb(name=name, needs=frozenset(needs or (name,)), **more)


OF_TASK = {
    one.name: one
    for one in (
        _verb(
            "transfer",
            label=lazy("Transfer"),
            icon="forward",
            key="t",
            done=lazy("Transferred."),
            about=lazy("The task becomes somebody else's; you are out of it."),
            who="one",
        ),
        _verb(
            "delegate",
            label=lazy("Delegate"),
            icon="person",
            key="d",
            done=lazy("Delegated. It comes back to you with the answer."),
            about=lazy("Somebody answers first; then it comes back to you and you decide."),
            who="one",
        ),
        _verb(
            "add",
            *("add_before", "add_after", "add_beside"),
            label=lazy("Add signers"),
            icon="people",
            key="s",
            done=lazy("They were added."),
            about=lazy("More people decide at this step: before you, after you or beside you."),
            who="many",
        ),
        _verb(
            "remove_signer",
            label=lazy("Remove a signer"),
            icon="cross",
            key="m",
            done=lazy("Removed."),
            about=lazy("Somebody who was added and has not answered need not decide any more."),
        ),
        _verb(
            "return",
            label=lazy("Return"),
            icon="back",
            key="r",
            done=lazy("Returned."),
            about=lazy("An earlier step is done again. Branches beside it go on."),
            danger=True,
        ),
        _verb(
            "reject",
            label=lazy("Reject"),
            icon="stop",
            key="x",
            done=lazy("Rejected."),
            about=lazy("You say no. It ends, or goes to the step that the diagram names."),
            danger=True,
        ),
        _verb(
            "withdraw",
            label=lazy("Withdraw my decision"),
            icon="again",
            key="w",
            done=lazy("Withdrawn. The task is yours again."),
            about=lazy("Your decision is taken back, as long as nobody has gone on from it."),
        ),
        _verb(
            "copy",
            label=lazy("Send a copy"),
            icon="copy",
            key="y",
            done=lazy("The copy is sent."),
            about=lazy("For information: they can read it and comment, not decide."),
            who="many",
        ),
    )
}
OF_INSTANCE = {
    one.name: one
    for one in (
        _verb(
            "urge",
            label=lazy("Urge"),
            icon="bell",
            key="u",
            done=lazy("They have been reminded."),
            about=lazy("Those for whom it waits get a notice with your words."),
        ),
        _verb(
            "cancel",
            label=lazy("Cancel the request"),
            icon="stop",
            key="z",
            done=lazy("Cancelled."),
            about=lazy("What you started ends here, for everybody."),
            danger=True,
        ),
        _verb(
            "resubmit",
            label=lazy("Submit again"),
            icon="again",
            key="b",
            done=lazy("Started again with what the old one knew."),
            about=lazy("A new request begins with what was filled in in this one."),
        ),
    )
}
