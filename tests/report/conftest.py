"""The synthetic study of the figures' tests, with its figures drawn."""

import sys
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import write_study

from isomorph import figures


@pytest.fixture(scope="session")
def drawn(tmp_path_factory):
    layout = write_study(tmp_path_factory.mktemp("drawn"))
    for dataset in layout.study.datasets:
        figures.run(layout, dataset)
    return layout


@pytest.fixture
def fresh(tmp_path):
    """A study of its own, without figures, for tests that change it."""
    return write_study(tmp_path)
