"""What a step may do with a form's fields: read or not even see some that others may fill in.

The diagram says so in the user task's properties: `jiedan:fields.read` and `jiedan:fields.hide`
hold keys of the form, separated by commas. A group or a table takes all that is in it along.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

READ, HIDE = "fields.read", "fields.hide"


@dataclass(frozen=True, slots=True)
class FieldRights:
    """Keys of fields that a step may only read, and of those that it does not see."""

    read: frozenset[str] = frozenset()
    hide: frozenset[str] = frozenset()

    def __bool__(self) -> bool:
        return bool(self.read or self.hide)

    def __str__(self) -> str:
        return f"read={','.join(sorted(self.read))};hide={','.join(sorted(self.hide))}"


def rights_from(read: str | None, hide: str | None) -> FieldRights:
    """From the two properties as the diagram has them."""
    return FieldRights(_keys(read), _keys(hide))


def _keys(text: str | None) -> frozenset[str]:
    return frozenset(key.strip() for key in (text or "").split(",") if key.strip())


def restricted(schema: Mapping[str, Any], rights: FieldRights) -> dict[str, Any]:
    """The schema as such a step gets it."""
    return {**schema, "components": _left(schema.get("components") or (), rights, is_read=False)}


def _left(components: Any, rights: FieldRights, *, is_read: bool) -> list[dict[str, Any]]:
    found = []
    for one in components:
        name = one.get("key") or one.get("path") or ""
        if name and name in rights.hide:
            continue
        read = is_read or (bool(name) and name in rights.read)
        changed = dict(one)
        if read and one.get("type") not in ("button", "text", "html", "separator", "spacer"):
            changed["readonly"] = True
        if "components" in one:
            changed["components"] = _left(one["components"], rights, is_read=read)
        found.append(changed)
    return found


def all_keys(schema: Mapping[str, Any]) -> frozenset[str]:
    """Every key and path of a form."""
    found: set[str] = set()
    waiting = list(schema.get("components") or ())
    while waiting:
        one = waiting.pop()
        found.update(str(one[name]) for name in ("key", "path") if one.get(name))
        waiting.extend(one.get("components") or ())
    return frozenset(found)
