"""How far conclusions can be trusted: model recovery, false positives, power, agreement."""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from isomorph.artefacts import read_array, read_table, write_table
from isomorph.artefacts.schemas import TABLES
from isomorph.inference.gather import Candidates, Region, candidates_of, regions_of
from isomorph.inference.groups import groups_of
from isomorph.inference.members import model_families
from isomorph.inference.setting import Setting
from isomorph.inference.ties import rounded
from isomorph.inference.trust.agreement import agreement
from isomorph.inference.trust.claims import Terms, pairs_of, part_of
from isomorph.inference.trust.judges import Recovered
from isomorph.inference.trust.observed import Observed, observe
from isomorph.inference.trust.outcomes import Kin, kin
from isomorph.inference.trust.recovery import recover
from isomorph.inference.trust.rows import NOTHING, Row, confusion_rows, power_row
from isomorph.layout import Layout
from isomorph.making import require, stamp
from isomorph.measures import MEASURES, Measure
from isomorph.rdms import DISTANCES, compared_stimuli, indexed
from isomorph.simulation.planting import PLANTINGS
from isomorph.study import Study
from isomorph.study.inference import Recovery

MOST_STIMULI = 1000
"""More are not simulated: a random part of them stands for all, which makes power look lower."""

OFF = "inference.recovery.simulations is 0"


def run(layout: Layout, dataset: str) -> None:
    """Simulate data like a dataset's from its candidate layers, and see which are found again.

    Writes `confusion.csv`, `power.csv` and `agreement.csv`.

    Parameters
    ----------
    layout : Layout
    dataset : str

    Raises
    ------
    IsomorphError
        When a file is missing or not what the study now says.
    """
    require(layout, "recover", dataset)
    study = layout.study
    inference = study.spec.inference
    settings = inference.recovery
    instances = [name for name, _, _ in study.instances_for(dataset)]
    files = [
        layout.comparisons(dataset),
        layout.brain_rdms(dataset),
        *(layout.model_rdms(dataset, instance) for instance in instances),
    ]
    comparisons = read_table(files[0], "comparisons")
    found: tuple[list[Row], list[Row]] = ([], [])
    if settings.simulations:
        brain, *models = (indexed(read_array(file, "rdms")) for file in files[1:])
        table = compared_stimuli(layout, dataset).set_index("stimulus", drop=False)
        table = table.loc[brain["stimulus"].values.tolist()]
        for confusion, power in _recovered(study, dataset, brain, models, table):
            found[0].extend(confusion)
            found[1].extend(power)
    noted = {} if settings.simulations else {"not_simulated": OFF}
    signed = stamp(layout, "recover", dataset, seed=inference.seed, noted=noted)
    tables = {
        "confusion": pd.DataFrame(found[0]),
        "power": pd.DataFrame(found[1]),
        "agreement": agreement(comparisons),
    }
    for kind, table in tables.items():
        columns = list(dict.fromkeys([*TABLES[kind], *table.columns]))
        write_table(getattr(layout, kind)(dataset), table.reindex(columns=columns), kind, signed)


def _recovered(
    study: Study,
    dataset: str,
    brain: xr.Dataset,
    models: Sequence[xr.Dataset],
    table: pd.DataFrame,
) -> Iterator[tuple[list[Row], list[Row]]]:
    """Yield rows of confusions and of power, region by region and distance by distance."""
    spec, where = study.spec, str(study.path)
    family_of = {name: model.name for name, model, _ in study.instances_for(dataset)}
    groups = groups_of(table, spec.inference.keep_together, where)
    for distance in spec.distances:
        # Of equalised units one draw is simulated, which has as many units, and their noise.
        regions = [region.measured[0] for region in regions_of(brain, distance)]
        measures = [MEASURES[name] for name in spec.measures if MEASURES[name].accepts(distance)]
        if not regions or not measures:
            continue
        candidates = candidates_of(models, DISTANCES[distance].noise_free or distance)
        related = kin(candidates.table, family_of)
        simulated = study.dataset(dataset).simulated
        setting = Setting(dataset, simulated, distance, measures[0], spec.inference)
        families = model_families(study, set(candidates.table["model"]))
        terms = Terms(setting, families, table, groups, where)
        for region in regions:
            about = {
                "dataset": dataset,
                "simulated": simulated,
                **region.columns,
                "distance": distance,
            }
            if distance not in PLANTINGS:
                why = f"{DISTANCES[distance].title}: no Gaussian units have it by construction"
                yield [], [{**about, "measure": m.name, "status": why} for m in measures]
                continue
            print(f"recover: {dataset}: {region.label}, {distance}", file=sys.stderr, flush=True)
            seed = [
                spec.inference.seed,
                zlib.crc32(f"{dataset}|{region.label}|{distance}".encode()),
            ]
            yield _region(region, candidates, related, measures, terms, seed, about)


