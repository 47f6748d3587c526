"""The mean of each run taken off: over the same stimuli in all runs, or not at all."""

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.rdms import DISTANCES, fold_gram, geometry_of_features
from isomorph.responses.bids.estimates import centred
from isomorph.responses.bids.glm import Fit
from isomorph.responses.bids.runs import Run
from isomorph.responses.bids.timing import Timing

NOTHING = Fit(np.zeros((0, 0)), np.zeros((0, 0)), 1)


def a_run(names):
    clock, kept = Timing(2.0, 0.0), np.ones(0, dtype=bool)
    return Run(names, np.zeros(len(names)), NOTHING, clock, kept, np.ones(len(names)))


def runs_of(values, seen, trials=1):
    """Return runs of amplitudes (run, stimulus, unit), each with some of the stimuli."""
    made = []
    for amplitudes, shown in zip(values, seen, strict=True):
        which = np.repeat(np.flatnonzero(shown), trials)
        names = which.astype(str)
        made.append((a_run(names), {"V1": amplitudes[which]}))
    return made


def distances(runs, shape):
    """Return cross-validated distances of runs of some stimuli each."""
    values, seen = np.zeros(shape), np.zeros(shape[:2], dtype=bool)
    for place, (run, by_region) in enumerate(runs):
        which = run.stimulus.astype(int)
        values[place, which], seen[place, which] = by_region["V1"], True
    means = values.sum(axis=0) / seen.sum(axis=0)[:, None]
    geometry = geometry_of_features(means, fold_gram(values, seen))
    return DISTANCES["crossvalidated_euclidean"].compute(geometry)


def test_runs_of_different_stimuli_keep_their_distances():
    """Each of 12 runs shows 3 stimuli that all show and 3 of 9 others: no noise, no error."""
    rng = np.random.default_rng(0)
    shape = (12, 12, 50)
    planted = rng.standard_normal(shape[1:]) * np.linspace(0.3, 2, 12)[:, None]
    seen = np.zeros(shape[:2], dtype=bool)
    seen[:, :3] = True
    for run in seen:
        run[3 + rng.permutation(9)[:3]] = True
    seen[0, 3:], seen[1, 3:] = True, True  # so that every pair is in two runs
    values = planted + 3 * rng.standard_normal((12, 1, 50))  # and a baseline each
    found = centred(runs_of(values, seen), "here")
    truth = DISTANCES["squared_euclidean"].compute(geometry_of_features(planted))
    np.testing.assert_allclose(distances(found, shape), truth, rtol=1e-8)
    assert found[0][0].noted == {"stimuli in all runs, whose mean in each run is taken off": 3}
    assert not found[1][0].noted


def test_with_the_same_stimuli_everywhere_it_is_the_mean_of_the_run():
    values = np.random.default_rng(0).standard_normal((3, 4, 5))
    found = centred(runs_of(values, np.ones((3, 4), dtype=bool), trials=2), "here")
    for own, (run, by_region) in zip(values, found, strict=True):
        np.testing.assert_allclose(by_region["V1"][::2], own - own.mean(axis=0))
        assert not run.noted


def test_stimuli_count_once_however_many_trials_they_have():
    values = np.array([[[1.0], [4.0]], [[3.0], [4.0]]])
    runs = runs_of(values, np.ones((2, 2), dtype=bool))
    second = runs[1]
    more = a_run(np.array(["0", "0", "0", "1"]))
    first = (more, {"V1": np.array([[0.0], [1.0], [2.0], [4.0]])})
    found = centred([first, second], "here")
    np.testing.assert_allclose(found[0][1]["V1"].ravel(), [-2.5, -1.5, -0.5, 1.5])


def test_stimuli_of_one_run_each_are_centred_on_their_own_and_noted():
    seen = np.array([[True, True, False, False], [False, False, True, True]])
    found = centred(runs_of(np.random.default_rng(0).standard_normal((2, 4, 5)), seen), "here")
    for _, by_region in found:
        np.testing.assert_allclose(by_region["V1"].mean(axis=0), 0, atol=1e-12)
    assert found[0][0].noted == {"runs of stimuli of their own, whose mean is taken off": 2}


def test_no_stimulus_in_all_runs_is_refused():
    seen = np.array([[True, True, False], [False, True, True], [True, False, True]])
    with pytest.raises(IsomorphError, match="none of 3 stimuli came in all of them; set respons"):
        centred(runs_of(np.zeros((3, 3, 2)), seen), "here")
