"""Tables over all datasets of a study: every model in every region, and areas of several."""

from __future__ import annotations

from isomorph.catalogue.compared import COMPARISONS, LAYERS_IN_SET, SELECTION
from isomorph.catalogue.entries import WORDS, named, table
from isomorph.catalogue.shared_columns import INTERVAL, MEASURE, PLACE, PROBABILITY, SHARE, SHARED

NORMALISED = "ratio, 1 is the true model"

SUMMARY = {
    **named(
        WORDS,
        model="The model; the seeds of one network are one model.",
        kind="`trained` or `untrained` of networks, `baseline` of anything else.",
        shown="Whether the page shows the region under this distance and measure: `yes` or `no`.",
        held_out="`yes` where the score is on stimuli that had no part in choosing the layer, as "
        "for a model with one layer; `no` where it is the highest of all layers on the same "
        "stimuli.",
        may_be_best="Whether the model may be the best of the region: `yes` for the one with the "
        "highest score and all that do not differ significantly from it, `no` for those that do, "
        "empty where that was not tested.",
        chosen_layer="Layer chosen most often; of several seeds that of the first.",
        layers="The layers that may be the model's best, see layers_in_set; of several seeds how "
        "many.",
        area="Areas of the study that the region stands for; empty where it stands for none.",
        command="What makes this row again, given the RDMs.",
    ),
    **named(
        MEASURE,
        score="The measure on stimuli that had no part in choosing the layer, on the scale of all "
        "stimuli; of several seeds the mean.",
    ),
    **named(
        NORMALISED,
        score_normalised="The score divided by the square root of the region's reliability; empty "
        "where that is not known, or the measure is none to be so divided.",
    ),
    **named(
        "count",
        n_seeds="Seeds of the model. Several have no common interval here: the tests of contrasts "
        "and differences hold them.",
        rank="Place of the score among those of all models of the region, 1 for the highest; equal "
        "scores share the better place.",
        n_models="Models of the region that have a score.",
        n_highest="Regions, of all datasets that are not simulated, in which the model has the "
        "highest score under this measure, each under the first distance that the study names.",
        n_regions="Such regions in which the model has a score.",
    ),
}

AREAS = {
    **named(
        WORDS,
        area="Area of the study, for which regions of several datasets stand.",
        about="`model`, a score; `training`, a trained network less its untrained controls; or "
        "`difference`, of two models.",
        model_a="The model.",
        model_b="What it is set against; empty of a score.",
        datasets="The regions that are averaged, each with its dataset and distance.",
        effects="Their effects in this order, each divided by the square root of the region's "
        "reliability.",
        left_out="Regions of the area that are not averaged, each with the reason.",
        reason="Why the row has no more, or under which reservation; empty where `status` is `ok`.",
    ),
    **named(
        NORMALISED,
        estimate="The mean of the effects, each divided by the square root of its region's "
        "reliability, so that data of different noise have one scale. Weights are the inverse of "
        "the variances within and between datasets.",
        standard_error="Standard error of the mean by Hartung and Knapp, no smaller than the "
        "errors of the datasets allow.",
        interval_low="Lower end of its interval, of Student's t with one degree of freedom fewer "
        "than datasets. Its coverage is `inference.interval`.",
        interval_high="Upper end of the interval.",
        predicted_low="Lower end of where the effect in a further dataset of the kind is expected; "
        "empty with fewer than three.",
        predicted_high="Upper end of where it is expected.",
    ),
    **named(
        "its square",
        tau2="Variance of the effects between datasets, beyond their errors (Paule and Mandel).",
    ),
    **named("chi-squared", q="Cochran's Q, the weighted sum of squares of the effects."),
    **named(
        PROBABILITY,
        q_p="Probability of a Q as large if datasets differed by their errors alone.",
        p="Probability of a mean as far from 0, either way, if it were 0; of scores none.",
        p_corrected="The same after correction over all contrasts of the area under the measure.",
    ),
    **named(
        SHARE,
        i2="Share of the spread of the effects that is more than their errors.",
    ),
    **named(
        "count",
        n_datasets="Datasets that are averaged.",
        n_positive="Those of them in which the effect is above 0.",
        n_highest="Of scores: datasets of the area in which the model has the highest.",
        family_size="Contrasts that are corrected together.",
    ),
}

ACROSS = (
    table(
        "summary", "summarise", "every model in every region of every dataset, under every "
        "distance and measure",
        f"dataset simulated {PLACE} area model kind n_seeds distance measure shown held_out score "
        f"{INTERVAL} score_calibrated score_normalised ceiling_lower ceiling_upper ceiling_status "
        "ceiling_reason reliability rank n_models may_be_best chosen_layer in_set layers n_layers "
        "n_highest n_regions n_stimuli n_subjects command status reason",
        SUMMARY, SELECTION, COMPARISONS, LAYERS_IN_SET, SHARED,
        path="results/{study}/summary.csv",
    ),
    table(
        "areas", "summarise", "areas: models and their differences, averaged over datasets",
        "area measure about model_a model_b n_datasets n_positive n_highest datasets effects "
        "left_out estimate standard_error interval_low interval_high p p_corrected correction "
        "family_size tau2 q q_p i2 predicted_low predicted_high status reason",
        AREAS, SHARED,
        path="results/{study}/areas.csv",
    ),
)  # fmt: skip
