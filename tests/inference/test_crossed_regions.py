"""Regions against each other: the noise they share is not similarity."""

from itertools import product

import numpy as np
import pytest

from calibrated.ceilings import Recording, draws_of, false_positives
from isomorph.inference.crossings import APART, OTHERS, OWN, TOGETHER
from isomorph.inference.gather import Region
from isomorph.inference.region_pairs import compare_regions
from isomorph.inference.setting import Setting
from isomorph.measures import MEASURES
from isomorph.study import Inference

N = 10
INFERENCE = Inference(resamples=40, permutations=30, tail="none")


def setting(measure="pearson"):
    return Setting("d", False, "squared_euclidean", MEASURES[measure], INFERENCE)


def compared(regions, measure="pearson"):
    draws = draws_of(regions, N, INFERENCE, 0)
    (found,) = compare_regions(regions, draws, setting(measure))
    return found, draws


def region(name, rng, subjects=("a",), halvings=0, **place):
    pairs = N * (N - 1) // 2
    halves = rng.random((halvings, 2, len(subjects), pairs)) if halvings else None
    return Region(name, rng.random((len(subjects), pairs)), subjects, 5, halves, **place)


@pytest.mark.parametrize("distance", ["correlation", "crossvalidated_euclidean", "crossnobis"])
def test_shared_noise_is_not_similarity(distance):
    """Of 40 pairs of regions without signal at most 6 are alike at p ≤ .05 (p = .014)."""
    recording = Recording(n_stimuli=12, n_units=8, n_repetitions=6)
    assert false_positives(distance, 0.3, 40, recording=recording) <= 0.15


def test_it_is_none_between_subjects_either():
    recording = Recording(n_stimuli=12, n_units=8, n_repetitions=1)
    assert false_positives("correlation", 0.3, 40, recording=recording, n_subjects=4) <= 0.15


@pytest.mark.parametrize("measure", ["pearson", "rho_a", "tau_a"])
def test_estimate_and_shuffles_are_of_the_mean_over_halvings(measure):
    rng = np.random.default_rng(0)
    regions = [region(name, rng, halvings=2) for name in ("IT", "V1", "V4")]
    found, draws = compared(regions, measure)
    form = MEASURES[measure]
    times = range(2) if form.embed is not None else range(1)
    rows = found.rows.set_index(["region_a", "region_b"])
    assert (rows["crossing"] == OWN).all()
    assert list(rows.index) == [("IT", "V1"), ("IT", "V4"), ("V1", "V4")]
    first, second = np.triu_indices(N, 1)
    for place, (one, other) in enumerate([(0, 1), (0, 2), (1, 2)]):

        def crossed(order, one=one, other=other):
            square = np.zeros((N, N))
            values = []
            for time, half in product(times, range(2)):
                square[first, second] = regions[other].halves[time, 1 - half, 0]
                moved = (square + square.T)[np.ix_(order, order)][first, second]
                mine = regions[one].halves[time, half, 0]
                values.append(form.compare(mine[None], moved[None]).item())
            return np.mean(values)

        observed = crossed(np.arange(N))
        assert rows["estimate"].iloc[place] == pytest.approx(observed)
        shuffled = np.array([crossed(order) for order in draws.orders])
        larger = (shuffled >= observed - 1e-12).sum()
        assert rows["p"].iloc[place] == pytest.approx((1 + larger) / (1 + len(shuffled)))


def test_one_subject_without_halves_has_an_estimate_and_no_p():
    rng = np.random.default_rng(1)
    regions = [region("IT", rng), region("V1", rng), region("V4", rng, ("b",))]
    found, _ = compared(regions)
    rows = found.rows
    assert rows["crossing"].tolist() == [TOGETHER, APART, APART]
    assert np.isfinite(rows["estimate"]).all()
    alone = rows.iloc[0]
    assert np.isnan(alone[["p", "standard_error", "interval_low"]].astype(float)).all()
    assert "shared noise" in alone["reason"]
    assert (rows["status"].iloc[1:] == "ok").all()
    assert np.isnan(found.statistic[0])
    assert np.isfinite(found.largest).all()


def test_subjects_without_halves_are_crossed():
    rng = np.random.default_rng(2)
    regions = [region("IT", rng, ("a", "b")), region("V1", rng, ("a", "b"))]
    found, _ = compared(regions)
    row = found.rows.iloc[0]
    measure = MEASURES["pearson"]
    cross = measure.compare(regions[0].rdms, regions[1].rdms)
    assert row["crossing"] == OTHERS
    assert row["estimate"] == pytest.approx((cross[0, 1] + cross[1, 0]) / 2)
    assert np.isfinite(row["p"])
    # A subject who has one region alone crosses the others who have the other one.
    regions = [region("IT", rng, ("a",)), region("V1", rng, ("a", "b"))]
    found, _ = compared(regions)
    cross = measure.compare(regions[0].rdms, regions[1].rdms)
    assert found.rows["estimate"].item() == pytest.approx(cross[0, 1])


def test_halvings_of_the_same_number_belong_together():
    rng = np.random.default_rng(3)
    one, other = region("IT", rng, halvings=3), region("V1", rng, halvings=3)
    one.halves[0] = np.nan
    found, _ = compared([one, other])
    measure = MEASURES["pearson"]
    values = [
        measure.compare(one.halves[t, h], other.halves[t, 1 - h]).item()
        for t in (1, 2) for h in (0, 1)
    ]  # fmt: skip
    assert found.rows["estimate"].item() == pytest.approx(np.mean(values))


def test_windows_are_compared_at_the_same_time():
    rng = np.random.default_rng(4)
    bins = [
        region(name, rng, halvings=1, time_start=start, time_stop=start + 1)
        for name in ("IT", "V1") for start in (0.0, 1.0)
    ]  # fmt: skip
    found, _ = compared(bins)
    columns = ["region_a", "region_b", "time_start", "time_stop"]
    assert found.rows[columns].to_numpy().tolist() == [
        ["IT", "V1", 0.0, 1.0], ["IT", "V1", 1.0, 2.0],
    ]  # fmt: skip
