"""Runs are what is crossed and halved: noise they share, baselines of their own, stimuli lost."""

from dataclasses import replace
from itertools import combinations, permutations

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from rsatoolbox.data import Dataset
from rsatoolbox.rdm import calc_rdm

from isomorph.inference.ceilings import ceiling
from isomorph.inference.gather import regions_of
from isomorph.measures import MEASURES
from isomorph.rdms import DISTANCES, brain_rdms, geometry_of_folds
from isomorph.rdms.brain import rdms_of_responses
from isomorph.rdms.collection import notes_of, undefined_of
from isomorph.rdms.folds import folds_of
from isomorph.rdms.level import Level, regrouped
from isomorph.rdms.precision import SessionNoise, groups
from isomorph.rdms.unit_choice import reliable_units
from isomorph.responses.division import divide
from isomorph.study.dataset import NoiseSpec, UnitFilter

# rsatoolbox casts NaN into integer descriptors when it merges folds.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in cast:RuntimeWarning")

CROSSED = ("crossvalidated_euclidean", "crossnobis")


def names(count):
    return [f"s{place:02d}" for place in range(count)]


def session(response, stimulus, run=None, region="IT", name="1", **coords):
    """A session as readers of any kind lay it out, repetitions counted."""
    stimulus = np.asarray(stimulus)
    repetition = pd.Series(stimulus).groupby(stimulus).cumcount().to_numpy()
    n_units = response.shape[1]
    if run is not None:
        coords["run"] = run
    return xr.Dataset(
        {"response": (("presentation", "unit"), np.asarray(response, dtype=float))},
        coords={
            "stimulus": ("presentation", stimulus.astype(object)),
            "repetition": ("presentation", repetition),
            "unit": ("unit", np.arange(n_units).astype(str).astype(object)),
            "region": ("unit", np.resize(np.atleast_1d(region), n_units).astype(object)),
            **{key: ("presentation", np.asarray(what)) for key, what in coords.items()},
        },
        attrs={"session": name},
    )


def shared(seed, n=8, runs=4, shows=2, units=60, signal=0.0):
    """Each stimulus comes again in every run, where its presentations meet the same noise."""
    rng = np.random.default_rng(seed)
    patterns = signal * rng.standard_normal((n, units))
    noise = rng.standard_normal((runs, 1, n, units))
    values = patterns + noise + 0.5 * rng.standard_normal((runs, shows, n, units))
    run = np.repeat(np.arange(runs) + 1, shows * n).astype(str)
    return session(values.reshape(-1, units), np.tile(names(n), runs * shows), run), patterns


def lost(seed, offset, missing, n=12, runs=6, units=80, shows=1, signal=0.0, rate=None):
    """Runs with baselines of their own; each run lost some stimuli, each stimulus as often."""
    rng = np.random.default_rng(seed)
    patterns = signal * rng.standard_normal((n, units))
    rows, stimuli, of = [], [], []
    for run in range(runs):
        base = offset * rng.standard_normal(units)
        gone = [(2 * run + place) % n for place in range(missing)]
        for stimulus in rng.permutation([k for k in range(n) if k not in gone]):
            for _ in range(shows if rate is None else rng.integers(1, 3)):
                rows.append(base + patterns[stimulus] + rng.standard_normal(units))
                stimuli.append(names(n)[stimulus])
                of.append(f"run {run + 1}")
    values = np.array(rows) if rate is None else rng.poisson(rate + np.abs(rows)).astype(float)
    return session(values, stimuli, np.array(of)), patterns


def rdms(data, distances=CROSSED, n=None, noise=None, **more):
    """The RDMs there are by distance, and what is said of them and of others."""
    stimuli = sorted(set(data["stimulus"].values.tolist())) if n is None else names(n)
    rows, said = rdms_of_responses(
        {"1": data}, stimuli, list(distances), subject="m", transform="none",
        noise=NoiseSpec(**(noise or {})), **more,
    )  # fmt: skip
    data = brain_rdms(rows, stimuli, left_out=said)
    return (
        {row.distance: row for row in rows if row.rdm is not None},
        undefined_of(data) | notes_of(data),
    )


