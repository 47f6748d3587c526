"""Rows of the tables of a recovery: who was found for whom, and how often a claim is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isomorph.inference.gather import Candidates
from isomorph.inference.trust.outcomes import Kin, shares
from isomorph.measures import Floats

Row = dict[str, Any]

NOTHING = "shuffled"
"""Stands for the planted layer where the planted geometry has nothing to do with any layer."""


@dataclass
class Tally:
    """What was found in the simulations of one planted layer under one setting, as it adds up.

    Attributes
    ----------
    scores : list of (simulation, candidate)
    claims : dict of str to list of (simulation,)
        Which claims were made, by effect; what is not tested is absent.
    reliability : list of (simulation,)
        Of the simulated data, under the measure.
    """

    scores: list[Floats] = field(default_factory=list)
    claims: dict[str, list[Any]] = field(default_factory=dict)
    reliability: list[Floats] = field(default_factory=list)

    def claim(self, effect: str, made: Any) -> None:
        """Add simulations of which a claim was made or not."""
        self.claims.setdefault(effect, []).append(made)

    def rate(self, effect: str) -> float:
        """Return how often a claim was made, NaN where it was not tested."""
        found = self.claims.get(effect)
        return float(np.concatenate(found).mean()) if found else np.nan


def power_row(tally: Tally, planted: int, kin: Kin) -> Row:
    """Return how often a planted layer, its neighbours and its model win, and what is claimed."""
    won = shares(np.concatenate(tally.scores))
    family = kin.family == kin.family[planted]
    rates = {
        "recovery_exact": won[:, planted].mean(),
        "recovery_neighbour": won[:, kin.neighbours[planted]].sum(axis=1).mean(),
        "recovery_family": won[:, family].sum(axis=1).mean(),
    }
    tested = ("power_zero", "power_runner_up", "false_positive", "false_winner")
    reliability = np.concatenate(tally.reliability) if tally.reliability else np.array([np.nan])
    return {
        **{name: float(value) for name, value in rates.items()},
        **{effect: tally.rate(effect) for effect in tested},
        # A rate of one half is the least certain: no rate of this row is further off than this.
        "monte_carlo_error": 0.5 / np.sqrt(len(won)),
        "n_simulations": len(won),
        "reliability_simulated": float(reliability.mean()),
    }


def confusion_rows(
    scores: list[Floats], planted: tuple[str, str], candidates: Candidates
) -> list[Row]:
    """Return which candidates won, a row each; a tie counts for each of the tied in part."""
    won = shares(np.concatenate(scores))
    counts = won.sum(axis=0)
    models, layers = (candidates.table[name].to_numpy() for name in ("model", "layer"))
    return [
        {
            "planted_model": planted[0],
            "planted_layer": planted[1],
            "found_model": models[found],
            "found_layer": layers[found],
            "count": float(counts[found]),
            "n_simulations": len(won),
        }
        for found in np.argsort(-counts, kind="stable")
        if counts[found] > 0
    ]
