"""The documentation as a site: no warning, all pages within reach, all pictures there."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("material", reason="an extra: pip install '.[docs]'")

ROOT = Path(__file__).parents[2]


def test_the_site_is_built_without_a_warning_and_has_pages_and_pictures(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--site-dir", tmp_path / "site"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
    )
    assert done.returncode == 0, done.stderr
    home = (tmp_path / "site" / "index.html").read_text("utf-8")
    for page in (ROOT / "docs").glob("*.md"):
        html = (tmp_path / "site" / page.name).with_suffix(".html").read_text("utf-8")
        assert f'href="{page.stem}.html"' in home or page.stem == "index", "it is not in the navigation"
        for picture in re.findall(r'<img[^>]* src="([^":]+)"', html):
            assert (tmp_path / "site" / picture).is_file()
    scripts = re.findall(r'(?:src|href)="(https?://[^"]+\.(?:js|css|woff2?))', home)
    assert not scripts, "the site takes something from another server"
