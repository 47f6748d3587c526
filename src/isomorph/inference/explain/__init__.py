"""What else explains a likeness: controls, combinations of layers, shares of variance."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from isomorph.artefacts import read_array, write_array, write_table
from isomorph.artefacts.schemas import TABLES
from isomorph.errors import IsomorphError
from isomorph.inference.bootstrap import draw
from isomorph.inference.explain.alike import model_rows, representations
from isomorph.inference.explain.material import Material, roles_of
from isomorph.inference.explain.partial import partial_rows
from isomorph.inference.explain.partition import partition_rows
from isomorph.inference.explain.similarities import draw_all, similarities
from isomorph.inference.explain.splits import halved, halves
from isomorph.inference.explain.weighted import weighted_rows
from isomorph.inference.families import Questions, answered
from isomorph.inference.gather import candidates_of, regions_of
from isomorph.inference.groups import draw_groups, groups_of
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.measures import MEASURES
from isomorph.rdms import DISTANCES, compared_stimuli, indexed
from isomorph.study import Inference

KINDS = {"partial": ("statistic",), "weighted": ("kind",), "partition": ("kind",)}
"""Columns of each table that tell apart kinds of question, which are not corrected together."""


def run(layout: Layout, dataset: str) -> None:
    """Explain the likenesses of a dataset's regions and models, under its main distance.

    The main distance is the first of the study's in which the dataset has RDMs. Writes
    `partial.csv`, `weighted.csv`, `partition.csv`, `models.csv` and `representations.nc`.

    Raises
    ------
    IsomorphError
        When the dataset has no RDM under any distance of the study, or files are over different
        stimuli or not what the study now says.
    """
    require(layout, "explain", dataset)
    study, inference = layout.study, layout.study.spec.inference
    files = [
        layout.brain_rdms(dataset),
        *(layout.model_rdms(dataset, instance) for instance, _, _ in study.instances_for(dataset)),
    ]
    brain, *models = (indexed(read_array(file, "rdms")) for file in files)
    for file, data in zip(files, [brain, *models], strict=True):
        if data["stimulus"].values.tolist() != brain["stimulus"].values.tolist():
            raise IsomorphError(f"{file}: its stimuli are not those of {files[0]}, in order")
    present = [one for one in study.spec.distances if regions_of(brain, one)]
    if not present:
        raise IsomorphError(f"{files[0]}: no RDM with distance {' or '.join(study.spec.distances)}")
    names = study.spec.measures
    served = {one: [name for name in names if MEASURES[name].accepts(one)] for one in present}
    # The first distance, unless no measure takes it.
    distance = next((one for one in present if served[one]), present[0])
    measures = served[distance]
    if not measures:
        raise IsomorphError(f"{dataset}: none of {', '.join(names)} applies to {distance}")
    of_layers = DISTANCES[distance].noise_free or distance
    rng = np.random.default_rng([inference.seed, zlib.crc32(dataset.encode()), 2])
    regions = regions_of(brain, distance)
    table = compared_stimuli(layout, dataset).set_index("stimulus", drop=False)
    groups = groups_of(
        table.loc[brain["stimulus"].values.tolist()], inference.keep_together, str(study.path)
    )
    drawn = draw_groups(groups, inference.explain.resamples, rng)
    material = Material(
        regions,
        candidates_of(models, of_layers),
        halves(groups, inference.explain.splits, rng),
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
        {"dataset": dataset, "simulated": study.dataset(dataset).simulated, "distance": distance},
    )
    roles = roles_of(study, dataset)
    tables: dict[str, list[pd.DataFrame]] = {kind: [] for kind in (*KINDS, "models")}
    not_applicable, done = [], set()
    for name in measures:
        print(f"explain: {dataset}: {name} of {distance}", file=sys.stderr, flush=True)
        if name in (inference.explain.weighted or measures[:1]):
            tables["weighted"].append(weighted_rows(material, roles, name, of_layers, rng))
        found = similarities(material, name)
        if found is None:
            not_applicable.append(name)
            continue
        if found.measure.name in done:  # a stand-in that the study names too
            continue
        done.add(found.measure.name)
        in_draws = draw_all(found, roles)
        for kind, rows in (
            ("partial", partial_rows(found, roles, in_draws)),
            ("partition", partition_rows(found, roles, in_draws, rng)),
        ):
            tables[kind].append(rows.assign(measure=found.measure.name))
    tables["models"].append(model_rows(material, roles.models, measures[0]))
    noted = {
        "distance": distance,
        "measures": measures,
        "models": roles.models,
        "controls": roles.controls,
        "not_applicable": not_applicable,
    }
    signed = stamp(layout, "explain", dataset, seed=inference.seed, noted=noted)
    for kind, parts in tables.items():
        path: Path = getattr(layout, kind)(dataset)
        write_table(path, _joined(parts, kind, inference), kind, signed)
    write_array(
        layout.representations(dataset), representations(material, measures), "representations",
        signed,
    )  # fmt: skip


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


__all__ = ["run"]
