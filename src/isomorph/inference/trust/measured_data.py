"""What a simulation has to be like: subjects, units, repetitions and reliability of the data."""

from __future__ import annotations

from dataclasses import dataclass

from isomorph.inference.gather import Region
from isomorph.inference.trust.noise_level import measured_reliability
from isomorph.measures import Measure
from isomorph.simulation.gaussian import SimulatedDesign
from isomorph.simulation.planting import Planting
from isomorph.study.inference import Recovery

FEWEST_CROSSED = 4
"""Repetitions that have two halves with two repetitions each."""


@dataclass(frozen=True)
class MeasuredData:
    """The measured data of a region, as far as a simulation repeats them.

    Attributes
    ----------
    region : Region
    design : SimulatedDesign
    reliability : float
        Of the data, or what was assumed.
    reliability_known : bool
    assumed : str
        What is not known of the data and was assumed; empty where nothing was.
    """

    region: Region
    design: SimulatedDesign
    reliability: float
    reliability_known: bool
    assumed: str


def measured_data(
    region: Region,
    planting: Planting,
    measure: Measure,
    settings: Recovery,
    n_stimuli: int,
) -> MeasuredData:
    """Return what is known of a region's data, and what has to be assumed.

    Parameters
    ----------
    region : Region
    planting : Planting
    measure : Measure
        The reliability is given under it.
    settings : Recovery
    n_stimuli : int
        How many are simulated.
    """
    assumed = []
    units = region.subject_units or (None,) * len(region.subjects)
    if None in units:
        assumed.append(f"{settings.units} units per subject, as none are published")
    counts = tuple(settings.units if count is None else count for count in units)
    reliability = measured_reliability(region, measure)
    known = reliability is not None
    if reliability is None:
        reliability = settings.reliability
        assumed.append(
            f"halves that agree at {settings.reliability:g}, as "
            + (region.no_halves or "one subject without repetitions to halve has no reliability")
        )
    # Between subjects all noise is noise of their means; halves and cross-validation need more.
    halved = len(region.subjects) == 1
    fewest = (2 if halved else 1) * (2 if planting.crossed else 1)
    if planting.crossed and region.n_folds is None:
        assumed.append(f"{FEWEST_CROSSED} repetitions, as their number is not known")
    number = max(region.n_folds or (FEWEST_CROSSED if planting.crossed else 1), fewest)
    design = SimulatedDesign(n_stimuli, counts, number, halved, planting)
    return MeasuredData(region, design, float(reliability), known, "; ".join(assumed))
