import sys
from functools import cache, partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "archives"))

from one_dataset import write_study

from isomorph.digest import code_digest
from isomorph.stages import fetch, stimuli

remembered_digest = cache(code_digest)


@pytest.fixture(scope="session", autouse=True)
def digests_once():
    """Digest the code once for all tests: it does not change under them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("isomorph.making.declared.code_digest", remembered_digest)
        yield


@pytest.fixture
def data(tmp_path):
    """The user's own folder."""
    folder = tmp_path / "mine"
    folder.mkdir()
    return folder


@pytest.fixture
def make_layout(tmp_path, data):
    """Return the layout of a dataset over the user's folder, with stimuli of one's choice."""
    return partial(write_study, tmp_path, {"kind": "local", "path": str(data)})


@pytest.fixture
def make(make_layout):
    """Fetch and make the stimuli of a dataset; return its layout."""

    def run(**changes):
        layout = make_layout(**changes)
        fetch.run(layout, "objects")
        stimuli.run(layout, "objects")
        return layout

    return run
