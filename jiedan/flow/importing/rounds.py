"""Multi-instance markers: the collection, its item, how long, and BPMN's own data references."""

from __future__ import annotations

from lxml import etree

from jiedan.flow.content.xml import BPMN
from jiedan.flow.importing.conversion import Conversion, variable_name, zeebe
from jiedan.flow.importing.settings import Setting, Settings
from jiedan.flow.importing.translating import is_foreign

Node = etree._Element


def convert_rounds(conversion: Conversion, node: Node, settings: Settings) -> None:
    """`node` is a multiInstanceLoopCharacteristics."""
    collection = settings.take_any("collection") or _reference(node, "loopDataInputRef")
    element = settings.take_any("elementVariable") or _item(node, "inputDataItem")
    results = _reference(node, "loopDataOutputRef")
    result = _item(node, "outputDataItem")
    if collection:
        _put_collection(conversion, node, collection)
    if element:
        _put_name(conversion, node, element, "inputElement")
    if results and result:
        name = variable_name(results.value)
        if name is not None and variable_name(result.value) is not None:
            said = {"outputCollection": name, "outputElement": f"={result.value}"}
            zeebe(node, "loopCharacteristics", **said)
            to = f"outputCollection: {name}, outputElement: ={result.value}"
            conversion.say("converted", node, results.label, to=to)
            return
    for one in (results, result):
        if one:
            conversion.say("setting_left", node, one.label, value=one.value)


def _put_collection(conversion: Conversion, node: Node, setting: Setting) -> None:
    text = setting.value.strip()
    if is_foreign(text):
        value = conversion.value(node, setting.label, text)
        if value is not None:
            zeebe(node, "loopCharacteristics", inputCollection=value)
        return
    if variable_name(text) is None:
        conversion.say("setting_left", node, setting.label, value=text)
        return
    zeebe(node, "loopCharacteristics", inputCollection=f"={text}")
    conversion.say("converted", node, setting.label, to=f"inputCollection: ={text}")


def _put_name(conversion: Conversion, node: Node, setting: Setting, attribute: str) -> None:
    name = variable_name(setting.value.strip())
    if name is None:
        conversion.say("setting_left", node, setting.label, value=setting.value)
        return
    zeebe(node, "loopCharacteristics", **{attribute: name})
    conversion.say("converted", node, setting.label, to=f"{attribute}: {name}")


def _reference(node: Node, name: str) -> Setting | None:
    """BPMN's reference to a data object, which these engines read as a variable's name."""
    found = node.find(f"{{{BPMN}}}{name}")
    if found is None or not (found.text or "").strip():
        return None
    text = (found.text or "").strip()
    node.remove(found)
    return Setting(f"bpmn:{name}", text.rpartition(":")[2] if not is_foreign(text) else text)


def _item(node: Node, name: str) -> Setting | None:
    found = node.find(f"{{{BPMN}}}{name}")
    if found is None:
        return None
    node.remove(found)
    return Setting(f"bpmn:{name}", found.get("name") or found.get("id") or "")
