"""Model recovery of a whole analysis: confusion and power of every region, distance and measure."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from isomorph.inference.analysis import Analysis
from isomorph.inference.estimated import Row, RowStatus, said
from isomorph.inference.featured import beyond_rdms, of_rdms_alone
from isomorph.inference.gather import Candidates, Region, candidates_of, regions_of
from isomorph.inference.members import among
from isomorph.inference.stimulus_splits import pairs_among
from isomorph.inference.ties import first_best
from isomorph.inference.trust.measured_data import MeasuredData, measured_data
from isomorph.inference.trust.rates import NOTHING, confusion_rows, power_row
from isomorph.inference.trust.simulated_scores import Recovered, recover
from isomorph.inference.trust.told_apart import Terms, part_of
from isomorph.inference.trust.winners import Relations, relations_of
from isomorph.measures import MEASURES, Measure
from isomorph.rdms.distances import DISTANCES, of_layers
from isomorph.simulation.planting import PLANTINGS
from isomorph.study.inference import Recovery

MOST_STIMULI = 1000
"""More are not simulated: a random part of them stands for all, which makes power look lower."""


def recovery_tables(analysis: Analysis) -> dict[str, pd.DataFrame]:
    """Simulate data like the measured from the candidate layers, and see which are found again.

    Parameters
    ----------
    analysis : Analysis
        Its settings of recovery say how many data sets are simulated; none with 0.

    Returns
    -------
    dict of str to DataFrame
        `confusion` and `power`.
    """
    confusion, power = list[Row](), list[Row]()
    if analysis.inference.recovery.simulations:
        for found, claims in _recovered(analysis):
            confusion += found
            power += claims
    return {"confusion": pd.DataFrame(confusion), "power": pd.DataFrame(power)}


def _recovered(analysis: Analysis) -> Iterator[tuple[list[Row], list[Row]]]:
    """Yield rows of confusions and of power, region by region and distance by distance."""
    family_of = {name: one.name for one in analysis.families for name in one.instances}
    seed, groups = analysis.inference.seed, analysis.groups
    for distance in analysis.distances:
        # Of equalised units one draw is simulated, which has as many units, and their noise.
        regions = [region.measured[0] for region in regions_of(analysis.brain, distance)]
        names = [name for name in analysis.measures if _is_simulated(name, distance)]
        if not regions or not names:
            continue
        measures = [MEASURES[name] for name in names]
        candidates = candidates_of(analysis.models, of_layers(distance))
        related = relations_of(candidates.table, family_of)
        families = among(analysis.families, set(candidates.table["model"]))
        terms = Terms(
            analysis.setting(distance, names[0]), families, analysis.stimuli, groups,
            analysis.where,
        )  # fmt: skip
        for region in regions:
            about = {
                "dataset": analysis.dataset,
                "simulated": analysis.simulated,
                **region.columns,
                "distance": distance,
            }
            if distance not in PLANTINGS:
                title = DISTANCES[distance].title if distance in DISTANCES else distance
                why = f"{title}: no Gaussian units have it by construction"
                yield [], [{**about, "measure": m.name, **said(why)} for m in measures]
                continue
            analysis.said(f"{region.label}, {distance}")
            name = f"{analysis.dataset}|{region.label}|{distance}"
            yield _region(
                region, candidates, related, measures, terms,
                [seed, zlib.crc32(name.encode())], about,
            )  # fmt: skip


def not_recovered(analysis: Analysis) -> list[str]:
    """Return which measure of which distance is not simulated, and why, a line each."""
    return [
        f"{name} of {distance} " + (beyond_rdms(MEASURES[name]) or "does not go together")
        for distance in analysis.distances
        for name in analysis.measures
        if not _is_simulated(name, distance)
    ]


def _is_simulated(name: str, distance: str) -> bool:
    """Whether data sets are simulated for a measure: they are RDMs, and some take hours."""
    return MEASURES[name].accepts(distance) and of_rdms_alone(MEASURES[name])


def _region(
    region: Region,
    candidates: Candidates,
    related: Relations,
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
        pairs = pairs_among(np.flatnonzero(kept), n_all)
        used = Candidates(candidates.table, candidates.rdms[:, pairs])
        terms = terms.on(kept)
    data = measured_data(region, PLANTINGS[about["distance"]], measures[0], settings, n_stimuli)
    result = recover(data, used, chosen, measures, terms, seed=seed)
    assumed = [data.assumed] if data.assumed else []
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
                power.append({**own, **planted, **said(why)})
                continue
            power += [
                {**own, **planted, **row} for row in _power(result, measure, index, related, data)
            ]
            full = result.tallies[measure.name, index, (n_stimuli, len(region.subjects))]
            rows = confusion_rows(full.scores, tuple(names[index]), candidates)
            confusion += [{**own, **row} for row in rows]
        null = [
            scores
            for index in result.calibrations
            for scores in result.null.get((measure.name, index), [])
        ]
        if null:
            rows = confusion_rows(null, ("", NOTHING), candidates)
            confusion += [{**own, **row} for row in rows]
    return confusion, power


def _power(
    result: Recovered, measure: Measure, index: int, related: Relations, data: MeasuredData
) -> Iterator[Row]:
    calibration = result.calibrations[index]
    limit = "" if calibration.reached else (
        "without any noise, subjects simulated from these units agree less than the measured"
    )  # fmt: skip
    units = sorted(data.design.units)
    for (name, planted, size), tally in result.tallies.items():
        if (name, planted) != (measure.name, index):
            continue
        yield {
            "n_stimuli": size[0],
            "n_subjects": size[1],
            "n_units": units[len(units) // 2],
            "n_repetitions": data.design.repetitions,
            **power_row(tally, index, related),
            "reliability_target": data.reliability,
            "reliability_known": "yes" if data.reliability_known else "no",
            "noise_share": calibration.noise_share,
            **said(limit, RowStatus.LIMITED),
        }


def planted_layers(
    region: Region,
    candidates: Candidates,
    related: Relations,
    measure: Measure,
    settings: Recovery,
) -> list[int]:
    """Return which candidates are planted: the best of each model, or all."""
    if settings.candidates == "all":
        return list(range(len(candidates.table)))
    estimate = measure.compare(region.rdms, candidates.rdms).mean(axis=0)
    families = [np.flatnonzero(related.family == one) for one in dict.fromkeys(related.family)]
    return [int(members[first_best(estimate[members])]) for members in families]
