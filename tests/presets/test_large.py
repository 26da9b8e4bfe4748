"""Loading the large preset: from a folder or file, its settings, its licence, and what can go wrong."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

import velodepth  # noqa: E402
from velodepth.errors import VeloDepthError  # noqa: E402
from velodepth.nets.large import SMALL, LargeNet  # noqa: E402
from velodepth.nets.published import published_name  # noqa: E402
from velodepth.presets import large  # noqa: E402
from velodepth.presets.large import LargeSettings, load_large  # noqa: E402

CONFIG = {
    "model": {"alpha_flow": 0.2, "beta_luma": 0.3, "residual_encoder": {"name": "nano", "use_hsv": True}},
    "data": {"shape_constraints": {"pixels_min": 20000.0, "pixels_max": 60000.0, "ratio_bounds": [0.6, 2.0]}},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    """A folder as the hub's, of the small size, in half precision."""
    from safetensors.torch import save_file

    folder = tmp_path_factory.mktemp("checkpoint")
    with torch.device("meta"):
        shapes = {k: v.shape for k, v in LargeNet(SMALL).state_dict().items()}
    tensors = {published_name(k): torch.full(shape, 0.01, dtype=torch.float16) for k, shape in shapes.items()}
    save_file(tensors, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG))
    return folder


def test_settings_from_the_configuration():
    settings = LargeSettings.from_config(CONFIG)
    assert settings == LargeSettings(
        alpha_flow=0.2,
        beta_luma=0.3,
        hsv_flow=True,
        min_pixels=20000,
        max_pixels=60000,
        min_ratio=0.6,
        max_ratio=2.0,
    )
    spec = settings.canvas_spec(level=3)
    assert (spec.min_pixels, spec.max_pixels, spec.multiple, spec.level) == (20000, 60000, 14, 3)


def test_what_the_configuration_leaves_out_is_as_published():
    assert LargeSettings.from_config({"model": {"residual_encoder": {}}}) == LargeSettings()
    assert LargeSettings() == LargeSettings(0.1, 0.15, 0.1, 0.15, False, 200_000, 600_000, 0.5, 2.5)


def test_load_from_a_folder(checkpoint):
    model = load_large(checkpoint, device="cpu")
    assert model.settings.alpha_flow == 0.2
    assert model.runtime.net.config.hsv_flow
    assert model.runtime.net.encoder.norm.weight.dtype == torch.float32
    state = model.runtime.look(np.zeros((3, 126, 210), np.float32))
    assert np.isfinite(state.radius).all()


def test_load_from_a_file_alone_takes_the_published_settings(checkpoint, tmp_path):
    (tmp_path / "copy.safetensors").symlink_to(checkpoint / "model.safetensors")
    assert load_large(tmp_path / "copy.safetensors", device="cpu").settings == LargeSettings()


def test_load_by_path_gives_the_published_policy_its_settings(checkpoint):
    stream = velodepth.load(str(checkpoint), device="cpu").stream(policy="published")
    assert stream.thresholds.motion == (0.2, 0.15) and stream.thresholds.uncovered == (0.1, 0.3)


def test_the_licence_is_printed_once(checkpoint, capsys):
    large._announce_licence.cache_clear()
    load_large(checkpoint, device="cpu")
    load_large(checkpoint, device="cpu")
    out = capsys.readouterr()
    assert out.err.count("CC BY-NC-SA 4.0") == 1 and out.out == ""


def test_a_path_that_is_not_there(tmp_path):
    with pytest.raises(VeloDepthError, match=r"nothing.safetensors does not exist"):
        load_large(tmp_path / "nothing.safetensors")
    with pytest.raises(VeloDepthError, match=r"model.safetensors does not exist"):
        load_large(tmp_path)


def test_a_file_that_is_no_checkpoint(tmp_path):
    broken = tmp_path / "model.safetensors"
    broken.write_bytes(b"not a checkpoint at all")
    with pytest.raises(VeloDepthError, match=r"model.safetensors cannot be read"):
        load_large(broken)


def test_another_checkpoint_is_told_by_its_tensors(tmp_path):
    from safetensors.torch import save_file

    save_file({"weight": torch.zeros(2)}, tmp_path / "model.safetensors")
    with pytest.raises(VeloDepthError, match=r"model.safetensors: .*missing: .*unexpected: weight"):
        load_large(tmp_path)


@pytest.mark.parametrize("text", ["{", "[1]", '{"data": {"shape_constraints": {"ratio_bounds": 3}}}'])
def test_a_configuration_that_is_none(checkpoint, tmp_path, text):
    (tmp_path / "model.safetensors").symlink_to(checkpoint / "model.safetensors")
    (tmp_path / "config.json").write_text(text)
    with pytest.raises(VeloDepthError, match=r"config.json is not the checkpoint's configuration"):
        load_large(tmp_path)


def test_without_a_network_one_sentence_says_what_to_do(monkeypatch, tmp_path):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(VeloDepthError, match=r"could not be fetched.*give their folder as path"):
        load_large()


def test_the_hubs_own_messages_are_not_shown(monkeypatch, tmp_path, capfd):
    import huggingface_hub
    from huggingface_hub.utils import logging

    def fetch(repository, name):
        logging.get_logger("huggingface_hub.utils._http").warning("Retrying in 1s [Retry 1/5].")
        raise OSError("no network")

    before = logging.get_verbosity()
    monkeypatch.setattr(huggingface_hub, "hf_hub_download", fetch)
    with pytest.raises(VeloDepthError, match="could not be fetched"):
        load_large()
    assert capfd.readouterr().err == "" and logging.get_verbosity() == before


def test_without_torch_one_sentence_says_what_to_do():
    code = (
        "import sys; sys.modules['torch'] = None\n"
        "import velodepth\n"
        "try: velodepth.load('large')\n"
        "except velodepth.VeloDepthError as error: print(error)\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "the large preset needs torch: run  pip install 'velodepth[torch]'"


PEAK = """
import sys
from pathlib import Path
import velodepth.nets.published, velodepth.nets.winograd, velodepth.runtime.torch, safetensors.torch
from velodepth.presets.large import load_large

def peak():
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))

before = peak()
loaded = load_large(sys.argv[1], "cpu")
print(peak() - before)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak of memory from /proc")
def test_loading_takes_little_more_memory_than_the_weights(tmp_path):
    from safetensors.torch import save_file

    with torch.device("meta"):
        shapes = {k: v.shape for k, v in LargeNet(SMALL).state_dict().items()}
    weights = tmp_path / "model.safetensors"
    save_file({published_name(k): torch.full(shape, 0.01) for k, shape in shapes.items()}, weights)
    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(weights)], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) <= 1.3 * weights.stat().st_size
