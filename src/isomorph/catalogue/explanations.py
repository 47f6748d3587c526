"""Tables of explanations and simulations: what else explains a similarity, how far to trust it."""

from __future__ import annotations

from isomorph.catalogue.entries import RESULTS, WORDS, Artefact, named, table
from isomorph.catalogue.shared_columns import INTERVAL, MEASURE, PLACE, SHARE, SHARED, TESTED, UNDER

PARTIAL = {
    **named(
        WORDS,
        controls="Models held constant.",
        statistic="`plain`: the layer as it is. `partial`: the similarity of a region and a layer "
        "once what the controls predict of either is taken out of both, the correlation of "
        "residuals. `semi_partial`: taken out of the layer alone, so that its square is the share "
        "of the region's variance that the layer adds.",
    ),
    **named(MEASURE, estimate="The statistic under this measure. For interval and p the choice "
            "of the layer is repeated in every resample."),
    **named("count", n_controls="Models held constant."),
}  # fmt: skip

PARTITION = {
    **named(
        WORDS,
        predictors="Models among which the explained variance is divided.",
        layers="The layer chosen for each of them.",
        part="The models that explain this part and that no other does.",
        kind="`unique`: what a model explains that none of the others does. `shared`: what exactly "
        "those named explain in common; it can be negative, where one suppresses what hides "
        "another. `total`: what all explain together, which is the sum of all parts.",
    ),
    **named(
        SHARE,
        variance="Share of the variance of the region's RDM, adjusted by what the models explain "
        "when groups of stimuli are shuffled; with fewer than eight groups there is no number.",
    ),
}

WEIGHTED = {
    **named(
        WORDS,
        model="The model, or `all models`.",
        kind="What is combined, with weights that may not be negative: the `layers` of a model, "
        "`models`, or the `features` of one layer, as its principal components.",
        fitted_by="Measure under which the weights are fitted: that of the row where it is linear, "
        "else `pearson`.",
        layer="The best single layer, chosen in the same way, against which the combination is "
        "judged.",
        weights="Largest weights: the share of each layer in the sum of all.",
    ),
    **named(
        MEASURE,
        score="The combination, fitted on one half of the stimuli and scored on the other.",
        single="The best single layer, chosen on the one half and scored on the other.",
        gain="The difference of the two, each relative to chance where the measure is positive by "
        "chance. Weights and layers are taken as fitted; the spread over halves is part of the "
        "error.",
    ),
    **named("count", n_weighted="Layers, models or components that are combined."),
    **named(
        "ratio",
        ridge="Penalty on the weights relative to the mean squared length of what they weigh; the "
        "median over fits.",
    ),
}

MODELS = {
    **named(
        MEASURE,
        a_to_b="For each layer of the first model, the most similar layer of the other, "
        "matched on one half of the stimuli and scored on the other; the mean over layers.",
        b_to_a="The mean over the layers of the second model, matched and scored in the same "
        "way.",
        similarity="The mean of both directions.",
    ),
    **named("count", n_layers_a="Layers of the first model.",
            n_layers_b="Layers of the second model."),
}  # fmt: skip

RECOVERY = {
    **named("place", rank="Place of the planted layer among all, 1 is the highest estimate."),
    **named(
        MEASURE,
        planted_estimate="Estimate of the planted layer.",
        found_estimate="The highest estimate.",
        interval_low="Lower end of the interval of the planted layer's estimate.",
        interval_high="Upper end of the interval of the planted layer's estimate.",
    ),
    **named(
        WORDS,
        recovered="`exact`: the planted layer has the highest estimate of all layers of all "
        "models. `neighbour`: a layer directly before or after it has. `no`: neither.",
    ),
}

CONFUSION = named(
    "count",
    count="Simulations in which this layer had the highest estimate; of layers that tie each has "
    "its part.",
    n_simulations="Simulations of the planted layer.",
)

