"""Small BIDS studies."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from twin_studies import twin_study

from isomorph.layout import Layout


@pytest.fixture
def twin(tmp_path: Path) -> Callable[..., tuple[Layout, Path]]:
    """Return a maker of the study of a twin, see `twin_studies`."""
    return twin_study(tmp_path)
