"""The table of protocols."""

from __future__ import annotations

import pytest

from velodepth.errors import VeloDepthError
from velodepth.eval.alignment import CLAIMS, KINDS
from velodepth.eval.protocols import PROTOCOLS, protocol_named


@pytest.mark.parametrize(
    ("protocol", "length", "dataset", "frames"),
    [
        ("velodepth", 100, "bonn", range(68, 100)),
        ("velodepth", 20, "bonn", range(20)),
        ("vda", 900, "bonn", range(500)),
        ("vda", 90, "bonn", range(90)),
        ("vda", 900, "sintel", range(900)),
        ("online", 900, "bonn", range(900)),
        ("full", 900, "bonn", range(900)),
    ],
)
def test_frames_are_those_of_the_table(protocol, length, dataset, frames):
    assert PROTOCOLS[protocol].frames(length, dataset) == frames


def test_a_limit_takes_the_first_of_the_protocols_frames():
    assert PROTOCOLS["velodepth"].frames(100, "tum", limit=5) == range(68, 73)
    assert PROTOCOLS["full"].frames(3, "tum", limit=5) == range(3)


@pytest.mark.parametrize(
    ("protocol", "dataset", "metres"),
    [
        ("velodepth", "scannet", 10),
        ("velodepth", "vkitti2", 255),
        ("velodepth", "bonn", 10),
        ("velodepth", "tum", 10),
        ("velodepth", "sintel", 1000),
        ("vda", "kitti", 80),
        ("vda", "sintel", 70),
        ("online", "sintel", 70),
        ("full", "kitti", 80),
        ("full", "rgbd", 7),  # the set's own
    ],
)
def test_depth_counts_up_to_what_the_table_says(protocol, dataset, metres):
    assert PROTOCOLS[protocol].max_depth(dataset, 7) == metres


def test_alignment_follows_the_claim():
    suffixes = {claim: [a.suffix for a in PROTOCOLS["velodepth"].alignments(claim)] for claim in CLAIMS}
    assert suffixes == {
        "metric": ["metric", "si", "ssi"],
        "scale": ["si", "ssi"],
        "affine_depth": ["ssi"],
        "affine_disparity": ["ssi"],
    }
    for protocol in PROTOCOLS.values():
        for claim in CLAIMS:
            if (protocol.name, claim) != ("vda", "affine_depth"):
                assert all(a.kind in KINDS[claim] for a in protocol.alignments(claim))


def test_a_claim_that_a_protocol_cannot_measure_is_refused():
    with pytest.raises(VeloDepthError, match=r"protocol vda aligns by disparity.*affine_depth"):
        PROTOCOLS["vda"].alignments("affine_depth")


def test_figures_have_names_of_their_own():
    for protocol in PROTOCOLS.values():
        names = [f"{measure}_{a.suffix}" for a in protocol.aligned for measure in a.measures]
        assert len(names) == len({*names})


def test_words_say_how_it_was_aligned():
    words = [a.words("metric") for a in PROTOCOLS["online"].aligned]
    assert words == ["first: scale and shift fitted on the first frame only"]
    words = [a.words("affine_disparity") for a in PROTOCOLS["velodepth"].alignments("affine_disparity")]
    assert words == ["ssi: scale and shift in disparity per frame"]


def test_an_unknown_protocol_is_refused():
    with pytest.raises(VeloDepthError, match=r"no protocol 'kitti'.*velodepth, vda, online, full"):
        protocol_named("kitti")
