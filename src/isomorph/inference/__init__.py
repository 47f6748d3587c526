"""Inference: how alike, how surely, and against what."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Collection, Mapping, Sequence
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.artefacts import provenance, read_array, write_table
from isomorph.artefacts.schemas import TABLES
from isomorph.digest import code_digest
from isomorph.errors import IsomorphError
from isomorph.inference.bootstrap import Spread, spread_over_both, spread_over_stimuli
from isomorph.inference.ceilings import Ceiling, across_subjects, ceiling
from isomorph.inference.comparisons import Setting, compare, make_draws
from isomorph.inference.gather import Candidates, Region, candidates_of, regions_of
from isomorph.inference.multiplicity import CORRECTIONS, corrected
from isomorph.inference.permutation import permutation_p
from isomorph.inference.recovery import recover
from isomorph.inference.regions import compare_regions
from isomorph.layout import Layout
from isomorph.measures import MEASURES
from isomorph.rdms import DISTANCES
from isomorph.study import Study
from isomorph.study.archive import SimulatedArchive


def run(layout: Layout, dataset: str) -> None:
    """Compare a dataset's regions with every layer, with each other, and with what was planted.

    Writes `comparisons.csv` (and parquet), `regions.csv`, `contrasts.csv`, `recovery.csv`.

    Raises
    ------
    IsomorphError
        When brain and model RDMs are not over the same stimuli.
    """
    study = layout.study
    spec = study.dataset(dataset)
    instances = [name for name, _, _ in study.instances_for(dataset)]
    files = [
        layout.brain_rdms(dataset),
        *(layout.model_rdms(dataset, instance) for instance in instances),
    ]
    brain, *models = (read_array(file, "rdms") for file in files)
    _same_stimuli(files, [brain, *models])
    tables: dict[str, list[pd.DataFrame]] = {"comparisons": [], "regions": [], "contrasts": []}
    not_applicable = []
    seed = [study.spec.inference.seed, zlib.crc32(dataset.encode())]
    draws = make_draws(_subjects(brain), brain.sizes["stimulus"], study.spec.inference,
                       np.random.default_rng(seed))  # fmt: skip
    twins = _twins(study, instances)
    for distance, name in product(study.spec.distances, study.spec.measures):
        measure = MEASURES[name]
        regions = regions_of(brain, distance)
        if not regions or not measure.accepts(distance):
            not_applicable.append(f"{name} of {distance}")
            continue
        print(f"compare: {dataset}: {name} of {distance}", file=sys.stderr, flush=True)
        candidates = candidates_of(models, DISTANCES[distance].noise_free or distance)
        setting = Setting(dataset, spec.simulated, distance, measure, study.spec.inference)
        rng = np.random.default_rng([*seed, 1])
        rows, contrasts = compare(regions, candidates, twins, draws, setting, rng)
        tables["comparisons"].append(rows)
        tables["contrasts"].append(contrasts)
        tables["regions"].append(compare_regions(regions, draws.stimuli, setting, rng))
    if not tables["comparisons"]:
        raise IsomorphError(
            f"{dataset}: nothing to compare, none of {', '.join(not_applicable)} applies"
        )
    joined = {kind: _joined(parts, kind) for kind, parts in tables.items()}
    truth = spec.archive.regions if isinstance(spec.archive, SimulatedArchive) else {}
    joined["recovery"] = _joined([recover(joined["comparisons"], truth)], "recovery")
    stamp = provenance(
        "compare",
        inputs=files,
        settings={
            "distances": study.spec.distances,
            "measures": study.spec.measures,
            "inference": study.spec.inference.model_dump(mode="json"),
            "not_applicable": not_applicable,
        },
        code=code_digest("isomorph.inference"),
        seed=study.spec.inference.seed,
    )
    for kind, table in joined.items():
        path: Path = getattr(layout, kind)(dataset)
        write_table(path, table, kind, stamp, parquet=kind == "comparisons")


def _same_stimuli(files: Sequence[Path], data: Sequence[xr.Dataset]) -> None:
    for file, other in zip(files, data, strict=True):
        if other["stimulus"].values.tolist() != data[0]["stimulus"].values.tolist():
            raise IsomorphError(
                f"{file}: its {other.sizes['stimulus']} stimuli are not the "
                f"{data[0].sizes['stimulus']} of {files[0]}, in the same order"
            )


def _subjects(brain: xr.Dataset) -> dict[str, int]:
    """Return the number of subjects of every region."""
    pairs = set(zip(brain["region"].values.tolist(), brain["subject"].values.tolist(), strict=True))
    regions = sorted({region for region, _ in pairs})
    return {region: sum(region == r for r, _ in pairs) for region in regions}


def _twins(study: Study, compared: Collection[str]) -> Mapping[str, list[str]]:
    """Return the untrained instances of every trained model that has some, both compared."""
    found = {
        model.twin_of: [name for name in model.instances if name in compared]
        for model in study.models.values()
        if model.twin_of is not None and model.twin_of in compared
    }
    return {trained: twins for trained, twins in found.items() if twins}


def _joined(parts: Sequence[pd.DataFrame], kind: str) -> pd.DataFrame:
    """Join tables, the schema's columns first; an empty one still has its columns."""
    filled = [part for part in parts if len(part)]
    if not filled:
        return pd.DataFrame(columns=list(TABLES[kind]))
    table = pd.concat(filled, ignore_index=True)
    return table.reindex(columns=list(dict.fromkeys([*TABLES[kind], *table.columns])))


__all__ = [
    "CORRECTIONS",
    "Candidates",
    "Ceiling",
    "Region",
    "Spread",
    "across_subjects",
    "ceiling",
    "corrected",
    "permutation_p",
    "run",
    "spread_over_both",
    "spread_over_stimuli",
]
