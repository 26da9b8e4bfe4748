"""The same loop teaches the large network, from a user's own recordings."""

from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")
safetensors = pytest.importorskip("safetensors.torch", reason="pip install 'velodepth[torch]'")

from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.nets.large import LargeNet  # noqa: E402
from velodepth.nets.nano import Nano  # noqa: E402
from velodepth.nets.published import published_name  # noqa: E402
from velodepth.presets.large import LargeSettings  # noqa: E402
from velodepth.train import students  # noqa: E402
from velodepth.train.config import Config  # noqa: E402
from velodepth.train.loop import train  # noqa: E402

SETTINGS = LargeSettings(alpha_flow=0.2, hsv_flow=True, min_ratio=0.6)


@pytest.fixture
def recordings(tmp_path, write_recording, monkeypatch, tiny_large) -> str:
    """Two recordings; and in place of the published network, a tiny one."""

    def tiny(path: str | None) -> tuple[LargeNet, LargeSettings]:
        torch.manual_seed(0)
        return LargeNet(replace(tiny_large, hsv_flow=True)), SETTINGS

    monkeypatch.setattr(students, "load_net", tiny)
    for seed, name in enumerate(("a", "b")):
        write_recording(tmp_path / "recordings" / name, seed)
    return str(tmp_path / "recordings")


def test_fine_tuning_large_in_both_stages(recordings, tmp_path):
    settings = {
        "data": [recordings], "out": str(tmp_path / "run"), "preset": "large", "sizes": [[98, 70]],
        "batch": 2, "rate": 1e-2, "encoder_rate": 1e-3, "warm_up": 1, "checked": 4, "device": "cpu",
    }  # fmt: skip
    keyframe = train(Config(**settings, steps=20, every=5))
    losses = [float(x) for x in re.findall(r" loss ([\d.]+)", keyframe.with_suffix(".log").read_text())]
    assert losses[-1] < 0.7 * losses[0]

    after = train(Config(**settings, stage="propagation", steps=2, every=1, ages=[2]))
    before, now = (torch.load(path, weights_only=True)["average"] for path in (keyframe, after))
    changed = {name.split(".")[0] for name in now if not torch.equal(before[name], now[name])}
    assert changed == {"observer", "corrections"}
    log = after.with_suffix(".log").read_text()
    assert all(float(re.search(rf"{part} ([\d.]+)", log)[1]) > 0 for part in ("flow", "consistency"))
    written = safetensors.load_file(tmp_path / "run" / "model.safetensors")
    assert written.keys() == {published_name(name) for name in now}
    described = json.loads((tmp_path / "run" / "config.json").read_text())
    assert LargeSettings.from_config(described) == SETTINGS  # a run of the tuned network sees the same flow
    assert torch.equal(written[published_name("decoder.start.weight")], now["decoder.start.weight"])


def test_large_needs_its_checkpoint(tmp_path):
    with pytest.raises(VeloDepthError, match=r"model\.safetensors does not exist"):
        students.make_student(Config(data=["a"], out="b", preset="large", checkpoint=str(tmp_path)))


@pytest.mark.parametrize("part", ["correction", "refinement"])
def test_a_part_of_nano_left_out_does_nothing(part):
    torch.manual_seed(0)
    whole = Nano(carries=True).eval()
    with torch.no_grad():
        for module in (whole.flow_change, *whole.change):
            torch.nn.init.normal_(module.weight)
    without = students.Ablated([part]).eval()
    without.load_state_dict(whole.state_dict())
    canvas = [torch.randn(1, 3, 64, 96, generator=torch.Generator().manual_seed(s)) for s in (1, 2)]
    flow = torch.full((1, 2, 64, 96), 2.0)
    with torch.inference_mode():
        answers = [net.propagate(net.keyframe(canvas[0]), canvas[1], flow) for net in (whole, without)]
    refined = [bool((answer.carried.flow != 2).any()) for answer in answers]
    assert refined == [True, part == "correction"]
    assert not torch.equal(answers[0].radius, answers[1].radius)
