"""The package says what it offers, and offers what it says."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import jiedan.desk

FOLDER = Path(jiedan.desk.__file__).parent


def test_every_function_that_the_package_names_is_there() -> None:
    listed = re.findall(r"``(\w+)``: ([\w, \n]+?)(?=\n    ``|\n\w|\n$)", jiedan.desk.__doc__ or "")

    assert len(listed) > 40
    for module, names in listed:
        tree = ast.parse((FOLDER / f"{module}.py").read_text("utf-8"))
        public = {
            node.name
            for node in tree.body
            if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
        }
        assert {name.strip() for name in names.split(",")} <= public, module
