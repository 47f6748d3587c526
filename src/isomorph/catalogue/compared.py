"""Tables of comparisons: regions, layers and models against each other."""

from __future__ import annotations

from isomorph.catalogue.entries import WORDS, named, table
from isomorph.catalogue.shared_columns import (
    INTERVAL,
    MEASURE,
    PLACE,
    PLACES,
    PROBABILITY,
    SHARE,
    SHARED,
    TESTED,
    UNDER,
)

COMPARISONS = {
    **named(
        WORDS,
        invariances="Changes of a representation that leave the measure as it is.",
        spread="What tells how the estimate varies with stimuli: `bootstrap`, it is computed again "
        "in every resample, to first order for measures of high cost; or `jackknife`, what each "
        "stimulus adds, less what pairs of stimuli add by themselves.",
        noise_note="What is known to bias the distance given the noise of this recording.",
        ceiling_status="`ok`, or `undefined`, which is not the same as a ceiling of 1.",
        ceiling_reason="Why there is no noise ceiling; empty where there is one.",
        ceiling_kind="What the ceiling rests on: other subjects, or halves of the data.",
        ceiling_note="How an estimate above the upper bound comes about.",
        normalised_status="`ok`, or `undefined`.",
        normalised_reason="Why there is no normalised value; empty where there is one.",
        in_set="Whether the layer belongs to the confidence set of its model: `yes`, `no`, or "
        "empty where it is not known.",
    ),
    **named(
        MEASURE,
        ceiling_lower="Lower bound of the noise ceiling, which is what the best possible model "
        "could reach given the noise: each subject against the mean of the others.",
        ceiling_lower_low="Lower end of its interval over stimuli.",
        ceiling_lower_high="Upper end of its interval over stimuli.",
        ceiling_upper="Upper bound of the noise ceiling: each subject against the mean of all. For "
        "a single subject with repetitions it is the only number, predicted from what random "
        "halves of the data have in common.",
        ceiling_upper_low="Lower end of its interval over stimuli.",
        ceiling_upper_high="Upper end of its interval over stimuli.",
        half_agreement="How far random halves of the data agree; not a bound.",
        reliability="The measure between two subjects, or what random halves of the data predict "
        "for all of them.",
    ),
    **named(
        SHARE,
        calibrated="Where the estimate lies between what chance exceeds in one of 20 cases (0) "
        "and a perfect match (1), so that measures with different chance levels can be compared "
        "(Gröger et al. 2026, https://arxiv.org/abs/2602.14486). Values of a measure that is "
        "positive by chance are related to their chance level before layers, models or regions "
        "are compared.",
    ),
    **named(
        "ratio, 1 is the true model",
        normalised_r="The estimate divided by the square root of the reliability, not clipped: the "
        "true model has 1 on average, so a score can exceed 1.",
        normalised_low="Lower end of the interval of normalised_r.",
        normalised_high="Upper end of the interval of normalised_r.",
        normalised_r2="The square of the estimate divided by the reliability.",
    ),
    **named(
        PROBABILITY,
        p="Probability of an estimate as high, or as extreme if two-sided, if region "
        "and layer were unrelated: the stimuli of one are put in every order, or in "
        "many at random.",
        p_best="Probability of a lead as large as that of the best layer of the model over "
        "this one, if this one were as good; above .05 the layer is in the confidence "
        "set.",
        p_subjects_t="Probability under the hypothesis that the estimate is at chance in the mean "
        "of all subjects who could have seen the same stimuli, by a t-test over "
        "subjects; not corrected.",
        p_subjects_sign_flip="The same probability by flipping the signs of subjects; not "
        "corrected. With n subjects the smallest there can be is 1 in 2 to the power of n.",
        p_cluster="Probability of a cluster in time as large as the bin's, if region and layer "
        "were unrelated.",
        p_map="Probability of a value as high as the bin's, or as extreme if two-sided, anywhere "
        "in the map of all bins of the area by all layers of the model, if area and model were "
        "unrelated.",
        p_cluster_corrected="The probability of the cluster after correction over the layers and "
        "areas of the family.",
    ),
    **named(
        "t",
        t_subjects="Value of t of the test over subjects, with one degree of freedom fewer than "
        "subjects.",
    ),
    **named(
        "count",
        n_groups="Groups of stimuli: duplicates, near-duplicates and what the study keeps "
        "together. Groups, not stimuli, are drawn, shuffled and held out, because variants of one "
        "object are not an independent sample. With fewer than eight groups there is no interval, "
        "and no layer is chosen on some and scored on others.",
        n_unit_draws="Draws of equally many units over which estimates are averaged; 0 where all "
        "units are taken.",
    ),
    **named("number", cluster="Cluster in time to which the bin belongs, from 1; 0 for none."),
}