def theirs(data, method="crossnobis", **options):
    described = {name: data[name].values.astype(str).tolist() for name in ("stimulus", "run")}
    found = calc_rdm(
        Dataset(data["response"].values, obs_descriptors=described), method,
        descriptor="stimulus", cv_descriptor="run", **options,
    )  # fmt: skip
    return found.get_vectors()[0]


def cells(data):
    """Mean responses by run and stimulus."""
    run, stimulus = data["run"].values.astype(str), data["stimulus"].values.astype(str)
    return {
        (r, s): data["response"].values[(run == r) & (stimulus == s)].mean(axis=0)
        for r, s in set(zip(run.tolist(), stimulus.tolist(), strict=True))
    }


def by_pairs(data, product):
    """Differences within a run, crossed between runs: a loop over pairs and couples of runs."""
    at = cells(data)
    runs, stimuli = (sorted({key[place] for key in at}) for place in (0, 1))
    expected = []
    for i, j in combinations(stimuli, 2):
        both = [r for r in runs if (r, i) in at and (r, j) in at]
        products = [product(at, r, s, i, j) for r, s in permutations(both, 2)]
        expected.append(np.mean(products) / data.sizes["unit"])
    return np.array(expected)


def euclidean(at, r, s, i, j):
    return (at[r, i] - at[r, j]) @ (at[s, i] - at[s, j])


# ------------------------------------------------------------------ noise that a run shares


@pytest.fixture(scope="module")
def nothing():
    """RDMs of twenty data sets in which nothing differs between stimuli."""
    return [rdms(shared(seed)[0]) for seed in range(20)]


@pytest.mark.parametrize("distance", CROSSED)
def test_noise_that_presentations_of_a_run_share_is_no_distance(nothing, distance):
    values = np.array([found[distance].rdm for found, _ in nothing])
    means = values.mean(axis=1)
    assert abs(means.mean()) < 3 * means.std() / np.sqrt(len(means))
    assert (values > 0).mean() == pytest.approx(0.5, abs=0.1)
    pairs = values.mean(axis=0)  # nor is any pair farther apart than another
    assert (np.abs(pairs) < 4 * values.std(axis=0) / np.sqrt(len(values))).all()


@pytest.mark.parametrize("distance", CROSSED)
def test_nor_is_it_what_halves_agree_about(nothing, distance):
    agree = [np.mean([np.corrcoef(two)[0, 1] for two in f[distance].halves]) for f, _ in nothing]
    assert abs(np.mean(agree)) < 3 * np.std(agree) / np.sqrt(len(agree))


def ceiling_of(found, said, n, distance):
    """The file of RDMs, its region, and the ceiling."""
    brain = brain_rdms(list(found.values()), names(n), left_out=said)
    (region,) = regions_of(brain, distance)
    return brain, region, ceiling(region, distance, MEASURES["pearson"])


def test_the_ceiling_of_noise_is_undefined_as_often_as_chance_has_it_and_names_the_runs(nothing):
    distance, undefined = "crossvalidated_euclidean", 0
    for found, said in nothing:
        brain, region, bounds = ceiling_of(found, said, 8, distance)
        assert set(brain["fold"].values.tolist()) == {"run"}
        assert set(brain["n_folds"].values.tolist()) == {4}
        assert (region.folds, region.n_folds) == ("runs", 4)
        undefined += bounds.reason == "halves of the runs do not agree"
    assert 6 <= undefined <= 14


def test_the_ceiling_of_signal_is_of_halves_of_runs():
    data, _ = shared(1, n=20, runs=6, signal=1.0)
    found, said = rdms(data, ["squared_euclidean"])
    _, _, bounds = ceiling_of(found, said, 20, "squared_euclidean")
    assert bounds.reason.startswith("halves of the runs of one subject")


