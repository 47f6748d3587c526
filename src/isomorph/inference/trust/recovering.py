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
from isomorph.inference.setting import columns_of_distance
from isomorph.inference.stimulus_splits import pairs_among
from isomorph.inference.ties import first_best
from isomorph.inference.trust.layers import Layers
from isomorph.inference.trust.measured_data import MeasuredData, measured_data
from isomorph.inference.trust.rates import NOTHING, confusion_rows, power_row
from isomorph.inference.trust.simulated_scores import Recovered, recover
from isomorph.inference.trust.told_apart import Bools, Terms
from isomorph.inference.trust.winners import TIE, Relations, relations_of
from isomorph.measures import MEASURES, Floats, Measure
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.paired import of_brain, of_layers
from isomorph.simulation.gaussian import FINE
from isomorph.simulation.planting import Planting, planting_of
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
        candidates = candidates_of(analysis.models, distance)
        related = relations_of(candidates.table, family_of)
        families = among(analysis.families, set(candidates.table["model"]))
        terms = Terms(
            analysis.setting(distance, names[0]), families, analysis.stimuli, groups,
            analysis.where, analysis.along,
        )  # fmt: skip
        brain, by_name = of_brain(distance), f"{analysis.dataset}|{distance}"
        planting = planting_of(brain, of_layers(distance))
        layers, kept = _layers(candidates, measures, terms, [seed, zlib.crc32(by_name.encode())])
        for region, estimate in zip(regions, _estimates(regions, layers, kept), strict=True):
            about = {
                "dataset": analysis.dataset,
                "simulated": analysis.simulated,
                **region.columns,
                **columns_of_distance(distance),
            }
            if isinstance(planting, str):
                title = DISTANCES[brain].title if brain in DISTANCES else brain
                why = f"{title}: {planting}"
                yield [], [{**about, "measure": m.name, **said(why)} for m in measures]
                continue
            analysis.said(f"{region.label}, {distance}")
            name = f"{analysis.dataset}|{region.label}|{distance}"
            chosen = planted_layers(estimate, related, analysis.inference.recovery)
            yield _region(
                region, planting, layers, chosen, related, kept,
                [seed, zlib.crc32(name.encode())], about,
            )  # fmt: skip


def _layers(
    candidates: Candidates, measures: Sequence[Measure], terms: Terms, seed: list[int]
) -> tuple[Layers, Bools | None]:
    """Return the layers on the stimuli that are simulated, and which these are, None for all."""
    n_all = len(terms.groups)
    if n_all <= MOST_STIMULI:
        return Layers(candidates, measures, terms, seed), None
    kept = terms.part(MOST_STIMULI, np.random.default_rng([*seed, 3]))
    some = candidates.rdms[:, pairs_among(np.flatnonzero(kept), n_all)]
    return Layers(Candidates(candidates.table, some), measures, terms.on(kept), seed), kept


def _estimates(regions: Sequence[Region], layers: Layers, kept: Bools | None) -> list[Floats]:
    """Return how similar each region is to every candidate under the first measure."""
    measure, rdms = layers.measures[0], np.concatenate([one.rdms for one in regions])
    if kept is not None:
        rdms = rdms[:, pairs_among(np.flatnonzero(kept), len(kept))]
    part = layers.part(layers.n_stimuli, 0)
    if measure.name in part.seen.spaces:
        found = part.seen.look(rdms[None]).scores(measure)[0]
        if layers.n_stimuli > FINE:
            found = np.rint(found / TIE) * TIE
    else:
        found = measure.compare(rdms, part.candidates.rdms)
    ends = np.cumsum([len(one.rdms) for one in regions])[:-1]
    return [own.mean(axis=0) for own in np.split(found, ends)]


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
    planting: Planting,
    layers: Layers,
    chosen: Sequence[int],
    related: Relations,
    kept: Bools | None,
    seed: list[int],
    about: dict[str, Any],
) -> tuple[list[Row], list[Row]]:
    """Return the rows of one region under one distance."""
    candidates, measures = layers.candidates, layers.measures
    settings, n_stimuli = layers.terms.setting.inference.recovery, layers.n_stimuli
    data = measured_data(region, planting, measures[0], settings, n_stimuli)
    result = recover(data, layers, chosen, seed=seed)
    assumed = [data.assumed] if data.assumed else []
    if kept is not None:
        assumed.append(f"{n_stimuli} of {len(kept)} stimuli, drawn at random, stand for all")
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


def planted_layers(estimate: Floats, related: Relations, settings: Recovery) -> list[int]:
    """Return which candidates are planted: the best of each model, or all.

    Parameters
    ----------
    estimate : array of shape (candidate,)
        How similar a region is to each.
    related : Relations
    settings : Recovery
    """
    if settings.candidates == "all":
        return list(range(len(estimate)))
    families = [np.flatnonzero(related.family == one) for one in dict.fromkeys(related.family)]
    return [int(members[first_best(estimate[members])]) for members in families]
