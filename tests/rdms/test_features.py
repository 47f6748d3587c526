"""Features of regions are what RDMs are made of: the same sessions, units, means and draws."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from isomorph.inference.featured import squared_distances_of
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.features import features_of_responses
from isomorph.study.dataset import UnitFilter

N = 9
NAMES = [f"s{place}" for place in range(N)]
RNG = np.random.default_rng(3)


def session(name, n_units, rounds, regions=("V1", "IT"), bins=0, missing=()):
    """Rounds of all stimuli, in an order of their own, of which some presentations are missing."""
    stimulus = np.concatenate([RNG.permutation(NAMES) for _ in range(rounds)])
    repetition = np.repeat(np.arange(rounds), N)
    kept = np.array([(r, s) not in missing for r, s in zip(repetition, stimulus, strict=True)])
    shape = (kept.sum(), n_units, bins) if bins else (kept.sum(), n_units)
    return xr.Dataset(
        {"response": (("presentation", "unit", "time")[: len(shape)], RNG.poisson(5, shape) + 1.0)},
        coords={
            "stimulus": ("presentation", stimulus[kept].astype(object)),
            "repetition": ("presentation", repetition[kept]),
            "unit": ("unit", np.array([f"{name}{u}" for u in range(n_units)], dtype=object)),
            "region": ("unit", np.resize(np.array(regions, dtype=object), n_units)),
        },
        attrs={"session": name},
    )


def rdms_of(sessions, **asked):
    rows, _ = rdms_of_responses(
        sessions, NAMES, ["squared_euclidean"], subject="m", halvings=0,
        **{"transform": "none", **asked},
    )  # fmt: skip
    return {(row.region, row.draw, row.time): row.rdm for row in rows}


@pytest.mark.parametrize("transform", ["none", "z_score", "square_root"])
def test_means_have_the_squared_distances_of_the_rdms(transform):
    lacks = session("c", 3, 2)
    lacks = lacks.isel(presentation=np.flatnonzero(lacks["stimulus"].values != "s4"))
    sessions = {
        "a": session("a", 6, 3, missing={(1, "s2")}), "b": session("b", 4, 2), "c": lacks,
        "d": session("d", 2, 2, regions=("IT",)),
    }  # fmt: skip
    found = features_of_responses(sessions, NAMES, subject="m", transform=transform)
    assert sorted(found) == ["IT", "V1"]
    for region, own in found.items():
        expected = rdms_of(sessions, transform=transform)[region, 0, 0]
        np.testing.assert_allclose(squared_distances_of(own.means), expected, rtol=1e-9)
    assert found["V1"].units == ("a | a0", "a | a2", "a | a4", "b | b0", "b | b2")
    assert found["IT"].means.shape == (N, 3 + 2 + 2)
    assert found["IT"].repetitions is None  # not asked for


def test_time_bins_and_draws_of_units_are_those_of_the_rdms():
    sessions = {"a": session("a", 8, 2, bins=3), "b": session("b", 6, 2, bins=3)}
    wanted = UnitFilter(equalise=4, draws=3)
    found = features_of_responses(sessions, NAMES, subject="m", units=wanted, number=2)
    expected = rdms_of(sessions, units=wanted, number=2)
    for (region, draw, time), rdm in expected.items():
        own = found[region]
        drawn = own.means[:, own.draws[draw], time]
        np.testing.assert_allclose(squared_distances_of(drawn), rdm, rtol=1e-9)
    assert len(expected) == 2 * 3 * 3
    few = UnitFilter(equalise=8, draws=2)
    assert features_of_responses(sessions, NAMES, subject="m", units=few) == {}


def test_repetitions_are_as_many_as_the_fewest_and_have_no_gaps():
    sessions = {
        "a": session("a", 4, 4, regions=("V1",), missing={(0, "s3"), (2, "s3")}),
        "b": session("b", 2, 3, regions=("V1",)),
    }
    own = features_of_responses(sessions, NAMES, subject="m", repetitions=True)["V1"]
    assert own.repetitions.shape == (N, 2, 6)
    first = sessions["a"]
    shown = first["response"].values[(first["stimulus"] == "s3").values]
    np.testing.assert_array_equal(own.repetitions[3, :, :4], shown)
    shown = first["response"].values[(first["stimulus"] == "s0").values]
    np.testing.assert_array_equal(own.repetitions[0, :, :4], shown[:2])
    single = {"a": session("a", 4, 1), "b": sessions["b"]}
    assert (
        features_of_responses(single, NAMES, subject="m", repetitions=True)["V1"].repetitions
        is None
    )
