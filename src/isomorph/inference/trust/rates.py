"""Rows of the tables of a recovery: who was found for whom, and how often a claim is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from isomorph.inference.estimated import Row, said
from isomorph.inference.gather import Candidates
from isomorph.inference.trust.winners import Relations, shares
from isomorph.measures import Floats

NOTHING = "shuffled"
"""Stands for the planted layer where the planted geometry has nothing to do with any layer."""

CLAIMS = ("power_zero", "power_runner_up", "false_positive", "false_winner")
"""What may be claimed of simulated data: that the planted layer is related, that its model is above
the others; and where nothing is planted, that a layer is, and that some model is."""


@dataclass
class Tally:
    """What was found in the simulations of one planted layer under one setting, as it adds up.

    Attributes
    ----------
    scores : list of arrays of shape (simulation, candidate)
    claims : dict of str to list of arrays of shape (simulation,)
        Which claims were made, by effect; what is not tested is absent.
    reliability : list of arrays of shape (simulation,)
        Of the simulated data, under the measure.
    """

    scores: list[Floats] = field(default_factory=list)
    claims: dict[str, list[Any]] = field(default_factory=dict)
    reliability: list[Floats] = field(default_factory=list)

    def claim(self, effect: str, made: Any) -> None:
        """Add simulations of which a claim was made or not; none where it cannot be tested."""
        if made is not None:
            self.claims.setdefault(effect, []).append(made)

    def rate(self, effect: str) -> tuple[float, int]:
        """Return how often a claim was made and of how many; NaN of 0 where it was not tested."""
        found = self.claims.get(effect)
        if not found:
            return np.nan, 0
        made = np.concatenate(found)
        return float(made.mean()), len(made)


def power_row(tally: Tally, planted: int, relations: Relations) -> Row:
    """Return how often a planted layer, its neighbours and its model win, and what is claimed.

    Each rate, or the three of recovery together, with the number of simulations it rests on and
    the standard error of a rate of one half in as many, than which none is less certain.
    """
    won = shares(np.concatenate(tally.scores))
    family = relations.family == relations.family[planted]
    rates = {
        "recovery_exact": won[:, planted].mean(),
        "recovery_neighbour": won[:, relations.neighbours[planted]].sum(axis=1).mean(),
        "recovery_family": won[:, family].sum(axis=1).mean(),
    }
    found = {effect: tally.rate(effect) for effect in CLAIMS}
    numbers = {"recovery": len(won), **{effect: n for effect, (_, n) in found.items()}}
    reliability = np.concatenate(tally.reliability) if tally.reliability else np.array([np.nan])
    return {
        **{name: float(value) for name, value in rates.items()},
        **{effect: rate for effect, (rate, _) in found.items()},
        **{f"n_{of}": n for of, n in numbers.items()},
        **{f"error_{of}": 0.5 / np.sqrt(n) if n else np.nan for of, n in numbers.items()},
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
            **said(),
        }
        for found in np.argsort(-counts, kind="stable")
        if counts[found] > 0
    ]
