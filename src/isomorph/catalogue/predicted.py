"""Tables of predictions: single units from layers, layers from regions, on held-out stimuli."""

from __future__ import annotations

from typing import TYPE_CHECKING

from isomorph.catalogue.entries import WORDS, Artefact, named, table
from isomorph.catalogue.shared_columns import INTERVAL, PLACE, SHARED, TESTED

if TYPE_CHECKING:
    from isomorph.study import Study

R = "correlation"
R2 = "share of variance"

PREDICTIONS = {
    **named(
        WORDS,
        measure="How one side is predicted from the other: `ridge` and others predict units from "
        "a layer, `ridge_reverse` a layer from the units.",
        kind="`layer`: this layer for every part of the stimuli. `chosen`: for each part the layer "
        "of the model that is best within the stimuli that predict it; `layer` is then the one "
        "taken most often.",
    ),
    **named(
        R,
        estimate="Correlation of what was held out with what was predicted of it, within each part "
        "of the stimuli, mean over parts; the median over units, mean over subjects. In reverse of "
        "all principal components of the layer at once, each weighted by its variance.",
        chance="The mean of the estimate when the stimuli are shuffled and all is fitted anew.",
        r_lower="Lower quartile of that correlation over the units of all subjects.",
        r_median="Median of that correlation over the units of all subjects together.",
        r_upper="Upper quartile of that correlation over the units of all subjects.",
        normalised_lower="Lower quartile over units of the correlation over the root of the "
        "unit's reliability, what a perfect model of it would reach; empty without repetitions.",
        normalised_median="Median of the same over units.",
        normalised_upper="Upper quartile of the same over units.",
        pooled="Correlation of all units at once, fitted with one penalty, as in reverse; empty "
        "where nothing is predicted in reverse.",
        asymmetry="`pooled` less that of the layer predicted from the region, on the same parts of "
        "the stimuli: above 0 where the layer holds more than the region does.",
        asymmetry_low="Lower end of its confidence interval.",
        asymmetry_high="Upper end of its confidence interval.",
    ),
    **named(
        R2,
        r2_lower="Lower quartile over units of the share of variance explained; the mean of the "
        "stimuli that predict explains 0, what predicts worse is negative.",
        r2_median="Median of the share of variance explained, over units.",
        r2_upper="Upper quartile of the share of variance explained, over units.",
    ),
    **named("ratio", penalty="Penalty of ridge regression relative to the mean eigenvalue of the "
            "layer; the median over units and parts."),
    **named(
        "count",
        n_units="Units with a score; in reverse those that predict.",
        n_parts="Parts of the stimuli.",
    ),
}  # fmt: skip

UNITS = {
    **PREDICTIONS,
    **named(WORDS, unit="The unit, with its session where there are several."),
    **named(
        R,
        r="Correlation of the unit's responses with what was predicted of them, within each part "
        "of the stimuli, mean over parts.",
        reliability="Correlation that two means over as many repetitions would have, from halves "
        "of them; empty without repetitions.",
        normalised="`r` over the root of the reliability; empty where that is not above 0.",
    ),
    **named(
        R2,
        r2="Share of variance explained; the mean of the stimuli that predict explains 0.",
    ),
    **named("ratio", penalty="Penalty relative to the mean eigenvalue of the layer; the median "
            "over parts."),
}  # fmt: skip

DIFFERENCES = {
    **PREDICTIONS,
    **named(
        R,
        score_a="Estimate of the first model at the layers chosen for it; of several seeds the "
        "mean.",
        score_b="Estimate of the second model.",
        difference="The first less the second, on the same draws of stimuli, units and subjects.",
    ),
    **named(WORDS, layer_a="Layer chosen most often for the first; empty of several seeds.",
            layer_b="Layer chosen most often for the second; empty of several seeds."),
    **named("count", n_seeds_a="Seeds of the first.", n_seeds_b="Seeds of the second."),
}  # fmt: skip

PARTITION = {
    **PREDICTIONS,
    **named(
        WORDS,
        predictors="Models that predict together, each with all its layers.",
        part="The models that explain this part and that no other does.",
        kind="`unique`: what a model explains that none of the others does. `shared`: what exactly "
        "those named explain in common; it can be negative, where one suppresses what hides "
        "another. `total`: what all explain together, which is the sum of all parts.",
    ),
    **named(
        R2,
        variance="Share of the variance of held-out responses, mean over units and over subjects; "
        "below 0 where predictions are worse than the mean of the stimuli that predict.",
    ),
}

ROWS = f"dataset simulated {PLACE} measure"


def predicts(study: Study, _: str) -> bool:
    """Tell whether a study asks for predictions."""
    asked = study.spec.inference.prediction
    return bool(asked.methods or asked.bands)


PREDICTED: tuple[Artefact, ...] = (
    table(
        "predictions", "predict", "what layers predict of the units of regions, and regions of "
        "layers, on held-out stimuli",
        f"{ROWS} model layer depth kind chosen_share estimate {INTERVAL} chance {TESTED} r_lower "
        "r_median r_upper r2_lower r2_median r2_upper normalised_lower normalised_median "
        "normalised_upper pooled asymmetry asymmetry_low asymmetry_high penalty n_resamples "
        "n_stimuli n_parts n_subjects n_units status reason",
        PREDICTIONS, SHARED, optional="sides", asked=predicts,
    ),
    table(
        "units", "predict", "every unit: what is predicted of it, and how reliable it is",
        f"{ROWS} subject unit model layer kind r r2 reliability normalised penalty n_stimuli "
        "status reason",
        UNITS, SHARED, optional="depth n_parts n_subjects", asked=predicts,
    ),
    table(
        "prediction_differences", "predict", "models against each other by what they predict",
        f"{ROWS} model_a model_b n_seeds_a n_seeds_b layer_a layer_b score_a score_b difference "
        f"{INTERVAL} {TESTED} n_stimuli n_parts n_subjects status reason",
        DIFFERENCES, SHARED, asked=predicts,
    ),
    table(
        "prediction_partition", "predict", "shares of the variance of units that models predict "
        "together",
        f"{ROWS} predictors part kind variance {INTERVAL} n_resamples n_stimuli n_parts n_subjects "
        "n_units status reason",
        PARTITION, SHARED, asked=predicts,
    ),
)  # fmt: skip
