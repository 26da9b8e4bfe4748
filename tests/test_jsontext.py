"""JSON that is too deep is no JSON, wherever it is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from velodepth import VeloDepthError, load_camera
from velodepth.eval.report import read_documents
from velodepth.jsontext import parse_json
from velodepth.runtime.note import read_note
from velodepth.train.shards import Shard

DEEP = "[" * 100_000


def test_values_and_no_values():
    assert parse_json(b'{"a": [1, null]}') == {"a": [1, None]}
    for text in (DEEP, '{"a":' * 100_000, "", "nan"):
        with pytest.raises(ValueError):
            parse_json(text)


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("camera.json", load_camera),
        ("run.json", read_documents),
        ("frames.json", lambda path: Shard.open(path.parent)),
        ("velodepth.json", lambda path: read_note(path.parent)),
    ],
)
def test_a_file_that_is_too_deep_is_told_by_name(tmp_path: Path, name, read):
    (tmp_path / name).write_text(DEEP)
    with pytest.raises(VeloDepthError, match=name) as caught:
        read(tmp_path / name)
    assert "\n" not in str(caught.value)