@pytest.mark.parametrize("runs", [2, 3])
def test_halves_of_one_run_are_on_no_known_scale_of_mahalanobis_distances(runs):
    """Noise that repetitions of a run share is in the noise of several runs, and not of one."""
    found, _ = rdms(shared(1, runs=runs, signal=1.0)[0], ["mahalanobis"])
    assert found["mahalanobis"].halves is None
    assert f"halves of {runs} runs have no such distances" in found["mahalanobis"].reason
    found, _ = rdms(shared(1, runs=4, signal=1.0)[0], ["mahalanobis"])
    assert found["mahalanobis"].status == "ok"


def test_repetitions_alone_would_find_distances():
    """What the same responses say where their runs are not known."""
    found, said = rdms(shared(0)[0].drop_vars("run"))
    assert all((row.rdm > 0).all() for row in found.values())
    assert {row.fold for row in found.values()} == {"repetition"}
    _, _, bounds = ceiling_of(found, said, 8, "crossvalidated_euclidean")
    assert bounds.reason == "halves of the repetitions of one subject"


@pytest.mark.parametrize("per", ["others", "session", "run"])
def test_whose_noise_weighs_does_not_say_what_the_folds_are(per):
    data, _ = shared(2, signal=0.5)
    found, said = rdms(data, noise={"per": per})
    np.testing.assert_allclose(found["crossvalidated_euclidean"].rdm, theirs(data), atol=1e-10)
    assert {row.fold for row in found.values()} == {"run"}
    assert ("IT | m | crossnobis" in said) == (per != "others")
    for row in found.values():
        assert row.halves.shape[:2] == (3, 2)  # of four runs


def test_noise_by_run_is_refused_where_runs_are_not_known():
    data, _ = shared(3)
    found, said = rdms(data.drop_vars("run"), noise={"per": "run"})
    assert list(found) == ["crossvalidated_euclidean"]
    assert (
        "noise.per: run needs runs that repeat each other's stimuli" in said["IT | m | crossnobis"]
    )


def test_two_runs_that_repeat_stimuli_weigh_each_other():
    """Each is weighed by the residuals of the presentations in the other: 0 on average."""
    means = []
    for seed in range(60):
        data, _ = shared(seed, n=6, runs=2, shows=4, units=10)
        found, said = rdms(data)
        assert said == {}
        means.append(found["crossnobis"].rdm.mean())
    assert abs(np.mean(means)) < 3 * np.std(means) / np.sqrt(len(means))


def test_two_runs_that_repeat_stimuli_can_be_decoded_and_noise_cannot():
    found = [
        rdms(shared(seed, runs=2, shows=4, units=10)[0], ["lda_accuracy"]) for seed in range(40)
    ]
    means = np.array([rows["lda_accuracy"].rdm.mean() for rows, _ in found])
    assert abs(means.mean() - 0.5) < 3 * means.std() / np.sqrt(len(means))
    clear, _ = rdms(shared(0, runs=2, shows=4, units=30, signal=0.5)[0], ["lda_accuracy"])
    assert 0.65 < clear["lda_accuracy"].rdm.mean() < 1


def test_every_presentation_is_tested_by_other_runs():
    data, _ = shared(4, n=4, runs=3, shows=2, units=5, signal=0.4)
    found, _ = rdms(data, ["lda_accuracy"])
    folds = folds_of(data, "IT", names(4), "none")
    run, stimulus = data["run"].values, data["stimulus"].values.astype(str)
    expected = []
    for i, j in combinations(range(4), 2):
        right = {i: [], j: []}
        for place, one in enumerate(np.unique(run)):
            others = replace(folds.of(np.arange(3) != place), together=False)
            noise = SessionNoise(others, "diagonal")
            precision = np.linalg.inv(noise.covariance.matrix())
            mean = {
                k: data["response"].values[(run != one) & (stimulus == names(4)[k])].mean(axis=0)
                for k in (i, j)
            }
            axis = precision @ (mean[i] - mean[j])
            for k, sign in ((i, 1), (j, -1)):
                tests = data["response"].values[(run == one) & (stimulus == names(4)[k])]
                right[k] += (sign * (tests - (mean[i] + mean[j]) / 2) @ axis > 0).tolist()
        expected.append((np.mean(right[i]) + np.mean(right[j])) / 2)
    np.testing.assert_allclose(found["lda_accuracy"].rdm, expected)


