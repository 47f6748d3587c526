"""The notebook of the library: it runs, and shows what it says."""

import json
from pathlib import Path

import numpy as np
import pytest
import run_notebook
from scipy.io import loadmat

DOCS = Path(__file__).parents[2] / "docs"
NOTEBOOK = DOCS / "library.ipynb"
FETCHED = DOCS.parent / "data" / "archive" / "kriegeskorte92" / "demos" / "92imageData"


def code(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


@pytest.mark.filterwarnings("ignore")  # rsatoolbox's own
def test_its_cells_run_and_show_what_is_kept_in_it(tmp_path):
    kept = json.loads(NOTEBOOK.read_text())
    for file in DOCS.glob("*.npz"):
        (tmp_path / file.name).symlink_to(file)
    quick = tmp_path / NOTEBOOK.name
    text = NOTEBOOK.read_text()
    assert text.count("resamples = 1000") == 1
    quick.write_text(text.replace("resamples = 1000", "resamples = 60"))
    found = run_notebook.executed(quick)
    for before, now in zip(code(kept), code(found), strict=True):
        assert [sorted(one.get("data", {})) for one in before["outputs"]] == [
            sorted(one.get("data", {})) for one in now["outputs"]
        ]
    shown = [
        "".join(one["data"]["text/html"])
        for cell in code(kept)
        for one in cell["outputs"]
        if "text/html" in one.get("data", {})
    ]
    assert any("blocks.11" in one for one in shown)


@pytest.mark.skipif(not FETCHED.is_dir(), reason="the demo's data are not on this machine")
def test_its_data_are_the_published_ones():
    data = np.load(DOCS / "kriegeskorte92.npz")
    published = loadmat(FETCHED / "92_brainRDMs.mat")["RDMs"]["RDM"][0]
    upper = np.triu_indices(92, 1)
    mean = [np.mean([one[upper] for one in subject], axis=0) for subject in published]
    np.testing.assert_allclose(data["human_it"], mean, atol=1e-6)
