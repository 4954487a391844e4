"""A DMN file with the files it imports: who is who, and under which name it is seen."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from jiedan.dmn.definitions import (
    DecisionElement,
    Definitions,
    InputData,
    Knowledge,
    Service,
)
from jiedan.dmn.errors import UnreadableModel
from jiedan.dmn.items import ItemTypes, component_names
from jiedan.dmn.reader import read_definitions

Key = tuple[str, str]
"""Namespace and id."""
Element = InputData | DecisionElement | Knowledge | Service
_MAX_FILES = 50


@dataclass(frozen=True, slots=True)
class Module:
    """One file, read, with its types."""

    definitions: Definitions
    types: ItemTypes
    aliases: Mapping[str, str]
    """Namespace of an imported file → the name it is imported under."""
    names: frozenset[str]
    """Names that may stand behind a dot: components and elements of imported files."""


class Library:
    """All files of a model."""

    def __init__(self, xml: bytes, imports: Mapping[str, bytes]) -> None:
        self.modules: dict[str, Module] = {}
        self.elements: dict[Key, Element] = {}
        self._imports = imports
        self.main = self._add(read_definitions(xml), ())

    def _add(self, definitions: Definitions, open_: tuple[str, ...]) -> Module:
        if len(self.modules) > _MAX_FILES:
            raise UnreadableModel(reason="too many imports")
        aliases: dict[str, str] = {}
        imported = {}
        names = set(component_names(definitions.items))
        for each in definitions.imports:
            module = self._import(each.namespace, (*open_, definitions.namespace))
            if module is None:
                continue
            aliases[each.namespace] = each.name
            names |= module.names | set(_element_names(module.definitions))
            prefix = f"{each.name}." if each.name else ""
            imported.update({prefix + name: type_ for name, type_ in module.types.items()})
        types = ItemTypes(definitions.items, imported)
        module = Module(definitions, types, aliases, frozenset(names))
        self.modules[definitions.namespace] = module
        for element in _elements(definitions):
            self.elements[definitions.namespace, element.id] = element
        return module

    def _import(self, namespace: str, open_: tuple[str, ...]) -> Module | None:
        if namespace in self.modules:
            return self.modules[namespace]
        if namespace not in self._imports or namespace in open_:
            return None
        return self._add(read_definitions(self._imports[namespace]), open_)

    def find(self, reference: str, namespace: str) -> Key | None:
        """The element that an href means, seen from a file."""
        before, _, id_ = reference.rpartition("#")
        if before:
            return (before, id_) if (before, id_) in self.elements else self._anywhere(id_)
        return (namespace, id_) if (namespace, id_) in self.elements else None

    def _anywhere(self, id_: str) -> Key | None:
        found = [key for key in self.elements if key[1] == id_]
        return found[0] if len(found) == 1 else None


def _elements(definitions: Definitions) -> Iterator[Element]:
    yield from definitions.inputs
    yield from definitions.decisions
    yield from definitions.knowledge
    yield from definitions.services


def _element_names(definitions: Definitions) -> Iterable[str]:
    return (element.variable.name for element in _elements(definitions))