# ------------------------------------------------------------------ runs that lack stimuli


@pytest.mark.parametrize("shows", [1, 2])
@pytest.mark.parametrize(("offset", "missing"), [(0, 0), (3, 0), (0, 2), (3, 2), (30, 2)])
def test_baselines_of_runs_are_no_distance_where_runs_lack_stimuli(offset, missing, shows):
    data, _ = lost(3, offset, missing, shows=shows)
    found, _ = rdms(data, ["crossvalidated_euclidean"])
    rdm = found["crossvalidated_euclidean"].rdm
    np.testing.assert_allclose(rdm, by_pairs(data, euclidean), atol=1e-9)
    assert abs(rdm.mean()) < 0.05
    assert rdm.std() < 0.12
    if not missing:
        np.testing.assert_allclose(rdm, theirs(data), atol=1e-9)


def test_presentations_are_averaged_within_runs_however_many_there_are():
    data, _ = lost(4, 3, 2, rate=4.0)
    found, _ = rdms(data, ["crossvalidated_euclidean"])
    expected = by_pairs(data, euclidean)
    np.testing.assert_allclose(found["crossvalidated_euclidean"].rdm, expected, atol=1e-10)


def test_planted_distances_are_found_where_runs_lack_stimuli():
    truth, found = [], []
    for seed in range(25):
        data, patterns = lost(seed, 3, 2, signal=0.7)
        truth.append([np.mean(np.square(a - b)) for a, b in combinations(patterns, 2)])
        found.append(rdms(data, ["crossvalidated_euclidean"])[0]["crossvalidated_euclidean"].rdm)
    off = np.subtract(found, truth).mean(axis=1)
    assert abs(off.mean()) < 3 * off.std() / np.sqrt(len(off))


@pytest.mark.parametrize("shrinkage", ["diagonal", "identity"])
@pytest.mark.parametrize("per", ["others", "session", "run"])
def test_crossnobis_where_runs_lack_stimuli_is_a_loop_over_pairs(per, shrinkage):
    data, _ = lost(5, 2, 2, units=7, signal=0.5)
    found, _ = rdms(data, ["crossnobis"], noise={"per": per, "shrinkage": shrinkage})
    folds = folds_of(data, "IT", names(12), "none")
    runs = [f"run {k + 1}" for k in range(6)]
    if per == "others":
        apart = groups(6)
        own = [next(g for g in apart if g[k]) for k in range(6)]
        noise = [SessionNoise(folds.of(~g), shrinkage).covariance.matrix() for g in own]
        of = {r: noise[k] for k, r in enumerate(runs)}

        def covariance(r, s):
            return of[r]
    elif per == "session":
        whole = SessionNoise(folds, shrinkage).covariance.matrix()

        def covariance(r, s):
            return whole
    else:
        from isomorph.geometry.covariance import SHRINKAGE

        run, stimulus = np.nonzero(folds.seen)
        design = np.hstack([np.eye(12)[stimulus], np.eye(6)[run]])
        explains = design @ np.linalg.pinv(design)
        rows = folds.values[folds.seen] - explains @ folds.values[folds.seen]
        of = {}
        for k, r in enumerate(runs):
            freedom = np.sum(1 - np.diag(explains)[run == k])
            of[r] = SHRINKAGE[shrinkage](rows[run == k], freedom).matrix()

        def covariance(r, s):
            return (of[r] + of[s]) / 2

    def product(at, r, s, i, j):
        return (at[r, i] - at[r, j]) @ np.linalg.solve(covariance(r, s), at[s, i] - at[s, j])

    np.testing.assert_allclose(found["crossnobis"].rdm, by_pairs(data, product), atol=1e-9)


