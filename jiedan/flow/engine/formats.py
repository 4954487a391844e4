"""The wrapping of stored states, their format numbers, and the steps from old formats to ours.

Format 2: one byte format number, one byte packing (0 plain, 1 zlib), four bytes CRC-32 of the
rest, big end first; the rest is the JSON document, packed as the second byte says.
Format 1: one byte packing, then the document with its number in it as `f`.

To change what is stored: raise FORMAT, add the step from the number before, and keep states of
the new format beside the old ones in `tests/flow/engine/stored`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from jiedan.flow.engine.errors import StateUnreadable

FORMAT = 2
_PLAIN, _PACKED = 0, 1
_HEADER = 6
_WORTH_PACKING = 400
_MAX_UNPACKED = 64 * 1024 * 1024

Document = dict[str, Any]


def encode(document: Document) -> bytes:
    """A document of the present format as the bytes that are stored."""
    text = orjson.dumps(document)
    packing = _PLAIN
    if len(text) >= _WORTH_PACKING:
        text, packing = zlib.compress(text, 1), _PACKED
    return bytes((FORMAT, packing)) + zlib.crc32(text).to_bytes(4, "big") + text


def decode(state: bytes) -> Document:
    """The stored document, brought to the present format. Raises StateUnreadable."""
    try:
        number, document = _read(state)
        return bring_forward(document, number)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, zlib.error) as problem:
        raise StateUnreadable(f"{type(problem).__name__}: {problem}") from problem


def bring_forward(
    document: Document,
    number: int,
    *,
    to: int = FORMAT,
    steps: Mapping[int, Callable[[Document], Document]] | None = None,
) -> Document:
    """Take a document of format `number` through every step up to `to`. Raises StateUnreadable."""
    if number > to:
        raise StateUnreadable(
            f"written by a newer release: format {number}, this one reads up to {to}"
        )
    for one in range(number, to):
        step = (STEPS if steps is None else steps).get(one)
        if step is None:
            raise StateUnreadable(f"format {one} is not known")
        document = step(document)
    return document


def _from_1(document: Document) -> Document:
    """The number went from the document to the first byte; parents are told by their place."""
    for scope in (document, *document.get("s", ())):
        places: dict[str, int] = {}
        for token in scope["t"]:
            token[3] = places[token[3]] if token[3] else 0
            places[token[0]] = len(places) + 1
    return {name: value for name, value in document.items() if name != "f"}


STEPS: Mapping[int, Callable[[Document], Document]] = {1: _from_1}
"""Format number → the step that makes the next one of it."""


def _read(state: bytes) -> tuple[int, Document]:
    if not state:
        raise StateUnreadable("empty")
    if state[0] < 2:
        document = _object(_unpack(state[0], state[1:]))
        return int(document["f"]), document
    if state[0] > FORMAT:
        bring_forward({}, state[0])  # says so, without a look at bytes that may mean anything
    packing, expected, text = state[1], state[2:_HEADER], state[_HEADER:]
    if zlib.crc32(text).to_bytes(4, "big") != expected:
        raise StateUnreadable("damaged: the checksum does not match")
    return state[0], _object(_unpack(packing, text))


def _unpack(packing: int, text: bytes) -> bytes:
    if packing == _PLAIN:
        return text
    if packing != _PACKED:
        raise StateUnreadable("unknown packing")
    unpacker = zlib.decompressobj()
    unpacked = unpacker.decompress(text, _MAX_UNPACKED)
    if unpacker.unconsumed_tail or not unpacker.eof:
        raise StateUnreadable("too large or cut off")
    return unpacked


def _object(text: bytes) -> Document:
    document = orjson.loads(text)
    if not isinstance(document, dict):
        raise StateUnreadable("no document")
    return document
