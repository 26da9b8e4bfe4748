"""What came of a batch, as a Parquet table."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ..errors import needed
from ..media.atomic import whole
from .job import Receipt
from .run import Row

NAME = "manifest.parquet"


def write_manifest(path: Path, rows: Iterable[Row]) -> None:
    """One row a clip, in the order of the inputs.

    source, name: path and name of the clip. key: of its content and the settings. status: done or failed.
    fresh: done by this run. tries: of this run. reason: of a failure. outputs: paths below the output folder.
    frames, keyframes, width, height, seconds (of work), worker, warnings: empty where it failed.
    """
    pyarrow, parquet = arrow()
    text, count = pyarrow.string(), pyarrow.int64()
    schema = pyarrow.schema(
        {
            **dict.fromkeys(("source", "name", "key", "status"), text),
            "fresh": pyarrow.bool_(),
            "tries": count,
            "reason": text,
            "outputs": pyarrow.list_(text),
            **dict.fromkeys(("frames", "keyframes", "width", "height"), count),
            "seconds": pyarrow.float64(),
            "worker": text,
            "warnings": pyarrow.list_(text),
        }
    )
    lines = []
    for row in rows:
        line: dict[str, object] = {"source": str(row.clip.path), "name": row.clip.name}
        line |= {"key": row.key, "fresh": row.fresh, "tries": row.tries}
        if isinstance(row.outcome, Receipt):
            told = {name: value for name, value in vars(row.outcome).items() if name in schema.names}
            line = told | line | {"status": "done", "outputs": list(row.outcome.outputs)}
        else:
            line |= {"status": "failed", "reason": row.outcome.reason}
        lines.append(line)
    with whole(path) as temporary:
        parquet.write_table(pyarrow.Table.from_pylist(lines, schema), temporary)


def arrow() -> tuple:
    """pyarrow and its Parquet part; VeloDepthError where it is not installed."""
    with needed("velodepth batch", "batch"):
        import pyarrow
        import pyarrow.parquet
    return pyarrow, pyarrow.parquet
