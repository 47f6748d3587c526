"""Columns that several tables have, each with its meaning and unit.

Values of a measure have no unit of their own: 1 is a perfect match, and what unrelated geometries
give depends on the measure.
"""

from __future__ import annotations

from isomorph.catalogue.entries import WORDS, Column, named

SHARE = "share, 0 to 1"
PROBABILITY = "probability"
MEASURE = "the measure's"
ESTIMATE = (
    "The measure between a region's RDM and a layer's, computed for each subject and averaged. 1 "
    "is a perfect match of geometries; the value for unrelated geometries depends on the measure "
    "and is 0 for most."
)

TESTED = "p p_corrected correction family family_size p_note"
"""What every table of tests says of them."""

PLACE = "region time_start time_stop"
"""Where and when."""

UNDER = "distance distance_brain distance_model"
"""Under which distance regions and layers are compared: its name, and what either side has."""

PLACES = "region_a region_b time_start time_stop"
"""Two regions, in the same time bin."""

INTERVAL = "standard_error interval_low interval_high scheme"
"""What every table of estimates says of their precision."""

ABOUT: dict[str, Column] = {
    **named(
        WORDS,
        dataset="Name of the dataset.",
        region="Brain region.",
        subject="Subject.",
        session="Recording session; empty where sessions are not kept apart.",
        model="Model instance: the model, and its seed where it was never trained.",
        layer="Layer of the model.",
        distance="Distance inside a representation, from which its RDM is made; of two, "
        "`correlation~euclidean`, that of regions before that of layers; `features` where no RDM "
        "is made, as units are compared themselves.",
        distance_brain="Distance of the RDMs of regions.",
        distance_model="Distance of the RDMs of layers: that of regions, without noise, unless the "
        "study names another.",
        measure="Measure between two representations.",
        status="What the row has: `ok`, all of it; `limited`, all of it, under a condition that is "
        "not met in full; `untested`, no p; `unsure`, an estimate alone; `undefined`, nothing.",
        reason="Why the row has no more, in words; empty where `status` is `ok`.",
        region_a="First region.",
        region_b="Second region.",
        model_a="First model, or family of seeds.",
        model_b="Second model, or family of seeds.",
        planted_model="Model from which the data were simulated.",
        planted_layer="Layer from which the data were simulated.",
        found_model="Model with the highest estimate.",
        found_layer="Layer with the highest estimate.",
        assumed="What is not known of the measured data and was assumed; empty where nothing was.",
        chosen_layer="Layer chosen most often.",
    ),
    **named(
        "seconds",
        time_start="Start of the time bin, from stimulus onset; empty where there are no bins.",
        time_stop="End of the time bin, from stimulus onset; empty where there are no bins.",
    ),
    **named(
        "yes or no",
        simulated="Whether the responses are simulated.",
    ),
    **named(
        "count",
        depth="Place of the layer in the order of execution, from 0.",
        n_layers="Layers of the model.",
        n_stimuli="Stimuli that are compared.",
        n_subjects="Subjects with this region.",
        n_units="Units of the region, all subjects together; empty where it is not known.",
        n_subjects_a="Subjects with the first region.",
        n_subjects_b="Subjects with the second region.",
        n_resamples="Resamples that gave a number.",
        n_repetitions="Repetitions of a stimulus; of stimuli repeated unequally often the mean.",
        n_splits="Splits of the stimuli, or halvings of the repetitions, that gave a number.",
        n_candidates="Layers, of all models, among which the highest estimate was sought.",
    ),
    **named(
        SHARE,
        chosen_share="In how many of the splits this layer was chosen.",
    ),
}
"""What rows are about."""

PRECISION: dict[str, Column] = {
    **named(
        MEASURE,
        estimate=ESTIMATE,
        chance="The mean of the measure when the stimuli are shuffled.",
        score="The measure on stimuli that had no part in choosing the layer, on the scale of all "
        "stimuli; of a model with one layer its estimate.",
        standard_error="Standard error of the value in this row, by the scheme.",
        interval_low="Lower end of the confidence interval for the value with all stimuli of this "
        "kind, and with all subjects where the scheme says so. Its coverage is "
        "`inference.interval`.",
        interval_high="Upper end of the confidence interval.",
    ),
    **named(
        WORDS,
        scheme="What was resampled: stimuli (blocks of them where they follow one another), "
        "subjects, units, seeds.",
        sides="Whether p is one- or two-sided.",
        correction="How p was corrected for multiple tests.",
        family="What is corrected together: `region`, `dataset` or `settings`.",
        p_note="Where this p comes from if it is not counted among permutations, what changes "
        "places where stimuli follow one another, that there are too few, or why there is none.",
    ),
    **named(
        PROBABILITY,
        p="Probability of a value as extreme under the null hypothesis, before correction.",
        p_corrected="The same after correction over the family. Only values of at most .05 are "
        "called significant.",
    ),
    **named(
        "count",
        family_size="Tests in the family.",
    ),
}
"""Estimates, how precise they are and how they were tested."""

SHARED = {**ABOUT, **PRECISION}