POWER = {
    **named(
        SHARE,
        recovery_exact="Simulations in which the planted layer has the highest estimate of all.",
        recovery_neighbour="Simulations in which the planted layer, or one next to it in its "
        "model, has the highest estimate.",
        recovery_family="Simulations in which any layer of the planted model, or of other seeds of "
        "it, has the highest estimate.",
        power_zero="Simulations in which the permutation test finds the planted layer above "
        "chance.",
        power_runner_up="Simulations in which the model of the planted layer differs significantly "
        "from the best other one, tested as `differences` and `contrasts` are, before "
        "correction.",
        false_positive="Share of false discoveries among the same data with shuffled stimuli: the "
        "layer is found above chance.",
        false_winner="Share of false winners among the same data with shuffled stimuli: of the "
        "highest two models one is found better.",
        noise_share="Share of noise in the variance of one simulated response.",
    ),
    **named(
        "count",
        n_subjects="Simulated subjects.",
        n_units="Units of a simulated subject, the median over subjects.",
        n_recovery="Simulations on which the three rates of recovery rest.",
        n_power_zero="Simulations on which power_zero rests.",
        n_power_runner_up="Simulations on which power_runner_up rests.",
        n_false_positive="Simulations on which false_positive rests.",
        n_false_winner="Simulations on which false_winner rests.",
    ),
    **named(
        "standard error",
        error_recovery="Standard error of a rate of one half in as many simulations, than which "
        "none is less certain.",
        error_power_zero="Standard error of power_zero, in the same way.",
        error_power_runner_up="Standard error of power_runner_up, in the same way.",
        error_false_positive="Standard error of false_positive, in the same way.",
        error_false_winner="Standard error of false_winner, in the same way.",
    ),
    **named(
        MEASURE,
        reliability_target="How far subjects, or halves of the data, agree in the measured data.",
        reliability_simulated="How far they agree in the simulated data.",
    ),
    **named(WORDS, reliability_known="`no` where the reliability had to be assumed."),
}

ROWS = f"dataset simulated {PLACE}"

RECOVERED: tuple[Artefact, ...] = (
    table(
        "recovery", "compare", "planted layers and where they were found",
        f"dataset {PLACE} planted_model planted_layer {UNDER} measure found_model found_layer "
        "rank n_candidates planted_estimate found_estimate interval_low interval_high recovered "
        "status reason",
        RECOVERY, SHARED,
    ),
)  # fmt: skip
"""Of simulated recordings, whose truth is known."""

EXPLAINED: tuple[Artefact, ...] = (
    table(
        "partial", "explain", "models with the controls taken out",
        f"{ROWS} model layer chosen_share {UNDER} measure controls n_controls statistic estimate "
        f"{INTERVAL} {TESTED} n_resamples n_stimuli n_subjects status reason",
        PARTIAL, SHARED,
    ),
    table(
        "partition", "explain", "shares of the variance",
        f"{ROWS} predictors layers {UNDER} measure part kind variance {INTERVAL} {TESTED} "
        "n_resamples n_stimuli n_subjects status reason",
        PARTITION, SHARED,
    ),
    table(
        "weighted", "explain", "layers and components, weighted",
        f"{ROWS} model kind n_weighted {UNDER} measure fitted_by score single layer chosen_share "
        f"gain {INTERVAL} {TESTED} weights ridge n_resamples n_stimuli n_subjects status reason",
        WEIGHTED, SHARED,
    ),
    table(
        "models", "explain", "models against models",
        f"dataset model_a model_b {UNDER} measure a_to_b b_to_a similarity {INTERVAL} n_layers_a "
        "n_layers_b n_resamples n_stimuli status reason",
        MODELS, SHARED, optional="simulated",
    ),
    Artefact(
        "representations", "explain", f"{RESULTS}/representations.nc",
        "regions and layers, every one against every other", array="representations",
    ),
)  # fmt: skip

TRUSTED: tuple[Artefact, ...] = (
    table(
        "confusion", "recover", "simulated data: which layer is found for which",
        f"{ROWS} {UNDER} measure planted_model planted_layer found_model found_layer count "
        "n_simulations n_candidates assumed status reason",
        CONFUSION, SHARED,
    ),
    table(
        "power", "recover", "simulated data: how often, with fewer stimuli and subjects too",
        f"{ROWS} {UNDER} measure planted_model planted_layer n_stimuli n_subjects n_units "
        "n_repetitions recovery_exact recovery_neighbour recovery_family power_zero "
        "power_runner_up false_positive false_winner n_recovery n_power_zero n_power_runner_up "
        "n_false_positive n_false_winner error_recovery error_power_zero error_power_runner_up "
        "error_false_positive error_false_winner n_candidates reliability_target "
        "reliability_known reliability_simulated noise_share assumed status reason",
        POWER, SHARED,
    ),
)  # fmt: skip
