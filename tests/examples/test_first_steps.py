"""The notebook runs from top to bottom, as a reader would run it."""

from __future__ import annotations

from pathlib import Path

import pytest

nbclient = pytest.importorskip("nbclient", reason="a development tool: pip install '.[dev]'")
nbformat = pytest.importorskip("nbformat")

NOTEBOOK = Path(__file__).parents[2] / "examples" / "first_steps.ipynb"


def test_every_cell_of_the_notebook_runs(tmp_path):
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    nbformat.validate(notebook)
    assert not any(cell.get("outputs") for cell in notebook.cells), "outputs do not belong into git"
    nbclient.NotebookClient(notebook, resources={"metadata": {"path": str(tmp_path)}}).execute()
    first = next(cell for cell in notebook.cells if cell.cell_type == "code")
    assert "image/png" in first.outputs[-1].data  # the frame shows itself
    written = {path.name: path for path in (tmp_path / "results").iterdir()}
    assert written.keys() == {"depth.png", "depth.exr", "points.ply", "demo-side.mp4", "plane.glb"}
    assert all(path.stat().st_size > 1000 for path in written.values())
