"""Small BIDS studies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from replica_studies import replica_study

from isomorph.layout import Layout


@pytest.fixture
def replica(tmp_path: Path) -> Callable[..., tuple[Layout, Path]]:
    """Return a maker of the study of a replica, see `replica_studies`."""
    return replica_study(tmp_path)