def test_crossnobis_of_noise_is_0_where_runs_have_baselines_and_lack_stimuli():
    means = []
    for seed in range(40):
        found, _ = rdms(lost(seed, 3, 2, units=30)[0], ["crossnobis"])
        means.append(found["crossnobis"].rdm.mean())
    assert abs(np.mean(means)) < 3 * np.std(means) / np.sqrt(len(means))


def test_poisson_divergences_where_runs_lack_stimuli_are_a_loop_over_pairs():
    data, _ = lost(6, 2, 2, units=9, rate=5.0)

    def product(at, r, s, i, j):
        logs = [np.log((at[s, k] + 0.1) / 1.1) for k in (i, j)]
        return ((at[r, i] - at[r, j]) / 1.1) @ (logs[0] - logs[1])

    name = "crossvalidated_poisson_kl"
    found, _ = rdms(data, [name, "poisson_kl"])
    np.testing.assert_allclose(found[name].rdm, by_pairs(data, product), atol=1e-10)


def test_pairs_without_two_runs_in_common_rest_on_all_their_runs_and_that_is_said():
    """The first stimulus in runs 1 to 3, the last in runs 3 to 5: unbiased still, and noted."""
    kept = {0: (0, 1, 2), 3: (2, 3, 4)}
    rdm, said = [], {}
    for seed in range(150):
        rng = np.random.default_rng(seed)
        base = rng.standard_normal((5, 20))
        rows = [(r, k) for r in range(5) for k in range(4) if r in kept.get(k, range(5))]
        values = [base[r] + rng.standard_normal(20) for r, _ in rows]
        data = session(
            np.array(values), [names(4)[k] for _, k in rows], np.array([str(r) for r, _ in rows])
        )
        found, said = rdms(data, ["crossvalidated_euclidean"], n=4)
        rdm.append(found["crossvalidated_euclidean"].rdm)
    assert said["IT | m | crossvalidated_euclidean"].startswith("1 of 6 pairs of stimuli")
    means, errors = np.mean(rdm, axis=0), np.std(rdm, axis=0) / np.sqrt(150)
    assert (np.abs(means) < 3.5 * errors).all()


def test_such_pairs_are_on_the_scale_of_the_others():
    """In units of the noise within runs, though the runs' baselines are in their products."""
    kept = {0: (0, 1, 2), 3: (2, 3, 4)}
    patterns = 8 * np.random.default_rng(1).standard_normal((4, 20))
    ratio = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        base = 3 * rng.standard_normal((5, 20))
        rows = [(r, k) for r in range(5) for k in range(4) if r in kept.get(k, range(5))]
        values = [base[r] + patterns[k] + rng.standard_normal(20) for r, k in rows]
        data = session(
            np.array(values), [names(4)[k] for _, k in rows], np.array([str(r) for r, _ in rows])
        )
        squares = [np.mean(np.square(a - b)) for a, b in combinations(patterns, 2)]
        ratio.append(rdms(data, ["crossnobis"], n=4)[0]["crossnobis"].rdm / squares)
    assert np.mean(ratio, axis=0) == pytest.approx(np.full(6, np.mean(ratio)), rel=0.25)


def test_a_stimulus_in_one_run_alone_has_no_cross_validated_distance_and_is_named():
    data, _ = shared(5, n=6, signal=1.0)
    alone = (data["stimulus"].values == "s02") & (data["run"].values != "1")
    kept = data.isel(presentation=np.flatnonzero(~alone))
    found, said = rdms(kept, ["crossvalidated_euclidean", "euclidean"])
    assert list(found) == ["euclidean"]
    assert said["IT | m | crossvalidated_euclidean"].endswith(
        ": 1 of 6 stimuli, such as s02, stand in one run alone"
    )


