"""What `velodepth web` refuses."""

from __future__ import annotations

import pytest
import typer

from velodepth.cli.web import web


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"static": "site", "preset": "large"}, "--static writes the preset nano alone, not large"),
        ({"host": "a..b"}, "cannot listen on a..b, port 8080 (this is no address): choose another"),
        ({"host": "192.0.2.1"}, "cannot listen on 192.0.2.1, port 8080 "),  # of another machine
    ],
)
def test_an_argument_that_cannot_be_is_told_in_a_sentence(arguments, said, capsys):
    with pytest.raises(typer.Exit) as end:
        web(**arguments)
    assert end.value.exit_code == 2
    assert said in capsys.readouterr().err