LAYERS_IN_SET = {
    **named("count", n_in_set="Layers in the set."),
    **named(SHARE, confidence="Confidence with which the model's best layer is in the set."),
    **named(
        WORDS,
        layers="The layers of the model that may be its best: with all stimuli, and subjects where "
        "these are resampled, the best layer is among them with a confidence of 95 %. A layer is "
        "excluded if another exceeds it by more than the largest lead that chance gives any of "
        "its rivals.",
        best_layer="Layer with the highest estimate.",
        first_layer="Layer of the set that is executed first.",
        last_layer="Layer of the set that is executed last.",
    ),
}

SUBJECTS = named(
    MEASURE,
    estimate="The measure between the RDM of the region in this subject and the layer's.",
    chance="What the measure gives this subject on average by chance.",
) | named("count", n_units="Units of the region in this subject.")

REGIONS = named(
    WORDS,
    crossing="How the two regions are measured apart: halves of the runs, sessions, repetitions or "
    "subjects, or different subjects, because noise recorded in both would count as similarity. "
    "Without such halves there is no p.",
) | named(
    MEASURE, estimate="The measure between one region from one half and the other from the other."
)

PREFERENCES = {
    **named(
        MEASURE,
        score_a="The layer's estimate in the first region.",
        score_b="The layer's estimate in the second region.",
    ),
    **named(
        "ratio",
        normalised_a="The first score divided by the square root of the region's reliability.",
        normalised_b="The second score divided by the square root of the region's reliability.",
        difference="Whether the layer is more similar to one region than to the other: "
        "normalised_a minus normalised_b. Units are part of the spread, because a region with more "
        "recorded units scores higher whatever it represents. Where units cannot be part of it "
        "there is no p, with the reason.",
    ),
    **named(
        "count",
        n_units_a="Units of the first region.",
        n_units_b="Units of the second region.",
    ),
}

SELECTION = {
    **named(
        WORDS,
        chosen_on="Whether the layer is chosen on other stimuli alone, or on other stimuli and "
        "other subjects.",
        split="How stimuli are split into those to choose on and those to score on.",
        maximum_layer="Layer with the highest estimate on all stimuli.",
        score_note="A note on this score.",
    ),
    **named(
        MEASURE,
        maximum="The highest estimate of all layers, on all stimuli. Choosing a layer on the data "
        "that judges it favours models with many layers.",
        maximum_chance="What the highest of all layers exceeds in one of 20 studies in which "
        "region and model are unrelated.",
        optimism="By how much that choice favours the model: the estimate of the best layer minus "
        "the score on held-out stimuli.",
    ),
    **named(
        PROBABILITY,
        maximum_p="Probability of a maximum as high if region and model were unrelated.",
    ),
    **named(
        SHARE,
        score_calibrated="Where the score lies between what chance exceeds in one of 20 cases (0) "
        "and a perfect match (1), for the layer chosen most often; what chance gives is found with "
        "all stimuli.",
        maximum_calibrated="The maximum from its own chance (0) to a perfect match (1).",
    ),
}

DIFFERENCES = {
    **named(
        WORDS,
        layer_a="Layer chosen most often for the first model.",
        layer_b="Layer chosen most often for the second model.",
    ),
    **named(
        MEASURE,
        score_a="Score of the first model on stimuli that had no part in choosing its layer.",
        score_b="Score of the second model, in the same way.",
        difference="First minus second. Its p is two-sided and accounts for the spread over "
        "stimuli, the choice of layers that comes with them, the seeds of a network and, where "
        "resampled, subjects.",
    ),
    **named(
        "count",
        n_seeds_a="Seeds of the first model.",
        n_seeds_b="Seeds of the second model.",
    ),
}

CONTRASTS = {
    **named(WORDS, model="Trained model.", control="Untrained controls of that model."),
    **named(
        MEASURE,
        control_score="The mean score of the untrained controls, each at a layer chosen in the "
        "same way.",
        difference="Trained minus untrained. Its p is two-sided; under the null hypothesis the "
        "trained network is one more draw from its controls.",
    ),
    **named("count", n_seeds="Seeds of the untrained controls."),
}