def _region(
    region: Region,
    candidates: Candidates,
    related: Kin,
    measures: Sequence[Measure],
    terms: Terms,
    seed: list[int],
    about: dict[str, Any],
) -> tuple[list[Row], list[Row]]:
    """Return the rows of one region under one distance."""
    n_all, settings = len(terms.groups), terms.setting.inference.recovery
    chosen = planted_layers(region, candidates, related, measures[0], settings)
    n_stimuli = min(n_all, MOST_STIMULI)
    used = candidates
    if n_stimuli < n_all:
        kept = part_of(terms.groups, n_stimuli, np.random.default_rng([*seed, 3]))
        used = Candidates(candidates.table, candidates.rdms[:, pairs_of(kept)])
        terms = terms.on(kept)
    observed = observe(region, PLANTINGS[about["distance"]], measures[0], settings, n_stimuli)
    result = recover(observed, used, chosen, related, measures, terms, seed=seed)
    assumed = [observed.assumed] if observed.assumed else []
    if n_stimuli < n_all:
        assumed.append(f"{n_stimuli} of {n_all} stimuli, drawn at random, stand for all")
    about = {**about, "n_candidates": len(candidates.table), "assumed": "; ".join(assumed)}
    names = candidates.table[["model", "layer"]].to_numpy().tolist()
    confusion, power = [], []
    for measure in measures:
        own = {**about, "measure": measure.name}
        for index in chosen:
            planted = {"planted_model": names[index][0], "planted_layer": names[index][1]}
            if index not in result.calibrations:
                why = "the planted layer has no geometry"
                power.append({**own, **planted, "status": why})
                continue
            power += [
                {**own, **planted, **row}
                for row in _power(result, measure, index, related, observed)
            ]
            full = result.tallies[measure.name, index, (n_stimuli, len(region.subjects))]
            confusion += [
                {**own, **row, "status": "ok"}
                for row in confusion_rows(full.scores, tuple(names[index]), candidates)
            ]
        null = [
            scores
            for index in result.calibrations
            for scores in result.null.get((measure.name, index), [])
        ]
        if null:
            confusion += [
                {**own, **row, "status": "ok"}
                for row in confusion_rows(null, ("", NOTHING), candidates)
            ]
    return confusion, power


def _power(
    result: Recovered, measure: Measure, index: int, related: Kin, observed: Observed
) -> Iterator[Row]:
    calibration = result.calibrations[index]
    status = "ok" if calibration.reached else (
        "without any noise, subjects simulated from these units agree less than the measured"
    )  # fmt: skip
    units = sorted(observed.design.units)
    for (name, planted, size), tally in result.tallies.items():
        if (name, planted) != (measure.name, index):
            continue
        yield {
            "n_stimuli": size[0],
            "n_subjects": size[1],
            "n_units": units[len(units) // 2],
            "n_repetitions": observed.design.repetitions,
            **power_row(tally, index, related),
            "reliability_target": observed.reliability,
            "reliability_known": "yes" if observed.reliability_known else "no",
            "noise_share": calibration.noise_share,
            "status": status,
        }


def planted_layers(
    region: Region,
    candidates: Candidates,
    related: Kin,
    measure: Measure,
    settings: Recovery,
) -> list[int]:
    """Return which candidates are planted: the best of each model, or all."""
    if settings.candidates == "all":
        return list(range(len(candidates.table)))
    estimate = measure.compare(region.rdms, candidates.rdms).mean(axis=0)
    estimate[np.isnan(estimate)] = -np.inf
    best = []
    for family in dict.fromkeys(related.family.tolist()):
        members = np.flatnonzero(related.family == family)
        best.append(int(members[rounded(estimate[members]).argmax()]))
    return best


__all__ = ["agreement", "planted_layers", "run"]