# ------------------------------------------------------------------ plain distances


def least_squares(data, n):
    """Means of stimuli, a baseline of each run beside them, by numpy."""
    run = np.unique(data["run"].values.astype(str), return_inverse=True)[1]
    stimulus = np.unique(data["stimulus"].values.astype(str), return_inverse=True)[1]
    design = np.hstack([np.eye(n)[stimulus], np.eye(run.max() + 1)[run]])
    found = np.linalg.lstsq(design, data["response"].values, rcond=None)[0]
    baseline = found[n:][run].mean(axis=0)
    return found[:n] + baseline


@pytest.mark.parametrize("shows", [1, 2])
def test_means_are_those_of_least_squares_where_runs_lack_stimuli(shows):
    data, _ = lost(7, 5, 2, shows=shows, signal=1.0)
    found, said = rdms(data, ["squared_euclidean", "correlation"])
    means = least_squares(data, 12)
    expected = [np.mean(np.square(a - b)) for a, b in combinations(means, 2)]
    np.testing.assert_allclose(found["squared_euclidean"].rdm, expected, rtol=1e-9)
    expected = [1 - np.corrcoef(a, b)[0, 1] for a, b in combinations(means, 2)]
    np.testing.assert_allclose(found["correlation"].rdm, expected, rtol=1e-8)
    assert "some runs lack stimuli" in said["IT | m | correlation"]


def test_baselines_move_no_euclidean_or_mahalanobis_distance_of_means():
    before, _ = lost(8, 0, 2, signal=1.0)
    run = np.unique(before["run"].values, return_inverse=True)[1]
    base = 100 * np.random.default_rng(9).standard_normal((6, 80))
    after = before.assign(response=before["response"] + base[run])
    for one, other in zip(
        *(rdms(data, ["euclidean", "squared_euclidean"])[0].values() for data in (before, after)),
        strict=True,
    ):
        np.testing.assert_allclose(other.rdm, one.rdm, rtol=1e-8)
    complete, _ = lost(8, 0, 0, signal=1.0)
    found, said = rdms(complete, ["squared_euclidean"])
    plain = complete["response"].values
    means = [plain[complete["stimulus"].values == s].mean(axis=0) for s in names(12)]
    expected = [np.mean(np.square(a - b)) for a, b in combinations(means, 2)]
    np.testing.assert_allclose(found["squared_euclidean"].rdm, expected, rtol=1e-10)
    assert said == {}


def test_what_runs_add_counts_where_nothing_tells_it_from_stimuli_and_is_said():
    """Half the stimuli in odd runs, half in even ones; and rates, which cannot be adjusted."""
    rng = np.random.default_rng(10)
    stimuli = [names(8)[4 * (run % 2) + k] for run in range(6) for k in range(4)]
    run = np.repeat([f"{r}" for r in range(6)], 4)
    data = session(rng.poisson(5, (24, 20)), stimuli, run)
    found, said = rdms(data, ["euclidean", "crossvalidated_euclidean"], n=8)
    assert set(found) == {"euclidean", "crossvalidated_euclidean"}
    assert found["euclidean"].n_folds == 3
    counts = "some runs lack stimuli, so what sets runs apart counts in the distances"
    assert said["IT | m | euclidean"] == counts
    assert said["IT | m | crossvalidated_euclidean"].startswith("16 of 28 pairs of stimuli")
    more = data.isel(presentation=np.flatnonzero((run != "0") | (np.array(stimuli) != "s01")))
    _, said = rdms(more, ["euclidean", "poisson_kl"], n=8)
    assert said["IT | m | poisson_kl"] == counts
    lacking, _ = lost(11, 0, 2, rate=5.0)
    _, said = rdms(lacking, ["euclidean", "poisson_kl"])
    assert said["IT | m | poisson_kl"].startswith(counts)
    assert said["IT | m | euclidean"].startswith(
        "some runs lack stimuli, so means are those without the runs' baselines"
    )


