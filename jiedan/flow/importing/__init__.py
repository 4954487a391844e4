"""Owns the import of diagrams that were drawn for other engines."""

from jiedan.flow.importing.diagram import Imported, NotBpmn, import_diagram
from jiedan.flow.importing.rules import CONVERTED, LEVELS, NOTE, UNCONVERTED

__all__ = ["CONVERTED", "LEVELS", "NOTE", "UNCONVERTED", "Imported", "NotBpmn", "import_diagram"]
