"""Small diagrams in other engines' dialects, and what an import made of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from jiedan.flow.content.xml import BPMN, ZEEBE, parse_xml
from jiedan.flow.importing import Imported, import_diagram

DIALECTS = {
    "camunda": "http://camunda.org/schema/1.0/bpmn",
    "operaton": "http://operaton.org/schema/1.0/bpmn",
    "fox": "http://www.camunda.com/fox",
    "flowable": "http://flowable.org/bpmn",
    "activiti": "http://activiti.org/bpmn",
    "spiffworkflow": "http://spiffworkflow.org/bpmn/schema/1.0/core",
}


def file(body: str, *, dialect: str = "camunda", outside: str = "", process: str = "") -> bytes:
    """A file of one process `p` in the dialect, which the prefix `x` stands for."""
    return (
        f'<definitions xmlns="{BPMN}" xmlns:x="{DIALECTS[dialect]}" id="d" targetNamespace="t" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f'{outside}<process id="p" isExecutable="true" {process}>{body}</process></definitions>'
    ).encode()


def extended(*inside: str) -> str:
    return f"<extensionElements>{''.join(inside)}</extensionElements>"


@dataclass(frozen=True)
class Seen:
    """An import with shortcuts to what tests ask of it."""

    imported: Imported
    root: etree._Element

    def element(self, element_id: str) -> etree._Element:
        (found,) = self.root.xpath("//*[@id=$id]", id=element_id)
        return found

    def kind(self, element_id: str) -> str:
        return str(etree.QName(self.element(element_id)).localname)

    def said(self, element_id: str, name: str) -> dict[str, str]:
        """The attributes of a zeebe extension of an element."""
        path = f".//{{{BPMN}}}extensionElements/{{{ZEEBE}}}{name}"
        found = self.element(element_id).find(path)
        return {} if found is None else {str(k): str(v) for k, v in found.attrib.items()}

    def mappings(self, element_id: str, way: str = "input") -> dict[str, str]:
        path = f".//{{{ZEEBE}}}ioMapping/{{{ZEEBE}}}{way}"
        return {
            one.get("target"): one.get("source") for one in self.element(element_id).iterfind(path)
        }

    def text(self, element_id: str, tag: str) -> str:
        return self.element(element_id).findtext(f".//{{{BPMN}}}{tag}") or ""

    def rules(self, level: str | None = None) -> list[tuple[str, str]]:
        """Rule and setting of the rows."""
        return [
            (one.rule, str(one.params["setting"]))
            for one in self.imported.rows
            if level in (None, one.level)
        ]

    def forms(self) -> Iterator[bytes]:
        yield from self.imported.forms.values()


def see(content: bytes) -> Seen:
    imported = import_diagram(content, filename="old.bpmn")
    return Seen(imported, parse_xml(imported.source))
