"""Each name means one thing: no two classes or types of the package are called the same."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import velodepth

ROOT = Path(velodepth.__file__).parent
SAME = {"Array", "Result"}
"""Names that stand for the same thing everywhere: an array, and the type variable of a result."""


def names(path: Path) -> set[str]:
    """Classes, type aliases and type variables of a module."""
    found = set()
    for node in ast.parse(path.read_text("utf-8")).body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.add(node.targets[0].id)
    return {name for name in found if name[0].isupper() and not name.isupper()}


def test_each_name_is_defined_once():
    homes = defaultdict(list)
    for path in ROOT.rglob("*.py"):
        for name in names(path):
            homes[name].append(path.relative_to(ROOT).as_posix())
    assert len(homes) > 200
    assert {name: where for name, where in homes.items() if len(where) > 1 and name not in SAME} == {}
