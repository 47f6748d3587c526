"""Prediction of responses from representations, on stimuli that were held out: arrays alone."""

from isomorph.prediction.held_out import (
    HeldOut,
    Moments,
    Pooled,
    correlations,
    deviations,
    explained,
    held_out,
    moments,
    pooled,
    pooled_r,
)
from isomorph.prediction.linear_maps import (
    INNER,
    PENALTIES,
    Components,
    Fitted,
    Map,
    PartialLeastSquares,
    Ridge,
    led,
)
from isomorph.prediction.refits import (
    influences,
    moved,
    pooled_influence,
    pooled_slopes,
    slopes,
)
from isomorph.prediction.shuffles import ShuffledLayer, ShuffledUnits, summed
from isomorph.prediction.spectra import Fold, Spectrum, folds_of, root_of, spectra, spectrum

__all__ = [
    "INNER",
    "PENALTIES",
    "Components",
    "Fitted",
    "Fold",
    "HeldOut",
    "Map",
    "Moments",
    "PartialLeastSquares",
    "Pooled",
    "Ridge",
    "ShuffledLayer",
    "ShuffledUnits",
    "Spectrum",
    "correlations",
    "deviations",
    "explained",
    "folds_of",
    "held_out",
    "influences",
    "led",
    "moments",
    "moved",
    "pooled",
    "pooled_influence",
    "pooled_r",
    "pooled_slopes",
    "root_of",
    "slopes",
    "spectra",
    "spectrum",
    "summed",
]
