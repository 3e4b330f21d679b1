"""Every notebook runs from its first cell to its last, shows no warning, and is kept without outputs."""

from __future__ import annotations

import os
import warnings

import pytest

from dealsim.show.pages import ROOT

NOTEBOOKS = sorted((ROOT / "docs" / "notebooks").glob("*.ipynb"))
SECONDS = 300
"""How long one cell may take: far more than any needs, and an end where one hangs."""


def read(path):
    nbformat = pytest.importorskip("nbformat")
    return nbformat.read(path, as_version=4)


def test_there_are_notebooks():
    assert NOTEBOOKS


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_kept_without_outputs(path):
    import nbformat

    book = read(path)
    nbformat.validate(book)
    for cell in book.cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None, f"{path.name}, {cell.id}: clear its outputs"
        assert not cell.metadata, f"{path.name}, {cell.id} holds marks of an editor"
    assert [cell.id for cell in book.cells] == [f"cell-{n + 1:02d}" for n in range(len(book.cells))], "number them"


@pytest.mark.slow
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_runs_without_a_warning(path, tmp_path, monkeypatch):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of what carries the cells, not of what is in them
        from nbclient import NotebookClient

        book = read(path)
        # this Python and this checkout, nothing of the user's own, and every warning shown
        monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / ".jupyter"))
        monkeypatch.setenv("IPYTHONDIR", str(tmp_path / ".ipython"))
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]))
        monkeypatch.setenv("PYTHONWARNINGS", "default")
        client = NotebookClient(
            book, timeout=SECONDS, kernel_name="python3", resources={"metadata": {"path": str(tmp_path)}}
        )
        client.execute()
    for cell in book.cells:
        for output in cell.get("outputs", ()):
            assert output.get("name") != "stderr", f"{path.name}, {cell.id}: {output['text']}"
