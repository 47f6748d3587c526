"""Small synthetic studies with their figures drawn, each written once for all tests."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import with_recovery, write_scores, write_study

from isomorph.stages import explain, figures, recover


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    layout = write_study(tmp_path_factory.mktemp("drawn"))
    for dataset in layout.study.datasets:
        figures.run(layout, dataset)
    return layout


@pytest.fixture(scope="session")
def whole(tmp_path_factory):
    """A study of which every stage has run, and the entries of its figures."""
    written = write_study(tmp_path_factory.mktemp("whole"), 24, datasets=("real",))
    write_scores(written, "real")
    layout = with_recovery(written, simulations=30)
    explain.run(layout, "real")
    recover.run(layout, "real")
    return layout, figures.run(layout, "real")


@pytest.fixture
def fresh(tmp_path):
    """A study of its own, without figures, for tests that change it."""
    return write_study(tmp_path)