AGREEMENT = {
    **named(
        WORDS,
        over="What is ordered: `models`, by their scores on stimuli that had no part in choosing "
        "the layer, the seeds of a network as one model; or all `layers`, by their estimates.",
        compared="`settings`, of distance and measure, or `families` of measures, with the means "
        "over all pairs of their settings.",
        distance_a="Distance of the first setting; empty of families, as are the columns up to "
        "same_winner that name one.",
        measure_a="Measure of the first setting.",
        family_a="Family of the first measure.",
        distance_b="Distance of the second setting.",
        measure_b="Measure of the second setting.",
        family_b="Family of the second measure.",
        winner_a="What is highest under the first setting.",
        winner_b="What is highest under the second setting.",
        same_winner="`yes` where they are the same, ties included; else `no`.",
        told_apart_a="Whether the winner among models under the first setting differs "
        "significantly from the second best, see differences and contrasts: `yes`, "
        "`no`, or empty where it was not tested.",
        told_apart_b="Whether the winner under the second setting differs from the second best, in "
        "the same way.",
    ),
    **named(
        "correlation",
        kendall_tau_b="Kendall's rank correlation of two orders of the models or layers: 1 is the "
        "same order, 0 no relation, -1 the reverse.",
        spearman="Spearman's rank correlation of the two orders.",
    ),
    **named(
        SHARE,
        share_same_winner="Share of the pairs of settings in which both have the same winner.",
    ),
    **named(
        "count",
        n_pairs="Pairs of settings.",
        n_candidates="Models or layers that have a value under both settings; of families the "
        "fewest of a pair.",
    ),
}

ROWS = f"dataset simulated {PLACE}"

COMPARED = (
    table(
        "comparisons", "compare", "every region against every layer, under every distance and "
        "measure",
        f"{ROWS} model layer depth {UNDER} measure invariances estimate chance calibrated "
        f"{INTERVAL} spread n_resamples n_stimuli n_groups n_subjects n_units noise_note "
        "ceiling_lower ceiling_lower_low ceiling_lower_high "
        "ceiling_upper ceiling_upper_low ceiling_upper_high half_agreement "
        "ceiling_status ceiling_reason "
        "reliability normalised_r normalised_low normalised_high "
        "p sides p_corrected correction family family_size p_note p_best in_set status reason",
        COMPARISONS, SHARED,
        optional="n_unit_draws ceiling_kind ceiling_note normalised_r2 normalised_status "
        "normalised_reason "
        "t_subjects p_subjects_t p_subjects_sign_flip cluster p_cluster "
        "p_cluster_corrected p_map",
        parquet=True,
    ),
    table(
        "subjects", "compare", "every subject separately",
        f"{ROWS} subject model layer depth {UNDER} measure estimate chance "
        "n_units status reason",
        SUBJECTS, SHARED, parquet=True,
    ),
    table(
        "selection", "compare", "layers chosen on other stimuli (and other subjects), and their "
        "scores",
        f"{ROWS} model {UNDER} measure chosen_on split n_splits n_layers score {INTERVAL} "
        "score_calibrated chosen_layer chosen_share maximum maximum_layer maximum_chance maximum_p "
        "maximum_calibrated optimism n_stimuli n_subjects status reason",
        SELECTION, SHARED, optional="score_note",
    ),
    table(
        "layers_in_set", "compare",
        "confidence sets: the layers of each model that may be its best",
        f"{ROWS} model {UNDER} measure n_layers confidence n_in_set layers best_layer first_layer "
        "last_layer scheme n_stimuli n_subjects status reason",
        LAYERS_IN_SET, SHARED,
    ),
    table(
        "differences", "compare", "every two models against each other",
        f"{ROWS} model_a model_b n_seeds_a n_seeds_b {UNDER} measure layer_a layer_b score_a "
        f"score_b difference {INTERVAL} {TESTED} status reason",
        DIFFERENCES, SHARED,
    ),
    table(
        "contrasts", "compare", "trained networks against their untrained controls",
        f"{ROWS} model control n_seeds {UNDER} measure score control_score difference {INTERVAL} "
        f"{TESTED} chosen_layer chosen_share status reason",
        CONTRASTS, SHARED,
    ),
    table(
        "regions", "compare", "regions against each other",
        f"dataset simulated {PLACES} distance measure crossing estimate {INTERVAL} p "
        "sides p_corrected correction family family_size p_note n_stimuli n_subjects_a "
        "n_subjects_b status reason",
        REGIONS, SHARED,
    ),
    table(
        "preferences", "compare",
        "whether each layer is more similar to one region than to another",
        f"dataset simulated {PLACES} model layer depth {UNDER} measure score_a score_b "
        f"normalised_a normalised_b difference {INTERVAL} p p_corrected correction family "
        "family_size n_stimuli n_subjects_a n_subjects_b n_units_a n_units_b status reason",
        PREFERENCES, SHARED, optional="p_note", parquet=True,
    ),
    table(
        "agreement", "compare", "whether distances, measures and their families agree",
        f"{ROWS} over compared distance_a measure_a family_a distance_b measure_b family_b n_pairs "
        "n_candidates kendall_tau_b spearman winner_a winner_b same_winner share_same_winner "
        "told_apart_a told_apart_b status reason",
        AGREEMENT, SHARED,
    ),
)  # fmt: skip