@pytest.mark.parametrize("shows", [1, 2])
def test_what_runs_add_is_said_where_each_has_stimuli_of_its_own(shows):
    rng = np.random.default_rng(12)
    stimuli = np.tile(names(8), shows)
    run = np.where(np.isin(stimuli, names(4)), "1", "2")
    data = session(rng.standard_normal((8 * shows, 20)), stimuli, run)
    counts = "some runs lack stimuli, so what sets runs apart counts in the distances"
    _, said = rdms(data, ["euclidean", "correlation"], n=8)
    assert said == {f"IT | m | {name}": counts for name in ("euclidean", "correlation")}
    _, said = rdms(data.assign_coords(run=("presentation", np.full(8 * shows, "1"))), ["euclidean"])
    assert said == {}


def test_so_it_is_where_each_has_groups_of_its_own():
    rng = np.random.default_rng(13)
    groups = Level(list("abcd"), {s: "abcd"[k // 3] for k, s in enumerate(names(12))},
                   pd.DataFrame())  # fmt: skip
    run = np.repeat(["1", "2"], 6)
    data = regrouped(session(rng.standard_normal((12, 20)), names(12), run), groups)
    found, said = rdms(data, ["euclidean", "crossvalidated_euclidean"], n=None)
    assert found["euclidean"].fold == "repetition"
    assert "what sets runs apart counts" in said["IT | m | euclidean"]
    assert said["IT | m | crossvalidated_euclidean"].endswith(
        "noise that a run shares counts as signal"
    )


def test_unlike_numbers_of_presentations_are_said_of_distances_that_noise_lifts():
    rng = np.random.default_rng(14)
    stimuli = np.repeat(names(8), [4, 8, 4, 8, 4, 8, 4, 8])
    data = session(rng.standard_normal((48, 20)), stimuli)
    _, said = rdms(data, ["euclidean", "crossvalidated_euclidean", "lda_accuracy", "mahalanobis"])
    assert set(said) == {f"IT | m | {k}" for k in ("euclidean", "lda_accuracy",
                                                          "mahalanobis")}  # fmt: skip
    assert said["IT | m | euclidean"].startswith("most stimuli were shown 4 to 8 times")
    fewer = data.isel(presentation=np.flatnonzero(data["repetition"].values < 5))
    assert rdms(fewer, ["euclidean"])[1] == {}


# ------------------------------------------------------------------ sessions, groups, units


def test_sessions_are_the_folds_where_they_alone_are_known():
    data, _ = shared(6, signal=0.5)
    of_sessions = data.drop_vars("run").assign_coords(session=("presentation", data["run"].values))
    found, said = rdms(of_sessions)
    expected, _ = rdms(data)
    for name, row in found.items():
        np.testing.assert_array_equal(row.rdm, expected[name].rdm)
        assert row.fold == "session"
    assert said == {}


def test_each_pooled_session_has_its_own_folds():
    one, _ = shared(7, runs=4)
    two, _ = shared(8, runs=3)
    rows, _ = rdms_of_responses(
        {"1": one, "2": two.drop_vars("run")}, names(8), ["crossvalidated_euclidean"],
        subject="m", transform="none",
    )  # fmt: skip
    (row,) = rows
    assert (row.fold, row.n_folds) == ("run, repetition", 4)
    parts = [rdms(part)[0]["crossvalidated_euclidean"].rdm for part in (one, two.drop_vars("run"))]
    np.testing.assert_allclose(row.rdm, np.mean(parts, axis=0))


def test_reasons_count_runs_or_repetitions():
    one, _ = shared(9, runs=2)
    two, _ = shared(9, runs=3)
    rows, _ = rdms_of_responses(
        {"1": one, "2": two}, names(8), ["crossvalidated_euclidean"], subject="m", transform="none"
    )
    assert rows[0].reason.startswith("halves of 2 to 3 runs have no such distances")


def groups_of(stimuli):
    return Level(["a", "b", "c", "d"], {s: "abcd"[k % 4] for k, s in enumerate(stimuli)},
                 pd.DataFrame())  # fmt: skip


def test_runs_are_the_folds_of_groups_of_stimuli_too():
    data, _ = shared(10, n=12)
    one = regrouped(data, groups_of(names(12)))
    assert divide(one, list("abcd")).kind == "run"
    found, _ = rdms(one, n=None)
    assert {row.fold for row in found.values()} == {"run"}
    assert found["crossvalidated_euclidean"].n_folds == 4


def test_stimuli_are_repetitions_of_their_group_where_there_is_one_run():
    data, _ = shared(11, n=12, runs=1)
    one = regrouped(data, groups_of(names(12)))
    assert divide(one, list("abcd")).kind == "repetition"
    found, _ = rdms(one)
    assert found["crossvalidated_euclidean"].n_folds == 12


def test_whole_runs_choose_units_and_others_are_compared():
    data, _ = shared(12, runs=6, signal=1.0)
    wanted = UnitFilter(minimum_reliability=0.0)
    found, _ = reliable_units({"1": data}, names(8), wanted, subject="m", where="d.yaml")
    kept = found["1"]
    runs = set(kept["run"].values.tolist())
    assert len(runs) == 3
    assert kept.sizes["presentation"] == 3 * 16  # whole ones
    assert divide(kept, names(8)).kind == "run"
    few, _ = shared(12, runs=3)
    with pytest.raises(Exception, match='"s00" has 3 runs in session 1 of m, expected 4 or more'):
        reliable_units({"1": few}, names(8), wanted, subject="m", where="d.yaml")


def test_noise_of_a_run_chooses_no_units():
    """Of units of noise whole runs choose some; the others find no distance among them."""
    means = []
    for seed in range(30):
        data, _ = shared(seed, runs=6, units=80)
        wanted = UnitFilter(minimum_reliability=0.3, seed=seed)
        found, _ = reliable_units({"1": data}, names(8), wanted, subject="m", where="d.yaml")
        assert found["1"].sizes["unit"] > 5
        row = rdms(found["1"], ["crossvalidated_euclidean"])[0]["crossvalidated_euclidean"]
        means.append(row.rdm.mean())
    assert abs(np.mean(means)) < 3 * np.std(means) / np.sqrt(len(means))


def test_draws_of_units_from_some_sessions_alone_have_the_halves_of_these():
    """Sessions of different numbers of runs, the first with one unit, which few draws hold."""
    one = shared(13, runs=7, units=1, signal=1.0)[0]
    two = shared(14, runs=4, units=12, signal=1.0)[0]
    rows, _ = rdms_of_responses(
        {"1": one, "2": two}, names(8), ["squared_euclidean"], subject="m", transform="none",
        units=UnitFilter(equalise=3, draws=12, seed=1),
    )  # fmt: skip
    folds = {row.n_folds for row in rows}
    assert folds == {4}
    assert all(row.status == "ok" for row in rows)
    assert all(np.isfinite(row.halves).all() for row in rows)


def test_searchlights_cross_runs():
    from isomorph.rdms.spheres import volume_of

    data, _ = shared(15, units=27)
    grid = np.stack(np.meshgrid(*[np.arange(3.0)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
    placed = data.assign_coords(
        {axis: ("unit", grid[:, place]) for place, axis in enumerate("xyz")}
    ).assign_attrs(grid='{"shape": [3, 3, 3], "affine": [[1,0,0,0],[0,1,0,0],[0,0,1,0],[0,0,0,1]]}')
    volume = volume_of({"1": placed}, names(8), "none", "file")
    (folds,) = volume.folds
    assert len(folds) == 4
    assert folds.together
    found = DISTANCES["crossvalidated_euclidean"].compute(
        geometry_of_folds(folds, ["crossvalidated_euclidean"])
    )
    np.testing.assert_allclose(found, theirs(data), atol=1e-10)
