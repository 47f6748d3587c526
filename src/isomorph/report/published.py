"""What was published of a dataset, beside what was found of it."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from isomorph.artefacts import read_array, read_table
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.figures.titles import distance_title, measure_label, within_sentence
from isomorph.layout import Layout
from isomorph.measures import MEASURES
from isomorph.numerals import listed
from isomorph.report.columns import PageColumn, Table, table_of
from isomorph.saying import count
from isomorph.study.published import PublishedScores

COLUMNS = (
    PageColumn("region"),
    PageColumn("what", "score"),
    PageColumn("setting", "distance and measure"),
    PageColumn("published", kind="ready"),
    PageColumn("found", kind="ready"),
    PageColumn("apart", "found again", "ready"),
)


@dataclass(frozen=True)
class Score:
    """One published score, and the one that was found.

    Attributes
    ----------
    spec : PublishedScores
        What it belongs to.
    what : str
        What it is a score of: `layer3 of ResNet-50`, `people among each other`.
    published, found : float
        NaN where none was found.
    reason : str
        Why none was found.
    """

    spec: PublishedScores
    what: str
    published: float
    found: float
    reason: str = ""

    @property
    def holds(self) -> bool:
        """Whether what was found is what was published."""
        return abs(self.found - self.published) <= self.spec.tolerance

    @property
    def setting(self) -> str:
        """Distance and measure, in words."""
        distance = distance_title(self.spec.distance)
        return f"{within_sentence(measure_label(self.spec.measure))}, {distance}"

    def __str__(self) -> str:
        found = f"found {self.found:.3f}" if math.isfinite(self.found) else self.reason
        return f"{self.what} in {self.spec.region}: published {self.published:.3f}, {found}"


def scores(layout: Layout, dataset: str) -> list[Score]:
    """Return what was published of a dataset and is asked by the study, with what was found.

    Parameters
    ----------
    layout : Layout
        Paths of the study, whose results of the dataset are there.
    dataset : str

    Returns
    -------
    list of Score
        In the order of the dataset's file; none of what the study does not ask.

    Raises
    ------
    IsomorphError
        When a measure has no such name, or a table cannot be read.
    """
    found: list[Score] = []
    for spec in layout.study.dataset(dataset).expected.published:
        found += (_of_layers if spec.model else _of_people)(layout, dataset, spec)
    return found


def _of_layers(layout: Layout, dataset: str, spec: PublishedScores) -> Iterator[Score]:
    models = {name: model for name, model, _ in layout.study.instances_for(dataset)}
    study = layout.study.spec
    if (
        spec.model not in models
        or spec.measure not in study.measures
        or spec.distance not in study.distances
    ):
        return
    table = read_table(layout.comparisons(dataset), "comparisons")
    asked = {"region": spec.region, "model": spec.model, "distance": spec.distance,
             "measure": spec.measure}  # fmt: skip
    rows = table[np.logical_and.reduce([table[key] == value for key, value in asked.items()])]
    by_layer = {str(row["layer"]): row for row in rows.to_dict("records")}
    title = models[spec.model].title
    for layer, published in spec.layers.items():
        row = by_layer.get(layer)
        if len(rows) > len(by_layer):
            value, reason = math.nan, "it has a score in each of several time bins"
        elif row is None:
            value, reason = math.nan, _absent(table, spec, layer, by_layer)
        else:
            value, reason = float(row["estimate"]), str(row["reason"])
        yield Score(spec, f"{layer} of {title}", published, value, reason)


def _absent(
    table: pd.DataFrame, spec: PublishedScores, layer: str, known: Mapping[str, object]
) -> str:
    """Say why a layer has no row."""
    if not known:
        return f'no region "{spec.region}", {did_you_mean(spec.region, list(set(table["region"])))}'
    return f'no layer "{layer}", {did_you_mean(layer, known)}'


def _of_people(layout: Layout, dataset: str, spec: PublishedScores) -> Iterator[Score]:
    if spec.measure not in MEASURES:
        raise IsomorphError(
            f"{layout.study.dataset_files[dataset]}: expected.published: measure: unknown "
            f'"{spec.measure}", {did_you_mean(spec.measure, MEASURES)}'
        )
    assert spec.people is not None
    rdms = read_array(layout.brain_rdms(dataset), "rdms")
    if spec.distance not in rdms:
        return
    what = "people among each other"
    values = rdms[spec.distance].to_numpy()
    if "time_start" in rdms and len(np.unique(rdms["time_start"])) > 1:
        yield Score(spec, what, spec.people, math.nan, "there are RDMs of several time bins")
        return
    usable = np.isfinite(values).all(axis=1) & (rdms["region"].to_numpy() == spec.region)
    people = rdms["subject"].to_numpy()[usable]
    of_each = [values[usable][people == one].mean(axis=0) for one in dict.fromkeys(people.tolist())]
    if len(of_each) < 2:
        reason = f"{count(len(of_each), 'person', 'people')} with RDMs of it, expected two or more"
        yield Score(spec, what, spec.people, math.nan, reason)
        return
    alike = MEASURES[spec.measure].compare(np.stack(of_each), np.stack(of_each))
    value = float(alike[np.triu_indices(len(of_each), 1)].mean())
    yield Score(spec, what, spec.people, value)


def sentence(found: Sequence[Score]) -> str:
    """Return how many published scores were found again, and which were not; empty without any."""
    if not found:
        return ""
    good = [one for one in found if one.holds]
    within = listed([f"{one:g}" for one in dict.fromkeys(one.spec.tolerance for one in found)])
    said = (
        f"{len(good)} of {count(len(found), 'published score')} found again within {within} "
        f"({sources(found)})"
    )
    off = [f"{one} ({one.setting})" for one in found if not one.holds]
    if off:
        return f"{said}; not found again: {'; '.join(off)}."
    far = max(good, key=lambda one: abs(one.found - one.published))
    return f"{said}; furthest apart: {far} ({far.setting})."


def sources(found: Sequence[Score]) -> str:
    """Return where some scores are published, in words."""
    return listed(list(dict.fromkeys(one.spec.source for one in found)))


def of_study(layout: Layout, datasets: Sequence[str]) -> list[str]:
    """Return a sentence for each dataset with results of which scores are published."""
    said = ((name, sentence(scores(layout, name))) for name in datasets)
    return [f"{name}: {one}" for name, one in said if one]


def table(found: Sequence[Score]) -> Table | None:
    """Return all published scores beside those found, as the page shows them; None without any."""
    if not found:
        return None
    rows = [
        {
            "region": one.spec.region,
            "what": one.what,
            "setting": one.setting,
            "published": f"{one.published:.3f}",
            "found": f"{one.found:.3f}" if math.isfinite(one.found) else one.reason,
            "apart": f"{'yes' if one.holds else 'no'} (± {one.spec.tolerance:g})",
        }
        for one in found
    ]
    return table_of(rows, COLUMNS, [one.holds for one in found])
