"""One command trains and measures propagation without each of its parts."""

from __future__ import annotations

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.nets.nano import Nano  # noqa: E402
from velodepth.train import ablation  # noqa: E402
from velodepth.train.ablation import ablate  # noqa: E402
from velodepth.train.config import PARTS, Config  # noqa: E402


def test_every_part_has_a_row():
    assert sorted(without for (without,) in filter(None, ablation.TRAINED.values())) == sorted(PARTS)
    assert ablation.UNTRAINED.keys() == {"warp only", "keyframe every frame"}


def test_a_table_of_trained_and_untrained_rows(shards, tmp_path, monkeypatch):
    kept = {name: ablation.TRAINED[name] for name in ("everything", "without residual correction")}
    monkeypatch.setattr(ablation, "TRAINED", kept)
    torch.manual_seed(0)
    torch.save({"average": Nano(carries=True).state_dict()}, tmp_path / "keyframe.pt")
    config = Config(
        data=[shards], out=str(tmp_path / "out"), init=str(tmp_path / "keyframe.pt"), sizes=[[64, 64]],
        steps=1, batch=1, rollout=1, ages=[0], checked=6, warm_up=1, device="cpu",
    )  # fmt: skip
    table = ablate(config)
    assert Path(tmp_path / "out" / "ablation.md").read_text() == table
    rows = {cells[1].strip(): cells[2:-1] for cells in (line.split("|") for line in table.splitlines()[2:6])}
    assert list(rows) == [*kept, "warp only", "keyframe every frame"]
    assert all(0 <= float(x) <= 1 for cells in rows.values() for x in (cells[0], cells[2], cells[4]))
    assert float(rows["keyframe every frame"][-1]) == 1 > float(rows["warp only"][-1])
    # The parts are really left out: what has no correction still has the modules of the start.
    before = torch.load(tmp_path / "keyframe.pt", weights_only=True)["average"]
    folder = tmp_path / "out" / "without-residual-correction"
    after = torch.load(folder / "propagation.pt", weights_only=True)["average"]
    assert torch.allclose(before["change.0.weight"], after["change.0.weight"], atol=1e-6)
    assert not torch.equal(before["flow_change.weight"], after["flow_change.weight"])


def test_a_start_is_needed(shards, tmp_path):
    with pytest.raises(VeloDepthError, match="init is not given"):
        ablate(Config(data=[shards], out=str(tmp_path)))
