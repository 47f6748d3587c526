"""What else explains similarities, of a whole analysis: what stage and library share."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from isomorph.artefacts.schemas import TABLES
from isomorph.errors import IsomorphError
from isomorph.inference.bootstrap import draw
from isomorph.inference.comparing import Analysis
from isomorph.inference.explain.alike import model_rows
from isomorph.inference.explain.material import Material, Roles
from isomorph.inference.explain.partial import partial_rows
from isomorph.inference.explain.partition import partition_rows
from isomorph.inference.explain.similarities import draw_all, similarities
from isomorph.inference.explain.splits import halved, halves
from isomorph.inference.explain.weighted import weighted_rows
from isomorph.inference.families import Questions, answered
from isomorph.inference.gather import candidates_of, regions_of
from isomorph.inference.groups import draw_groups
from isomorph.measures import MEASURES
from isomorph.rdms.distances import of_layers
from isomorph.study import Inference

KINDS = {"partial": ("statistic",), "weighted": ("kind",), "partition": ("kind",)}
"""Columns of each table that tell apart kinds of question, which are not corrected together."""


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
    """

    tables: dict[str, pd.DataFrame]
    material: Material
    distance: str
    measures: list[str]
    not_applicable: list[str]


def explanation_tables(
    analysis: Analysis, roles: Roles, kinds: Collection[str] = (*KINDS, "models")
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
        found = similarities(material, name) if projected else None
        if found is None:
            not_applicable += [name] if projected else []
            continue
        if found.measure.name in done:  # a stand-in that the study names too
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
    tables = {kind: _joined(rows, kind, analysis.inference) for kind, rows in parts.items()}
    return Explained(tables, material, distance, measures, not_applicable)


def _laid_out(analysis: Analysis) -> tuple[Material, str, list[str], np.random.Generator]:
    """Return the material under the main distance, that distance, its measures, and what draws."""
    inference, names, brain = analysis.inference, analysis.measures, analysis.brain
    present = [one for one in analysis.distances if regions_of(brain, one)]
    if not present:
        raise IsomorphError(
            f"{analysis.where}: no RDM with distance {' or '.join(analysis.distances)}"
        )
    served = {one: [name for name in names if MEASURES[name].accepts(one)] for one in present}
    # The first distance, unless no measure takes it.
    distance = next((one for one in present if served[one]), present[0])
    if not served[distance]:
        raise IsomorphError(f"{analysis.dataset}: none of {', '.join(names)} applies to {distance}")
    rng = np.random.default_rng([inference.seed, zlib.crc32(analysis.dataset.encode()), 2])
    regions, groups = regions_of(brain, distance), analysis.groups
    drawn = draw_groups(groups, inference.explain.resamples, rng)
    split = halves(groups, inference.explain.splits, rng)
    material = Material(
        regions,
        candidates_of(analysis.models, of_layers(distance)),
        split,
        drawn,
        halved(drawn, groups, rng),
        {
            region.label: draw(len(region.subjects), inference.explain.resamples, rng)
            if len(region.subjects) >= inference.minimum_subjects
            else None
            for region in regions
        },
        groups,
        inference,
        {"dataset": analysis.dataset, "simulated": analysis.simulated, "distance": distance},
    )
    return material, distance, served[distance], rng


def _joined(parts: Sequence[pd.DataFrame], kind: str, inference: Inference) -> pd.DataFrame:
    """Join rows, correct their p-values by family, put the schema's columns first."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=list(TABLES[kind]))
    if kind in KINDS:
        # Rows that only say why there is no number have no p.
        asked = [Questions(part if "p" in part else part.assign(p=np.nan)) for part in filled]
        table = answered(asked, inference, KINDS[kind])
    else:
        table = pd.concat(filled, ignore_index=True)
    return table.reindex(columns=list(dict.fromkeys([*TABLES[kind], *table.columns])))
