"""Halves of the repetitions: all different, both complete, the same for all regions."""

from itertools import combinations

import numpy as np
import pytest
from scipy.spatial.distance import pdist

from calibrated.ceilings import Recording, recorded
from calibrated.recorded import names, session_of
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.halvings import HALVINGS, draw_halvings, most_halvings


def drawn(*sessions, n=HALVINGS):
    return draw_halvings([np.array(s, dtype=bool) for s in sessions], n, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("repetitions", "expected"), [(1, 0), (2, 1), (3, 3), (4, 3), (6, 10), (12, 20)]
)
def test_halvings_are_different_and_as_many_as_there_are(repetitions, expected):
    found = drawn(np.ones((repetitions, 5)))
    assert len(found) == expected
    sides = [frozenset(np.flatnonzero(first).tolist()) for (first,) in found]
    everything = frozenset(range(repetitions))
    assert len({frozenset({side, everything - side}) for side in sides}) == expected
    assert all(abs(2 * len(side) - repetitions) <= 1 for side in sides)


def test_either_half_shows_every_stimulus():
    seen = np.array([[1, 1], [1, 0], [0, 1], [1, 1]])
    found = drawn(seen)
    for (first,) in found:
        assert seen[first].any(axis=0).all()
        assert seen[~first].any(axis=0).all()
    assert found
    assert not drawn([[1, 1], [1, 0]])


def test_sessions_are_halved_each_on_its_own():
    found = drawn(np.ones((2, 3)), np.ones((2, 3)))
    assert len(found) == 2
    assert all(len(halving) == 2 for halving in found)


def test_memory_bounds_the_halvings():
    assert most_halvings(10, 100) == HALVINGS
    assert most_halvings(60, 1000) == 1
    assert most_halvings(10, 1000) == 10


def test_regions_are_halved_alike_and_halves_are_rdms_of_their_means():
    rng = np.random.default_rng(1)
    regions = {name: rng.standard_normal((4, 6, 5)) for name in ("IT", "V1")}
    rows, _ = rdms_of_responses(
        {"1": session_of(regions)}, names(6), ["correlation"], subject="m", transform="none"
    )
    used = []
    for row in rows:
        by_mask = {
            mask: pdist(regions[row.region][list(mask)].mean(axis=0), "correlation")
            for mask in combinations(range(4), 2)
        }
        used.append(
            [
                [m for m, rdm in by_mask.items() if np.allclose(rdm, half, atol=1e-5)]
                for half in row.halves.reshape(-1, 15)
            ]
        )
    assert used[0] == used[1]
    assert all(len(found) == 1 for found in used[0])


@pytest.mark.parametrize("distance", ["correlation", "crossnobis"])
def test_norms_bring_halves_to_the_scale_of_the_whole(distance):
    responses, _ = recorded(Recording(60, 40, 4, 0.6), distance, np.random.default_rng(2))
    (row,), _ = rdms_of_responses(
        {"1": session_of({"IT": responses})}, names(60), [distance], subject="m", transform="none"
    )
    first, second = np.triu_indices(60, 1)
    scale = row.half_norm[first] * row.half_norm[second]
    aligned = 1 - (1 - row.halves.mean(axis=(0, 1))) * scale
    slope = np.polyfit(aligned, row.rdm, 1)[0]
    plain = np.polyfit(row.halves.mean(axis=(0, 1)), row.rdm, 1)[0]
    assert abs(slope - 1) < 0.06
    assert abs(plain - 1) > 0.1


def test_a_reason_stands_where_halves_have_no_rdm():
    rng = np.random.default_rng(3)
    rows, _ = rdms_of_responses(
        {"1": session_of({"IT": rng.standard_normal((3, 6, 5))})},
        names(6), ["crossvalidated_euclidean", "euclidean"], subject="m", transform="none",
    )  # fmt: skip
    without, with_halves = rows
    assert without.halves is None
    assert without.reason.startswith("halves of 3 repetitions have no such distances: cross-")
    assert with_halves.halves.shape == (3, 2, 15)
    assert with_halves.status == "ok"


def test_a_session_without_halves_takes_none_from_regions_of_others():
    rng = np.random.default_rng(4)
    sessions = {
        "1": session_of({"IT": rng.standard_normal((4, 6, 5))}),
        "2": session_of({"V1": rng.standard_normal((1, 6, 5))}),
    }
    rows, _ = rdms_of_responses(sessions, names(6), ["euclidean"], subject="m", transform="none")
    inferior, primary = rows
    assert inferior.halves.shape == (3, 2, 15)
    assert primary.reason == "no two halves of 1 repetition both show every stimulus"
