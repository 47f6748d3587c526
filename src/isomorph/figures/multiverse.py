"""The multiverse: models under every distance and measure, and how far these agree."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.lines import Line2D

from isomorph.figures.main_rows import Family
from isomorph.figures.style import (
    CEILING,
    FAINT,
    REGION,
    SMALL,
    SOFT,
    heat_map,
    looks,
    styled,
)
from isomorph.figures.titles import distance_label, family_title, measure_label
from isomorph.measures import FAMILIES

Setting = tuple[str, str]
Floats = npt.NDArray[np.floating]

MOST_SETTINGS = 12
"""Settings of one family up to which each is set against each."""

LINE = 0.21
"""Height of a setting, inches."""

WIDE = 3.6
"""Width of the upper panel, inches, without what stands beside it."""

LONGEST = 44
"""Letters of a label; a longer one gives way to the name that tables have."""

LETTER = 0.058
"""Mean width of a letter, inches."""

CELL = 0.36
"""Side of a cell of the agreement, inches."""

NARROWEST = 0.1
"""Least right end of the abscissa of scores, whose perfect match is 1."""

NO_SCORE = "no score"
UNCALIBRATED = "no calibrated score"


@dataclass(frozen=True)
class Line:
    """A line of the upper panel: the name of a family, or a setting of distance and measure."""

    family: str
    setting: Setting | None = None


def lines_of(scores: pd.DataFrame) -> list[Line]:
    """Return the settings of a region, by family, each family under its name if there are several.

    Parameters
    ----------
    scores : DataFrame
        See `isomorph.inference.model_scores.model_scores`.
    """
    known = scores[["family", "measure", "distance"]].drop_duplicates().astype(str)
    order = {name: at for at, name in enumerate(FAMILIES)}
    measures = {name: at for at, name in enumerate(dict.fromkeys(known["measure"]))}
    rows = sorted(
        zip(known["family"], known["measure"], known["distance"], strict=True),
        key=lambda row: (order.get(row[0], len(order)), row[0], measures[row[1]]),
    )
    found = []
    several = known["family"].nunique() > 1
    for family, group in groupby(rows, key=lambda row: row[0]):
        if several:
            found.append(Line(family))
        found += [Line(family, (distance, measure)) for _, measure, distance in group]
    return found


def agreement_of(agreement: pd.DataFrame) -> tuple[list[str], Floats] | None:
    """Return the mean tau-b between families, or that between the settings of one family.

    Parameters
    ----------
    agreement : DataFrame
        Agreement of one region.

    Returns
    -------
    names : list of str
    array of shape (name, name)
        NaN between what cannot be compared. None where there is nothing to set apart.
    """
    rows = agreement[agreement["over"] == "models"]
    families = rows[rows["compared"] == "families"]
    if len(families):
        ends = [families[f"family_{end}"].tolist() for end in "ab"]
        known = {*ends[0], *ends[1]}
        names = [*(name for name in FAMILIES if name in known), *sorted(known - set(FAMILIES))]
        return [family_title(name) for name in names], _matrix(names, ends, families, np.nan)
    ends = [list(zip(rows[f"distance_{end}"], rows[f"measure_{end}"], strict=True)) for end in "ab"]
    settings = list(dict.fromkeys([*ends[0], *ends[1]]))
    if not 2 < len(settings) <= MOST_SETTINGS:
        return None
    several = len({distance for distance, _ in settings}) > 1
    titles = [
        _measure(measure) + (f"\n{distance_label(distance)}" if several else "")
        for distance, measure in settings
    ]
    return titles, _matrix(settings, ends, rows, 1.0)


def _matrix(
    names: Sequence[Any], ends: Sequence[Sequence[Any]], rows: pd.DataFrame, itself: float
) -> Floats:
    table = np.full((len(names), len(names)), np.nan)
    np.fill_diagonal(table, itself)
    for first, second, tau in zip(*ends, rows["kendall_tau_b"], strict=True):
        a, b = names.index(first), names.index(second)
        table[a, b] = table[b, a] = tau
    return table


def draw_multiverse(
    scores: pd.DataFrame, winners: pd.DataFrame, agreement: pd.DataFrame, families: Sequence[Family]
) -> Figure:
    """Draw models under every setting, by family of measures, above the agreement of families.

    Parameters
    ----------
    scores : DataFrame
        Scores of models in one region, see `isomorph.inference.model_scores.model_scores`.
    winners : DataFrame
        See `isomorph.inference.model_scores.winners`.
    agreement : DataFrame
        Agreement of one region.
    families : sequence of Family
        The models.
    """
    lines, agreed = lines_of(scores), agreement_of(agreement)
    models = [family for family in families if (scores["candidate"] == family.name).any()]
    above = 0.9 + LINE * (len(lines) + 1) + 0.2 * -(-(len(models) + 2) // 2)
    below = 0.0 if agreed is None else 1.7 + CELL * len(agreed[0])
    with styled():
        size = (_width(lines, agreed[0] if agreed else ()), above + below)
        figure = Figure(figsize=size, layout=ConstrainedLayoutEngine(hspace=0.06))
        if agreed is None:
            top = figure.subplots()
        else:
            top, bottom = figure.subplots(2, 1, height_ratios=(above, below))
            _draw_agreement(bottom, *agreed)
        key = list(_key(models, families, winners))
        _draw_scores(top, lines, scores, winners, families)
        figure.legend(
            handles=key, loc="outside upper left", ncols=_key_columns(key, size[0]),
            frameon=False, fontsize=8, handletextpad=0.4, columnspacing=1.2,
        )  # fmt: skip
    return figure


def _measure(name: str) -> str:
    label = measure_label(name)
    return label if len(label) <= LONGEST else name.replace("_", " ")


def _width(lines: Sequence[Line], agreed: Sequence[str]) -> float:
    """Return how wide a figure is in which the names beside a panel leave it its width."""
    settings = [line.setting for line in lines if line.setting]
    left = [*(_measure(measure) for _, measure in settings), *"\n".join(agreed).split("\n")]
    distances = {distance for distance, _ in settings}
    right = [distance_label(one) for one in distances] if len(distances) > 1 else []
    letters = max(map(len, left)) + max(map(len, right), default=0)
    return max(WIDE, CELL * len(agreed)) + 0.6 + LETTER * letters


def _key(
    models: Sequence[Family], families: Sequence[Family], winners: pd.DataFrame
) -> Iterator[Line2D]:
    known = looks(families)
    for one in models:
        look = known[one.name]
        yield Line2D([], [], linestyle="", marker=look.form, color=look.colour, markersize=5,
                     markerfacecolor=look.face, label=one.title)  # fmt: skip
    said = {
        "yes": "highest, told apart from the second",
        "": "highest" if (winners["told_apart"] == "").all() else "highest, not told apart",
    }
    for sure in dict.fromkeys("yes" if told == "yes" else "" for told in winners["told_apart"]):
        yield Line2D([], [], linestyle="", marker="o", markersize=9, markerfacecolor="none",
                     markeredgecolor=REGION if sure else FAINT, label=said[sure])  # fmt: skip


def _key_columns(key: Sequence[Line2D], width: float) -> int:
    """Return into how many columns a key is divided that is no wider than the figure, inches."""
    for columns in (3, 2):
        deep = -(-len(key) // columns)
        longest = [
            max(len(str(one.get_label())) for one in key[start : start + deep])
            for start in range(0, len(key), deep)
        ]
        if sum(0.42 + 1.1 * LETTER * letters for letters in longest) <= width:
            return columns
    return 1


def _draw_scores(
    ax: Any,
    lines: Sequence[Line],
    scores: pd.DataFrame,
    winners: pd.DataFrame,
    families: Sequence[Family],
) -> None:
    known_looks = looks(families)
    values = {
        setting: dict(zip(rows["candidate"], rows["calibrated"], strict=True))
        for setting, rows in scores.dropna(subset="value").groupby(["distance", "measure"])
    }
    best = {
        (row["distance"], row["measure"]): (row["winner"], row["told_apart"] == "yes")
        for row in winners.to_dict("records")
    }
    several = len({line.setting[0] for line in lines if line.setting}) > 1
    for y, line in enumerate(lines):
        if line.setting is None:
            continue
        ax.axhline(y, color=CEILING, linewidth=0.6, zorder=0.5)
        own = values.get(line.setting, {})
        known = {name: value for name, value in own.items() if np.isfinite(value)}
        if not known:
            ax.text(0, y, UNCALIBRATED if own else NO_SCORE, fontsize=SMALL, color=SOFT,
                    va="center")  # fmt: skip
        for name, value in known.items():
            if look := known_looks.get(name):
                ax.scatter(value, y, s=22, c=look.face, edgecolors=look.colour, marker=look.form,
                           linewidths=1, zorder=5)  # fmt: skip
        winner, sure = best.get(line.setting, ("", False))
        if winner in known:
            ax.scatter(known[winner], y, s=85, facecolors="none", linewidths=1.2, zorder=6,
                       edgecolors=REGION if sure else FAINT)  # fmt: skip
        if several:
            ax.text(1.03, y, distance_label(line.setting[0]), fontsize=SMALL, color=SOFT,
                    va="center", transform=ax.get_yaxis_transform())  # fmt: skip
    names = [
        family_title(line.family) if line.setting is None else _measure(line.setting[1])
        for line in lines
    ]
    ax.set_yticks(range(len(lines)), names, fontsize=SMALL)
    for text, line in zip(ax.get_yticklabels(), lines, strict=True):
        text.set_fontweight("bold" if line.setting is None else "normal")
    ax.set_ylim(len(lines) - 0.4, -0.6)
    # Where next to nothing is above chance, what is must not fill the panel.
    ax.set_xlim(right=max(ax.get_xlim()[1], NARROWEST))
    ax.axvline(0, color=FAINT, linewidth=0.7, zorder=1)
    ax.tick_params(axis="y", length=0)
    ax.spines["left"].set_visible(False)
    ax.set_xlabel("score on held-out stimuli, from chance (0) to a perfect match (1)")


def _draw_agreement(ax: Any, names: Sequence[str], table: Floats) -> None:
    heat_map(ax, table, low=-1.0)
    ax.set_aspect("equal", anchor="NW")
    ax.set_yticks(range(len(names)), names, fontsize=SMALL)
    ax.set_xticks(range(len(names)), names, rotation=40, ha="right", rotation_mode="anchor",
                  fontsize=SMALL)  # fmt: skip
    ax.set_title("Agreement on the order of the models (tau-b)", fontsize=9, pad=8)
