"""Whole groups of stimuli are held out: variants of one object do not predict each other."""

import numpy as np
import pandas as pd
import pytest

import isomorph as iso
from isomorph.inference.comparing import APART
from isomorph.measures import MEASURES, Stack
from isomorph.measures.pairs import pair_indices

N_OBJECTS, VARIANTS = 15, 4
OBJECTS = np.repeat(np.arange(N_OBJECTS), VARIANTS)
STIMULI = pd.DataFrame(
    {"stimulus": [f"s{k:02d}" for k in range(60)], "object": OBJECTS.astype(str)}
)
HELD_OUT = [name for name, one in MEASURES.items() if one.holds_out == "groups"]


def of_objects(rng):
    """Features of objects, and as much of their variants' own as can be told apart."""
    return rng.standard_normal((N_OBJECTS, 12))[OBJECTS] + 0.3 * rng.standard_normal((60, 12))


def stack_of(features, groups):
    i, j = pair_indices(len(features))
    rdm = ((features[i] - features[j]) ** 2).mean(axis=1)
    facts = {"features": [features]}
    return Stack(rdm[None], facts=facts if groups is None else {**facts, "groups": [groups]})


@pytest.mark.parametrize("name", HELD_OUT)
def test_unrelated_representations_of_variants_have_nothing_in_common(name):
    rng = np.random.default_rng(0)
    torn, whole = [], []
    for _ in range(8):
        x, y = of_objects(rng), of_objects(rng)
        for found, groups in ((torn, None), (whole, OBJECTS)):
            found.append(MEASURES[name].pair(stack_of(x, groups), stack_of(y, groups)))
    assert np.mean(torn) > 0.3  # variants left in training give their object away
    assert abs(np.mean(whole)) < 3 * np.std(whole) / np.sqrt(len(whole)) + 0.05


@pytest.mark.parametrize("name", HELD_OUT)
def test_groups_are_the_same_however_they_are_called(name):
    rng = np.random.default_rng(1)
    x, y = of_objects(rng), of_objects(rng)
    measure = MEASURES[name]
    called = np.array([f"object {N_OBJECTS - k:02d}" for k in OBJECTS])
    alone = [stack_of(one, np.arange(60)) for one in (x, y)]
    assert measure.pair(*alone) == pytest.approx(
        measure.pair(stack_of(x, None), stack_of(y, None)), abs=1e-12
    )
    assert np.isfinite(measure.pair(stack_of(x, called), stack_of(y, called)))


def test_groups_of_the_settings_reach_what_is_held_out():
    rng = np.random.default_rng(2)
    brain = {"IT": [of_objects(rng)]}
    models = {"net": {"one": of_objects(rng)}}
    asked = {
        "features": True, "stimuli": STIMULI, "resamples": 20, "permutations": 20,
        "costly_permutations": 10,
    }  # fmt: skip
    names = [*HELD_OUT, "one_to_one"]
    plain = iso.compare(brain, models, names, **asked).table.set_index("measure")["estimate"]
    found = iso.compare(brain, models, names, keep_together=["object"], **asked)
    kept = found.table.set_index("measure")["estimate"]
    assert (plain[HELD_OUT] > 0.2).all()
    assert (kept[HELD_OUT] < 0.2).all()
    assert "one_to_one" not in kept
    assert any("one_to_one" in one and APART in one for one in found.left_out)
