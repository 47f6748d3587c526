"""People are told before they wait long, and not otherwise."""

import re
from itertools import count

import numpy as np
import pytest

import isomorph as iso
from isomorph.inference import comparing, waiting

RNG = np.random.default_rng(0)
X, Y = RNG.standard_normal((2, 12, 6))


def compared(measure):
    return iso.compare(
        {"IT": [X, X + 0.1]}, {"net": {"one": Y}}, measure, features=True, resamples=20,
        permutations=30,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("measure", "step", "said"),
    [
        (
            "decodability",
            1.0,
            "decodability of squared_euclidean: about 42 seconds, as each of 42 ",
        ),
        ("decodability", 10.0, "decodability of squared_euclidean: about 7 minutes"),
        ("decodability", 0.1, ""),
        ("procrustes", 1.0, "procrustes of squared_euclidean: about 30 seconds, as each of 30 "),
        ("mutual_knn(3)", 10.0, ""),
        ("rho_a", 10.0, ""),
    ],
)
def test_what_takes_long_is_said_before(measure, step, said, monkeypatch, capsys):
    ticks = count(0.0, step)
    own = waiting.long_wait
    monkeypatch.setattr(
        comparing, "long_wait", lambda *given: own(*given, clock=lambda: next(ticks))
    )
    compared(measure)
    written = capsys.readouterr().err
    assert re.search(re.escape(said), written) if said else "about" not in written
