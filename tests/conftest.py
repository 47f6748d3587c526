"""What every room's tests share: one thread of BLAS, few examples, the places of things."""

import os
import sys

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before anything imports numpy

from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Else every process that a test starts compiles the sources and takes their digests anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

settings.register_profile(
    "house",
    max_examples=25,
    deadline=None,  # a busy machine is not a failure
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")

ROOT = Path(__file__).parents[1]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, so that no worker is left with one at the end."""
    items.sort(key=lambda item: "workflow" not in item.path.parts)


@pytest.fixture(scope="session")
def repository() -> Path:
    """The top of the repository."""
    return ROOT
