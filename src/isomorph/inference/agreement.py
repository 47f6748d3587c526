"""Whether distances and measures put models and layers in one order, and find the same winner."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from isomorph.inference.estimated import PLACE, Row, said
from isomorph.inference.model_scores import (
    KEYS,
    SETTING,
    Owners,
    Place,
    Setting,
    model_scores,
    place_of,
    winners,
)
from isomorph.inference.orders import orders
from isomorph.measures import FAMILIES, family_of

TOO_FEW = "fewer than two candidates in both"
NO_WINNERS = dict.fromkeys(
    ("winner_a", "winner_b", "same_winner", "told_apart_a", "told_apart_b"), ""
)
ALL_TIE = "all candidates tie under one of the two"


def agreement(tables: Mapping[str, pd.DataFrame], owners: Owners) -> pd.DataFrame:
    """Compare the orders that every two settings of distance and measure put candidates in.

    Parameters
    ----------
    tables : mapping of str to DataFrame
        `comparisons`, `selection`, `differences` and `contrasts` of a dataset.
    owners : mapping of str to str
        The model of every instance: the seeds of a network are one model, which has their mean.

    Returns
    -------
    DataFrame
        A row per region and pair of settings, then one per pair of families of measures, with the
        mean over the pairs of their settings: over `models`, each by its score on held-out stimuli,
        and over all `layers`, by their estimates. Kendall's tau-b and Spearman's correlation of the
        candidates both have, and whether both put the same one first.
    """
    comparisons = tables["comparisons"]
    if comparisons.empty:
        return pd.DataFrame()
    scores = model_scores(tables["selection"], owners)
    sure = {
        (place_of(row), (row["distance"], row["measure"])): (row["winner"], row["told_apart"])
        for row in winners(tables, owners).to_dict("records")
    }
    of_models = {place_of(rows.iloc[0]): rows for _, rows in _grouped(scores, KEYS)}
    rows: list[Row] = []
    for _, inside in _grouped(comparisons, KEYS):
        first = inside.iloc[0]
        place = place_of(first)
        own = of_models.get(place, scores.head(0))
        settings = list(dict.fromkeys(zip(inside["distance"], inside["measure"], strict=True)))
        for over, values in (("models", own), ("layers", _layers(inside))):
            told = over == "models"
            about = {name: first[name] for name in (*KEYS, "simulated")} | {"over": over}
            table, without = _table(values, settings), _reasons(own) if told else {}
            pairs = _pairs(table, settings, without)
            found = [
                {**about, **row, **(_told_apart(row, place, sure) if told else {})} for row in pairs
            ]
            rows += [*found, *_families(found)]
    return pd.DataFrame(rows)


def _grouped(table: pd.DataFrame, keys: Sequence[str]) -> Iterator[tuple[object, pd.DataFrame]]:
    yield from table.groupby(list(keys), sort=False, dropna=False)


def _layers(comparisons: pd.DataFrame) -> pd.DataFrame:
    return comparisons.assign(
        candidate=comparisons["model"] + ": " + comparisons["layer"],
        value=comparisons["estimate"].astype(float),
    )


def _table(rows: pd.DataFrame, settings: Sequence[Setting]) -> pd.DataFrame:
    """Return values `(candidate, setting)`, candidates in order of appearance."""
    names = list(dict.fromkeys(rows["candidate"]))
    table = pd.DataFrame(
        np.nan, index=names, columns=pd.MultiIndex.from_tuples(settings, names=SETTING)
    )
    for setting, part in rows.groupby(SETTING, sort=False):
        table[setting] = part.set_index("candidate")["value"].astype(float).reindex(names)
    return table


def _reasons(scores: pd.DataFrame) -> dict[Setting, str]:
    """Return why models have no score under a setting, where none has."""
    return {
        (str(distance), str(measure)): str(part["reason"].iloc[0])
        for (distance, measure), part in scores.groupby(SETTING, sort=False)
        if part["value"].isna().all()
    }


# ---------------------------------------------------------------- two settings


def _pairs(
    table: pd.DataFrame, settings: Sequence[Setting], without: Mapping[Setting, str]
) -> Iterator[Row]:
    """Yield a row per pair of settings."""
    values = table.to_numpy(dtype=float)
    found, names = orders(values), table.index.to_numpy(dtype=object)
    known = np.isfinite(values)
    for a, b in combinations(range(len(settings)), 2):
        first, second = settings[a], settings[b]
        n, tau = int(found.n_candidates[a, b]), float(found.tau_b[a, b])
        row: Row = {
            "compared": "settings",
            **_about(first, "a"), **_about(second, "b"),
            "n_pairs": 1, "n_candidates": n, "kendall_tau_b": tau,
            "spearman": float(found.spearman[a, b]),
            "share_same_winner": np.nan, **NO_WINNERS,
        }  # fmt: skip
        if n < 2:
            why = without.get(first) or without.get(second) or TOO_FEW
            yield {**row, **said(why)}
            continue
        both = known[:, a] & known[:, b]
        same = bool(found.same_winner[a, b])
        for end, column in (("a", a), ("b", b)):
            row[f"winner_{end}"] = str(names[both][values[both, column].argmax()])
        row |= {"same_winner": "yes" if same else "no", "share_same_winner": float(same)}
        yield {**row, **said("" if np.isfinite(tau) else ALL_TIE)}


def _about(setting: Setting, end: str) -> Row:
    distance, measure = setting
    return {f"distance_{end}": distance, f"measure_{end}": measure,
            f"family_{end}": family_of(measure)}  # fmt: skip


def _told_apart(
    row: Row, place: Place, sure: Mapping[tuple[Place, Setting], tuple[str, str]]
) -> Row:
    """Say under both settings whether the winner is told apart from the second.

    Not where it wins only because the other setting has no value of the one that does.
    """
    found = {}
    for end in "ab":
        winner, told = sure.get((place, (row[f"distance_{end}"], row[f"measure_{end}"])), ("", ""))
        found[f"told_apart_{end}"] = told if winner == row[f"winner_{end}"] else ""
    return found


# ---------------------------------------------------------------- two families of measures


def _families(rows: Sequence[Row]) -> list[Row]:
    """Return a row per pair of families: the mean over the pairs of their settings."""
    place = {name: at for at, name in enumerate(FAMILIES)}
    last = len(place)
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        names = (row["family_a"], row["family_b"])
        first, second = sorted(names, key=lambda name: (place.get(name, last), name))
        groups.setdefault((first, second), []).append(row)
    if len({name for pair in groups for name in pair}) < 2:
        return []
    return [_family(pair, members) for pair, members in groups.items()]


def _family(pair: tuple[str, str], members: Sequence[Row]) -> Row:
    first = members[0]
    kept = ("dataset", *PLACE, "simulated", "over")
    told = [row for row in members if row["same_winner"]]

    def mean(column: str) -> float:
        values = [row[column] for row in told if np.isfinite(row[column])]
        return float(np.mean(values)) if values else np.nan

    reason = "" if told else str(first["reason"])
    if told and not np.isfinite(mean("kendall_tau_b")):
        reason = ALL_TIE
    return {
        **{name: first[name] for name in kept},
        "compared": "families", "family_a": pair[0], "family_b": pair[1],
        "distance_a": "", "measure_a": "", "distance_b": "", "measure_b": "",
        "n_pairs": len(told),
        "n_candidates": min((row["n_candidates"] for row in told), default=0),
        "kendall_tau_b": mean("kendall_tau_b"), "spearman": mean("spearman"),
        "share_same_winner": mean("share_same_winner"), **NO_WINNERS,
        **said(reason),
    }  # fmt: skip
