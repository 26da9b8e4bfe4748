"""`velodepth train`: a thin face over velodepth.train."""

from __future__ import annotations

import pytest

pytest.importorskip("torch", reason="torch is an extra: pip install 'velodepth[torch]'")

from velodepth.train import ablation, recipe


@pytest.fixture
def seen(monkeypatch) -> list:
    """The configurations that would have been trained."""
    found: list = []
    monkeypatch.setattr(recipe, "follow", lambda recipe: found.extend(recipe.stages))
    monkeypatch.setattr(ablation, "ablate", lambda config: found.append(config) or "| table |\n")
    return found


def test_options_and_file_become_a_configuration(call, folder, seen):
    (folder / "run.toml").write_text('data = ["shards"]\nout = "run"\nsteps = 10\nfrozen_stages = 0\n')
    call("train", "run.toml", "--steps", 5, "--size", "256x192", "--size", "128x96")
    call("train", "--data", "a", "--data", "b", "-o", "c", "--stage", "propagation")
    first, second = seen
    assert (first.data, first.steps, first.frozen_stages) == (["shards"], 5, 0)
    assert first.sizes == [[256, 192], [128, 96]] and first.stage == "keyframe"
    assert (second.data, second.out, second.stage, second.sizes) == (["a", "b"], "c", "propagation", [])


def test_ablations_are_a_command_of_their_own(call, seen):
    told = call("train", "ablate", "--data", "a", "--out", "b", "--init", "k.pt", "--steps", 3)
    assert told.out == "| table |\n"
    assert (seen[0].init, seen[0].steps) == ("k.pt", 3)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "out is not given"),
        (["--out", "b"], "data is not given"),
        (["nothing.toml"], "nothing.toml cannot be read"),
        (["--data", "a", "--out", "b", "--size", "big"], "--size big is not understood"),
        (["--data", "a", "--out", "b", "--stage", "third"], "stage is 'third'"),
    ],
)
def test_bad_input_is_told_in_a_line(refused, arguments, words):
    assert words in refused("train", *arguments)


def test_help_of_both_ends_with_examples(call):
    for arguments in (["train", "run"], ["train", "ablate"]):
        told = call(*arguments, "--help")
        assert "velodepth train" in told.out and "Example" in told.out


def test_help_of_the_group_lists_its_commands(call):
    commands = call("train", "--help").out.split("Commands:")[1]
    assert [line.split()[0] for line in commands.strip().splitlines()] == ["run", "ablate"]
