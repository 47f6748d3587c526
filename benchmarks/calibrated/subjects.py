"""Regions with unequal numbers of units, and subjects as a sample: rows 7 and 17."""

from __future__ import annotations

from functools import partial

import numpy as np

from calibrated.drawn import SMALL, Rng, Settings, compared, distances, seed_of
from calibrated.recorded import brain_of
from calibrated.table import Columns, DataSet, Figure, World, at_most, mean, share
from isomorph.inference.families import answered
from isomorph.measures import Floats
from isomorph.study import Inference
from isomorph.study.dataset import UnitFilter

N_STIMULI, FEATURES = 24, 20
UNITS = {"few": 10, "some": 30, "many": 150}
"""Units of one and the same population that three regions have."""

FEW_CHOICES: Settings = {"resamples": 50, "repeats": 1}
"""StimulusSplits, where no choice of a layer is asked for."""


def preferred(rng: Rng, n_subjects: int, equalised: int) -> DataSet:
    """Ask of which region a layer is more like; their units are drawn from one population."""
    latent = rng.standard_normal((N_STIMULI, FEATURES))

    def weighed(place: int) -> Floats:
        return latent * np.exp(-(((np.arange(FEATURES) - 4 * place) / 5.0) ** 2))

    population = weighed(1)
    subjects = {}
    for number in range(n_subjects):
        own = {name: population @ rng.standard_normal((FEATURES, n))
               for name, n in UNITS.items()}  # fmt: skip
        noise = {name: rng.standard_normal((4, *one.shape)) for name, one in own.items()}
        subjects[f"m{number}"] = {
            name: one + 0.5 * one.std() * noise[name] for name, one in own.items()
        }
    wanted = UnitFilter(equalise=equalised, draws=12) if equalised else None
    regions = brain_of(subjects, "squared_euclidean", units=wanted)
    layers = distances(np.stack([weighed(place) for place in (0, 1, 2, 3)]))
    found = compared(
        regions,
        layers,
        list("aaaa"),
        seed=seed_of(rng),
        minimum_subjects=5,
        permutations=0,
        resamples=200,
        selection=FEW_CHOICES,
    )
    table = answered(found.preferences, Inference())
    asked = table["p"].notna().to_numpy()
    raw = {one.rows["region"][0]: one.rows["estimate"][1] for one in found.comparisons}
    return {
        "raw": raw["many"] - raw["few"],
        "asked": asked,
        "significant": np.array([np.sum(table["p"] <= 0.05)]),
        "any": float((table["p_corrected"] <= 0.05).any()),
        "difference": table["difference"].to_numpy()[1::4],
    }


def rate(columns: Columns) -> tuple[float, float]:
    """Return the share of significant p among those there are."""
    asked = columns["asked"].sum(axis=1)
    own = columns["significant"][:, 0] - columns["significant"].sum() / asked.sum() * asked
    n = len(asked)
    error = np.sqrt(own.var(ddof=1) / n + 1 / (n + 2) ** 2 * asked.mean() ** 2) / asked.mean()
    return float(columns["significant"].sum() / asked.sum()), float(error)


def sample(rng: Rng, measure: str, n_subjects: int) -> DataSet:
    """Compare subjects of noise, each with a geometry of its own, with layers of noise."""
    rdms, layers = (distances(rng.standard_normal((k, 15, 4))) for k in (n_subjects, 10))
    found = compared(
        rdms, layers, list("a" * 10), measure, seed_of(rng), minimum_subjects=5, permutations=0,
        **SMALL,
    )  # fmt: skip
    rows = found.comparisons[0].rows
    return {
        "t": at_most(rows["p_subjects_t"].to_numpy()),
        "signs": at_most(rows["p_subjects_sign_flip"].to_numpy()),
        "rows": float(len(found.subjects[0]) / (n_subjects * 10)),
    }


def preference_world(n_subjects: int, equalised: int, said: str) -> World:
    """Return a world of three regions whose units are of one population."""
    return World(
        "7",
        f"10, 30, 150 units of one population, {said}",
        partial(preferred, n_subjects=n_subjects, equalised=equalised),
        (
            Figure("raw score of 150 units less that of 10", mean("raw"), before=".20",
                   **({"least": -0.03, "most": 0.03} if equalised else {})),
            Figure("preference, p ≤ .05", rate, most=0.07),
            Figure("any preference, corrected", share("any"), most=0.07),
            Figure("questions that have a p", share("asked")),
        ),
        n=100,
        quick=2,
    )  # fmt: skip


WORLDS = (
    preference_world(1, 5, "1 subject, equalised"),
    preference_world(6, 0, "6 subjects, normalised"),
    *(
        World(
            "17",
            f"{n} subjects of noise, {measure}",
            partial(sample, measure=measure, n_subjects=n),
            (
                Figure("t-test over subjects, p ≤ .05", share("t"), least=0.03, most=0.07),
                Figure("sign-flip over subjects, p ≤ .05", share("signs"), least=0.03, most=0.07),
                Figure(
                    "rows of subjects over subjects × layers",
                    mean("rows"),
                    least=1,
                    most=1,
                    before="0",
                ),
            ),
            n=200,
        )
        for n, measure in ((8, "pearson"), (8, "whitened_cosine"), (20, "pearson"))
    ),
)
