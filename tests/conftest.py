"""What every room's tests share: one thread of BLAS, few examples, the places of things."""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports numpy

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    max_examples=25,
    deadline=None,  # a busy machine is not a failure
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top of the repository."""
    return ROOT
