"""The stage `compare`: tables of one dataset from its RDMs and those of the models."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.artefacts import read_array, write_table
from isomorph.artefacts.schemas import TABLES
from isomorph.errors import IsomorphError
from isomorph.inference.comparisons import Compared, compare
from isomorph.inference.families import Questions, answered
from isomorph.inference.gather import candidates_of, regions_of
from isomorph.inference.groups import groups_of
from isomorph.inference.members import model_families
from isomorph.inference.recovery import recover
from isomorph.inference.regions import compare_regions
from isomorph.inference.setting import Draws, Setting, make_draws
from isomorph.inference.splits import Stimuli
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.measures import MEASURES, Floats
from isomorph.rdms import DISTANCES
from isomorph.rdms.collection import available, distances_of, indexed
from isomorph.rdms.level import level_of
from isomorph.study.archive import SimulatedArchive


def run(layout: Layout, dataset: str) -> None:
    """Compare a dataset's regions with every layer, with each other, and with what was planted.

    Writes `comparisons.csv`, `subjects.csv` and `preferences.csv` (and parquet), `regions.csv`,
    `selection.csv`, `layers_in_set.csv`, `differences.csv`, `contrasts.csv`, `recovery.csv`.

    Raises
    ------
    IsomorphError
        When brain and model RDMs are not over the same stimuli or not what the study now says, or
        the study asks for what the dataset does not have.
    """
    require(layout, "compare", dataset)
    study = layout.study
    instances = [name for name, _, _ in study.instances_for(dataset)]
    files = [
        layout.brain_rdms(dataset),
        *(layout.model_rdms(dataset, instance) for instance in instances),
    ]
    brain, *models = (indexed(read_array(file, "rdms")) for file in files)
    _same_stimuli(files, [brain, *models])
    draws = _draws(layout, dataset, brain, models)
    found, pairs, not_applicable = _compared(layout, dataset, brain, models, draws)
    inference = study.spec.inference
    tables = {
        "comparisons": answered(found.comparisons, inference),
        "regions": answered(pairs, inference),
        "preferences": answered(found.preferences, inference),
        "subjects": pd.concat(found.subjects, ignore_index=True),
        "selection": pd.DataFrame(found.selection),
        "layers_in_set": pd.DataFrame(found.layers_in_set),
        "differences": answered(found.differences, inference),
        "contrasts": answered(found.contrasts, inference),
    }
    archive = study.dataset(dataset).archive
    truth = archive.regions if isinstance(archive, SimulatedArchive) else {}
    tables["recovery"] = recover(tables["comparisons"], truth)
    noted = {"not_applicable": not_applicable}
    signed = stamp(layout, "compare", dataset, seed=inference.seed, noted=noted)
    for kind, table in tables.items():
        path: Path = getattr(layout, kind)(dataset)
        write_table(path, _ordered(table, kind), kind, signed)


def _draws(layout: Layout, dataset: str, brain: xr.Dataset, models: Sequence[xr.Dataset]) -> Draws:
    """Draw all that is drawn for a dataset, once."""
    inference = layout.study.spec.inference
    seed = [inference.seed, zlib.crc32(dataset.encode())]
    table = level_of(layout, dataset).table.set_index("stimulus", drop=False)
    table = table.loc[brain["stimulus"].values.tolist()]
    where = str(layout.study.path)
    stimuli = Stimuli(
        table,
        [_every_rdm(model) for model in models],
        where,
        groups_of(table, inference.keep_together, where),
    )
    return make_draws(_subjects(brain), stimuli, inference, seed)


def _compared(
    layout: Layout, dataset: str, brain: xr.Dataset, models: Sequence[xr.Dataset], draws: Draws
) -> tuple[Compared, list[Questions], list[str]]:
    """Return what every distance and measure gives, and which do not apply."""
    study, spec = layout.study, layout.study.dataset(dataset)
    families = model_families(study, [name for name, _, _ in study.instances_for(dataset)])
    found, pairs = Compared(), list[Questions]()
    not_applicable = []
    for distance, name in product(study.spec.distances, study.spec.measures):
        measure = MEASURES[name]
        regions = regions_of(brain, distance)
        if not regions or not measure.accepts(distance):
            not_applicable.append(f"{name} of {distance}")
            continue
        print(f"compare: {dataset}: {name} of {distance}", file=sys.stderr, flush=True)
        candidates = candidates_of(models, DISTANCES[distance].noise_free or distance)
        setting = Setting(dataset, spec.simulated, distance, measure, study.spec.inference)
        compare(regions, candidates, families, draws, setting, found)
        pairs += compare_regions(regions, draws, setting)
    if not found.comparisons:
        raise IsomorphError(
            f"{dataset}: nothing to compare, none of {', '.join(not_applicable)} applies"
        )
    return found, pairs, not_applicable


def _same_stimuli(files: Sequence[Path], data: Sequence[xr.Dataset]) -> None:
    for file, other in zip(files, data, strict=True):
        if other["stimulus"].values.tolist() != data[0]["stimulus"].values.tolist():
            raise IsomorphError(
                f"{file}: its {other.sizes['stimulus']} stimuli are not the "
                f"{data[0].sizes['stimulus']} of {files[0]}, in the same order"
            )


def _every_rdm(model: xr.Dataset) -> Floats:
    """Return the RDMs of all layers of a model under all distances: `(layer, pair)`."""
    return np.concatenate(
        [model[name].values[available(model, name)] for name in distances_of(model)]
    )


def _subjects(brain: xr.Dataset) -> Mapping[str, int]:
    """Return the number of subjects of every region."""
    pairs = set(zip(brain["region"].values.tolist(), brain["subject"].values.tolist(), strict=True))
    regions = sorted({region for region, _ in pairs})
    return {region: sum(region == r for r, _ in pairs) for region in regions}


def _ordered(table: pd.DataFrame, kind: str) -> pd.DataFrame:
    """Put the schema's columns first; an empty table still has them."""
    return table.reindex(columns=list(dict.fromkeys([*TABLES[kind], *table.columns])))
