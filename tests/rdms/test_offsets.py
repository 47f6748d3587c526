"""What all responses share, a baseline or another origin of the scale, changes nothing."""

import numpy as np
import pytest
import xarray as xr

from isomorph.rdms.brain import rdms_of_responses
from isomorph.responses.split_halves import split_half
from isomorph.responses.variance import divide_variance
from isomorph.study.dataset import NoiseSpec

STIMULI = [f"s{k}" for k in range(12)]
UNITS = 30
OFFSETS = (1e3, 1e6)
INVARIANT = ("euclidean", "squared_euclidean", "crossvalidated_euclidean", "mahalanobis",
             "crossnobis", "lda_accuracy")  # fmt: skip


def session(offset, n_repetitions=4, missing=0):
    """Units of unlike scale; the first does the same in every repetition, the last always."""
    rng = np.random.default_rng(0)
    signal = rng.standard_normal((12, UNITS))
    noise = rng.standard_normal((n_repetitions, 12, UNITS))
    noise[..., 0] = 0
    values = (signal + noise) * np.geomspace(0.1, 10, UNITS)
    values[..., -1] = 0.1
    flat = values.reshape(-1, UNITS) + offset
    names, repetition = np.tile(STIMULI, n_repetitions), np.repeat(np.arange(n_repetitions), 12)
    kept = slice(len(flat) - missing)
    return xr.Dataset(
        {"response": (("presentation", "unit"), flat[kept])},
        coords={
            "stimulus": ("presentation", names[kept]),
            "repetition": ("presentation", repetition[kept]),
            "unit": ("unit", [f"u{k}" for k in range(UNITS)]),
            "region": ("unit", ["IT"] * UNITS),
        },
        attrs={"session": "1"},
    )


SILENT = (
    "2 of 30 units do the same in every repetition of a stimulus and have no noise to be weighed by"
)


def rdms(data, names=INVARIANT, transform="none", **noise):
    rows, left_out = rdms_of_responses(
        {"1": data}, STIMULI, names, subject="m", transform=transform, noise=NoiseSpec(**noise)
    )
    assert [row.distance for row in rows] == list(names)
    assert not left_out
    return [row.rdm for row in rows], {row.distance: row.note for row in rows}


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize(
    "design",
    [
        {},
        {"missing": 5},
        {"n_repetitions": 2, "names": INVARIANT[:-1]},
        {"n_repetitions": 6, "per": "session"},
        {"transform": "z_score"},
    ],
)
def test_an_offset_of_each_unit_changes_no_distance(offset, design):
    made = {key: design[key] for key in ("n_repetitions", "missing") if key in design}
    said = {key: value for key, value in design.items() if key not in made}
    before, notes = rdms(session(0.0, **made), **said)
    own = offset * np.linspace(-1, 2, UNITS)
    after, notes_after = rdms(session(own, **made), **said)
    for one, other in zip(before, after, strict=True):
        np.testing.assert_allclose(other, one, rtol=0, atol=1e-6 * np.abs(one).max())
    assert notes_after == notes
    if "transform" not in said:
        assert notes["crossnobis"].endswith(SILENT)


@pytest.mark.parametrize("offset", OFFSETS)
def test_an_offset_of_all_responses_changes_no_correlation(offset):
    before, after = (rdms(session(one), ("correlation",))[0][0] for one in (0.0, offset))
    np.testing.assert_allclose(after, before, rtol=0, atol=1e-6)


@pytest.mark.parametrize("offset", OFFSETS)
@pytest.mark.parametrize("run", [None, np.repeat(list("abcdefg"), 12)])
def test_an_offset_of_each_unit_changes_no_reliability(offset, run):
    own = offset * np.linspace(-1, 2, UNITS)
    found = []
    for one in (session(0.0, 7), session(own, 7)):
        response, stimulus = one["response"].values, one["stimulus"].values
        halves = split_half(response, stimulus, np.random.default_rng(1), run=run)
        variance = divide_variance(response, stimulus, run)
        found.append((halves, variance))
    (halves, variance), (moved, moved_variance) = found
    np.testing.assert_allclose(moved.correlation, halves.correlation, atol=1e-6)
    assert moved.status == halves.status
    assert np.isnan(halves.correlation[-1])
    np.testing.assert_allclose(moved_variance.signal, variance.signal, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(moved_variance.noise, variance.noise, rtol=1e-6, atol=1e-12)
    np.testing.assert_allclose(moved_variance.ratio, variance.ratio, rtol=1e-6)
    np.testing.assert_allclose(moved_variance.ceiling(7), variance.ceiling(7), rtol=1e-6)
    assert np.isnan(variance.ratio[[0, -1]]).all()
    assert variance.ceiling(7)[0] == 1
    assert np.isnan(variance.ceiling(7)[-1])
