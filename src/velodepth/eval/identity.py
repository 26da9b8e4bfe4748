"""Names for content, by which results are cached."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def fingerprint(parts: Iterable[Path | str | bytes]) -> str:
    """16 hexadecimal digits of a hash of all parts in order; of a path, of its content and not its name."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.read_bytes() if isinstance(part, Path) else part
        content = content.encode() if isinstance(content, str) else content
        whole.update(len(content).to_bytes(8, "little"))  # so that ("ab", "c") is not ("a", "bc")
        whole.update(content)
    return whole.hexdigest()[:16]


def code(*names: str) -> list[Path]:
    """The source files of this package below `names`, such as "stream" or "cameras.py"."""
    return [
        file
        for name in names
        for file in ([PACKAGE / name] if name.endswith(".py") else sorted((PACKAGE / name).rglob("*.py")))
    ]
