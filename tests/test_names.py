"""Each name means one thing, of classes and types in the whole package, of functions wherever imported."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import velodepth

ROOT = Path(velodepth.__file__).parent
MODULES = {path: ast.parse(path.read_text("utf-8")) for path in ROOT.rglob("*.py")}
SAME = {"Array", "Result"}
"""Names that stand for the same thing everywhere: an array, and the type variable of a result."""
TWINS = {"focal_of"}
"""Functions that are the same of arrays and of tensors."""


def names(module: ast.Module) -> set[str]:
    """Classes, type aliases and type variables of a module."""
    found = set()
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found.add(node.targets[0].id)
    return {name for name in found if name[0].isupper() and not name.isupper()}


def test_each_name_is_defined_once():
    homes = defaultdict(list)
    for path, module in MODULES.items():
        for name in names(module):
            homes[name].append(path.relative_to(ROOT).as_posix())
    assert len(homes) > 200
    assert {name: where for name, where in homes.items() if len(where) > 1 and name not in SAME} == {}


def test_a_function_is_imported_from_one_place():
    """Two modules may each have a function of a name, but not both lend it to others."""
    functions = {
        path: {node.name for node in module.body if isinstance(node, ast.FunctionDef)}
        for path, module in MODULES.items()
    }
    homes = defaultdict(set)
    for path, module in MODULES.items():
        for node in ast.walk(module):
            if isinstance(node, ast.ImportFrom) and node.module:
                package = path.parents[node.level - 1] if node.level else ROOT.parent
                home = package.joinpath(*node.module.split(".")).with_suffix(".py")
                for each in node.names:
                    if each.name in functions.get(home, ()):
                        homes[each.name].add(home.relative_to(ROOT).as_posix())
    assert len(homes) > 200
    assert {name: where for name, where in homes.items() if len(where) > 1 and name not in TWINS} == {}
