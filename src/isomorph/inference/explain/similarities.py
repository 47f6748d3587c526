"""Everything against everything under one measure, on halves, whole, and in every resample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from isomorph.inference.explain.layer_choice import ChoosingScores, LayerChoice
from isomorph.inference.explain.material import Material, Roles
from isomorph.inference.ties import Indices
from isomorph.measures import MEASURES, Floats, Measure

STAND_INS = {"rho_a": "spearman"}
"""Measures of which a residual has no sense, and what is computed in their place. rho-a charges
for ties that a model predicts, and a residual predicts none; without ties it is Spearman's."""

NO_P = "no p: a measure that is positive by chance leaves something positive beyond other models"


@dataclass(frozen=True)
class Similarities:
    """All subjects and all candidates of a material against each other under one measure.

    Rows are the subjects of all regions, then the candidates. They are inner products of vectors,
    so residuals once some are projected out follow from them alone.

    Attributes
    ----------
    material : Material
    measure : Measure
        The measure computed; not always the one asked for, see `STAND_INS`.
    whole : array of shape (row, row)
    scored : array of shape (half, row, row)
        Among the stimuli a half scores on.
    choosing : ChoosingScores
        What layers are chosen by.
    """

    material: Material
    measure: Measure
    whole: Floats
    scored: Floats
    choosing: ChoosingScores

    @property
    def n_subjects(self) -> int:
        return len(self.material.subjects)

    @property
    def no_p(self) -> str:
        """Why there is no test against 0; empty where there is."""
        return "" if self.measure.independence == "0" else NO_P

    def candidate_rows(self, candidates: Sequence[int] | Indices) -> Indices:
        """Return the rows of some candidates, of any shape."""
        return np.asarray(candidates, dtype=np.intp) + self.n_subjects

    def choose(self, region: str, model: str) -> LayerChoice | str:
        """Return the choice of a model's layer in a region, or why there is none."""
        return self.material.choose(self.choosing, region, self.material.layers[model])


@dataclass(frozen=True)
class Drawn:
    """Similarities of all subjects and some candidates in every resample.

    Attributes
    ----------
    gram : array of shape (resample, row, row)
        Rows are all subjects, then the candidates; NaN where nothing asks for it.
    candidates : array of shape (candidate,)
        Which, in rising order.
    """

    gram: Floats
    candidates: Indices

    def rows(self, candidates: Sequence[int] | Indices) -> Indices:
        """Return the rows of some candidates, of any shape."""
        wanted = np.asarray(candidates, dtype=np.intp)
        n_subjects = self.gram.shape[1] - len(self.candidates)
        rows: Indices = n_subjects + np.searchsorted(self.candidates, wanted)
        return rows


def draw_all(found: Similarities, roles: Roles) -> Drawn:
    """Resample what the explanations need: controls, and every layer chosen in some resample.

    Of layers with each other, only those that explanations look at together: a model's with its
    controls', and with the others' it shares variance with.
    """
    material = found.material
    every = material.setting.inference.explain.layers == "all"

    def ever(name: str) -> Indices:
        own = material.layers.get(name, np.array([], dtype=np.intp))
        if not len(own) or name in roles.controls or every:
            return own
        choices = [found.choose(region, name) for region in material.rows]
        return np.concatenate(
            [own[:0], *(one.ever for one in choices if isinstance(one, LayerChoice))]
        )

    others = {*roles.controls, *(name for group in roles.partitions for name in group[1:])}
    names = dict.fromkeys([*roles.models, *others, *(group[0] for group in roles.partitions)])
    layers = {name: ever(name) for name in names}
    none = np.array([], dtype=np.intp)
    candidates = np.unique(np.concatenate([none, *layers.values()]))
    crossed = np.unique(np.concatenate([none, *(layers[name] for name in others)]))
    stacked = np.concatenate([material.subjects, material.candidates.rdms[candidates]])
    drawn = Drawn(np.full((len(material.stimulus_draws), *2 * [len(stacked)]), np.nan), candidates)
    columns = np.concatenate([np.arange(found.n_subjects), drawn.rows(crossed)])
    part = found.measure.resampled(
        stacked, stacked[columns], material.stimulus_draws, material.signs
    )
    drawn.gram[:, columns] = np.swapaxes(part, 1, 2)
    drawn.gram[:, :, columns] = part
    itself = np.arange(len(stacked))
    drawn.gram[:, itself, itself] = 1.0
    return drawn


def similarities(material: Material, name: str) -> Similarities | None:
    """Return all similarities under a measure, None when it is not an inner product of vectors."""
    measure = MEASURES[STAND_INS.get(name, name)]
    if measure.embed is None:
        return None
    stacked = np.concatenate([material.subjects, material.candidates.rdms])
    scored = [
        measure.compare(stacked[:, pairs], stacked[:, pairs]) for _, pairs in material.half_pairs
    ]
    return Similarities(
        material,
        measure,
        measure.compare(stacked, stacked),
        np.array(scored).reshape(-1, len(stacked), len(stacked)),
        material.choosing(measure),
    )
