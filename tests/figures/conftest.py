"""The synthetic study, written once for all tests of a session."""

import pytest
from synthetic_study import write_study


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    return write_study(tmp_path_factory.mktemp("small"))
