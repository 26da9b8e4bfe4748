"""A bounded part of the campaign, the same each time; `make hostile` goes on for as long as one likes."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).with_name("campaign.py")
NEEDS = {"bags": "rosbags", "kills": "pyarrow", "pairs": "pyarrow", "connections": "fastapi"}
spec = importlib.util.spec_from_file_location("campaign", CAMPAIGN)
campaign = importlib.util.module_from_spec(spec)
spec.loader.exec_module(campaign)


def test_every_kind_has_its_part():
    assert campaign.FAST_COUNTS.keys() == campaign.ATTACKS.keys()


@pytest.mark.parametrize("kind", campaign.ATTACKS)
def test_nothing_is_lost_and_nobody_gets_in(kind):
    if kind in NEEDS:
        pytest.importorskip(NEEDS[kind])
    count = campaign.FAST_COUNTS[kind]
    command = [sys.executable, CAMPAIGN, "--kind", kind, "--seed", "0", "--count", str(count), "--json"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.stdout, f"the process ended with {done.returncode}: {done.stderr}"
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["tried"] == count
    assert not found["failures"], "\n".join(f"{each['number']}: {each['why']}" for each in found["failures"])
