"""What else explains similarities, of a whole analysis: what stage and library share."""

from __future__ import annotations

import zlib
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd

from isomorph.errors import IsomorphError
from isomorph.inference.analysis import Analysis
from isomorph.inference.explain.matches import model_rows
from isomorph.inference.explain.material import Material, Roles, material_of
from isomorph.inference.explain.partial_similarity import partial_rows
from isomorph.inference.explain.shared_variance import partition_rows
from isomorph.inference.explain.similarities import STAND_INS, draw_all, similarities
from isomorph.inference.explain.weighted_models import weighted_rows
from isomorph.inference.families import APART, Hypotheses, answered
from isomorph.inference.featured import beyond_rdms, of_rdms_alone
from isomorph.inference.gather import candidates_of, regions_of
from isomorph.inference.on_axes import marked
from isomorph.measures import MEASURES
from isomorph.rdms.paired import of_layers


@dataclass(frozen=True)
class Explained:
    """What explanations found.

    Attributes
    ----------
    tables : dict of str to DataFrame
        `partial`, `weighted`, `partition`, `models`, as far as asked for.
    material : Material
    distance : str
        The main distance.
    measures : list of str
        Those that apply to it.
    not_applicable : list of str
        Those under which nothing can be projected out.
    left_out : list of str
        Measures that are not explained, each with the reason.
    """

    tables: dict[str, pd.DataFrame]
    material: Material
    distance: str
    measures: list[str]
    not_applicable: list[str]
    left_out: list[str]


KINDS = ("partial", "weighted", "partition", "models")
"""Tables of explanations."""


def explanation_tables(
    analysis: Analysis, roles: Roles, kinds: Collection[str] = KINDS
) -> Explained:
    """Explain the similarities of regions and models, under the main distance.

    The main distance is the first of the analysis in which there are RDMs and which a measure
    takes.

    Parameters
    ----------
    analysis : Analysis
    roles : Roles
    kinds : collection of str
        Which tables: `partial`, `weighted`, `partition`, `models`.

    Raises
    ------
    IsomorphError
        When there is no RDM under any distance, or no measure applies.
    """
    material, distance, measures, rng = _laid_out(analysis)
    explain = analysis.inference.explain
    parts: dict[str, list[pd.DataFrame]] = {kind: [] for kind in kinds}
    projected = {"partial", "partition"} & set(kinds)
    not_applicable, done = [], set()
    for name in measures:
        analysis.said(f"{name} of {distance}")
        if "weighted" in kinds and name in (explain.weighted or measures[:1]):
            rows = weighted_rows(material, roles, name, of_layers(distance), rng)
            parts["weighted"].append(rows)
        if not projected or STAND_INS.get(name, name) in done:  # a stand-in, named too
            continue
        found = similarities(material, name)
        if found is None:
            not_applicable.append(name)
            continue
        done.add(found.measure.name)
        in_draws = draw_all(found, roles)
        if "partial" in kinds:
            rows = partial_rows(found, roles, in_draws)
            parts["partial"].append(rows.assign(measure=found.measure.name))
        if "partition" in kinds:
            rows = partition_rows(found, roles, in_draws, rng)
            parts["partition"].append(rows.assign(measure=found.measure.name))
    if "models" in kinds:
        parts["models"].append(model_rows(material, roles.models, measures[0]))
    tables = {
        kind: answered([Hypotheses(rows) for rows in found], analysis.inference, kind)
        if kind in APART
        else pd.concat(found, ignore_index=True)
        for kind, found in parts.items()
    }
    left_out = [name for name in analysis.measures if name not in measures]
    said = [f"{name} {_why_not(name, distance)}" for name in left_out]
    tables = marked(tables, analysis.along)
    return Explained(tables, material, distance, measures, not_applicable, said)


def _why_not(name: str, distance: str) -> str:
    """Return why a measure does not explain RDMs of a distance."""
    return beyond_rdms(MEASURES[name]) or f"takes no {distance}"


def _laid_out(analysis: Analysis) -> tuple[Material, str, list[str], np.random.Generator]:
    """Return the material under the main distance, that distance, its measures, and what draws."""
    inference, names, brain = analysis.inference, analysis.measures, analysis.brain
    present = [one for one in analysis.distances if regions_of(brain, one)]
    if not present:
        raise IsomorphError(
            f"{analysis.where}: no RDM with distance {' or '.join(analysis.distances)}"
        )
    simple = [name for name in names if of_rdms_alone(MEASURES[name])]
    served = {one: [name for name in simple if MEASURES[name].accepts(one)] for one in present}
    # The first distance, unless no measure takes it.
    distance = next((one for one in present if served[one]), present[0])
    if not served[distance]:
        why = "; ".join(f"{name} {_why_not(name, distance)}" for name in names)
        raise IsomorphError(
            f"{analysis.dataset or 'measure'}: {why}; add one of RDMs, such as rho_a"
        )
    rng = np.random.default_rng([inference.seed, zlib.crc32(analysis.dataset.encode()), 2])
    material = material_of(
        regions_of(brain, distance),
        candidates_of(analysis.models, distance),
        analysis.groups,
        analysis.setting(distance, served[distance][0]),
        rng,
        analysis.along,
    )
    return material, distance, served[distance], rng
