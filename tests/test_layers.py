"""The picture of docs/architecture.md: arrows point down, and torch stays where it is said to be."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import velodepth

ROOT = Path(velodepth.__file__).parent
PAGE = Path(__file__).parents[1] / "docs" / "architecture.md"
BESIDE = {("live", "web")}
TORCH = re.compile(
    r"(nets|train)/|(export|runtime/(torch|capture)|adapters/(transformers_hub|exporting))\.py$"
)


def layers() -> dict[str, int]:
    """The height of each part in the page's picture, 0 for the lowest."""
    picture = PAGE.read_text("utf-8").split("```")[1]
    rows = [line[:46].split() for line in picture.splitlines() if re.match(r"   \w", line)]
    return {name: height for height, names in enumerate(reversed(rows)) for name in names}


def imports(path: Path) -> Iterator[str]:
    """Absolute names of the modules that a file imports when it runs."""
    for node in running(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (each.name for each in node.names)
        elif isinstance(node, ast.ImportFrom):
            folder = ["velodepth", *path.relative_to(ROOT).parts[:-1]]
            start = folder[: len(folder) + 1 - node.level] if node.level else []
            module = ".".join([*start, *([node.module] if node.module else [])])
            yield from (f"{module}.{each.name}" for each in node.names)


def running(node: ast.AST) -> Iterator[ast.AST]:
    """All of a tree but what only type checkers read."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test) == "TYPE_CHECKING"):
            yield from running(child)


def part_of(name: str) -> str:
    return name.removeprefix("velodepth.").split(".")[0]


def test_arrows_point_down():
    height = layers()
    parts = {path.relative_to(ROOT).parts[0].removesuffix(".py") for path in ROOT.rglob("*.py")}
    assert height.keys() == parts - {"__init__", "__main__"}
    wrong = []
    for path in ROOT.rglob("*.py"):
        own = path.relative_to(ROOT).parts[0].removesuffix(".py")
        for name in imports(path):
            other = part_of(name)
            down = height.get(other, -1) < height.get(own, 99)
            if name.startswith("velodepth.") and other != own and not down and (own, other) not in BESIDE:
                wrong.append(f"{path.relative_to(ROOT)} imports {name}")
    assert not wrong


def test_torch_stays_where_it_is_needed():
    files = {path.relative_to(ROOT).as_posix(): {*map(str, imports(path))} for path in ROOT.rglob("*.py")}
    found = {name for name, needs in files.items() if any(each.split(".")[0] == "torch" for each in needs)}
    assert found and not [name for name in found if not TORCH.match(name)]
