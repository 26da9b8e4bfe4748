"""Configuration: from TOML and options, and what it refuses."""

from __future__ import annotations

import pytest

from velodepth.errors import VeloDepthError
from velodepth.train.config import Config, Weights, load_config


def test_options_win_over_the_file_and_the_file_over_defaults(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('data = ["a", "b"]\nsteps = 7\nrate = 1\nsizes = [[96, 64]]\nmixed = true\nages = [0]\n')
    config = load_config(file, out="run", steps=9, batch=None)
    assert (config.data, config.out, config.steps, config.batch) == (["a", "b"], "run", 9, Config.batch)
    assert config.rate == 1.0 and isinstance(config.rate, float)
    assert (config.sizes, config.mixed, config.ages) == ([[96, 64]], True, [0])


def test_a_budget_in_minutes_alone_has_no_limit_of_steps():
    assert load_config(None, data=["a"], out="b", minutes=3.0).steps == 0
    assert load_config(None, data=["a"], out="b", minutes=3.0, steps=5).steps == 5
    assert load_config(None, data=["a"], out="b").steps == Config.steps


def test_weights_of_the_loss_are_a_table(tmp_path):
    file = tmp_path / "run.toml"
    file.write_text('data = ["a"]\nout = "b"\n[weights]\nedges = 4\n')
    assert load_config(file).weights == Weights(edges=4.0) != Weights()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("stpes = 3", "'stpes'"),
        ("[weights]\nedgse = 2", "'edgse'"),
        ("[weights]\nedges = 'many'", "edges is 'many'"),
        ("steps = 'many'", "steps is 'many'"),
        ("steps = true", "steps is True"),
        ("steps = 0", "steps is 0 and minutes is 0"),
        ("steps = -1", "steps is -1"),
        ("pool = 0", "pool 0"),
        ("grow = true\nrender = 2", "grow and render"),
        ("rollout = 11", "rollout is 11"),
        ("stage = 'depth'", "stage is 'depth'"),
        ("without = ['luck']", "'luck'"),
        ("sizes = [[96]]", "sizes holds"),
        ("steps = ", "cannot be read as TOML"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, told):
    file = tmp_path / "run.toml"
    file.write_text(f"data = ['a']\nout = 'b'\n{text}\n")
    with pytest.raises(VeloDepthError, match=told):
        load_config(file)


def test_a_field_that_nobody_gave_is_named():
    with pytest.raises(VeloDepthError, match="out is not given"):
        load_config(None, data=["a"])
