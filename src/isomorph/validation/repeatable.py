"""Training that comes out the same whatever else a process has done, on any number of cores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def repeatable(seed: int = 0) -> Iterator[None]:
    """Let torch draw by a seed and add up in one order, and leave it afterwards as it was.

    Parameters
    ----------
    seed : int
    """
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            yield
    finally:
        torch.set_num_threads(threads)
