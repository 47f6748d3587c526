"""What netCDF files hold: each variable with its dimensions, meaning and unit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from isomorph.catalogue.entries import DISTANCE, WORDS, ArraySchema, Variable
from isomorph.catalogue.topological import HELD as SHAPES
from isomorph.registry import Registry

SECONDS = "seconds"


def _data(
    dims: str, unit: str = "", /, *flags: Literal["finite", "optional"], **meanings: str
) -> tuple[Variable, ...]:
    named = tuple(dims.split())
    return tuple(
        Variable(name, named, said, unit, optional="optional" in flags, finite="finite" in flags)
        for name, said in meanings.items()
    )


def _coordinates(dim: str, unit: str = "", /, **meanings: str) -> tuple[Variable, ...]:
    return tuple(
        Variable(name, (dim,), meaning, unit, role="coordinate")
        for name, meaning in meanings.items()
    )


BINS = _data(
    "time?", SECONDS, "optional",
    time_start="Start of the time bins, or of the one window, from stimulus onset.",
    time_stop="End of the time bins, or of the one window, from stimulus onset.",
)  # fmt: skip

LEFT_OUT: Mapping[str, str] = {"left_out": "JSON: what was left out, and why."}

RESPONSES = ArraySchema(
    (
        *_data(
            "presentation unit time?", "that of its attribute `units`", "finite",
            response="Response of a unit to one presentation: a spike count, a beta, a mean.",
        ),
        *_coordinates("presentation", WORDS, stimulus="What was shown."),
        *_coordinates(
            "presentation", "count",
            repetition="How often the stimulus had been shown before in this session, from 0.",
        ),
        *_coordinates(
            "unit", WORDS, unit="Name of the neuron, voxel or sensor.", region="Its brain region.",
        ),
        *_data(
            "presentation", WORDS, "optional", run="Run in which the stimulus was shown.",
            session="Session in which it was shown, where one recording holds several.",
        ),
        *_data(
            "presentation", SECONDS, "optional",
            onset="When it was shown, on the clock of the recording, or from the start of its run.",
        ),
        *_data(
            "presentation", SECONDS, "optional",
            dwell="How long a bin of a variable was visited in this repetition.",
        ),
        *_data(
            "unit", "millimetres", "optional",
            x="Where a voxel is in the space of its image, from left to right.",
            y="The same from back to front.", z="The same from below to above.",
        ),
        *BINS,
    ),
    {"session": "Name of the session."},
    {
        "dropped": "JSON: how many presentations and units were left out of the session, by "
        "reason.",
        "noted": "JSON: how many are kept of which something must be known, by what it is.",
        "runs": "JSON, of BOLD: a record for each run, with `volumes`, how many of them are "
        "`left_out` (flagged as not steady, or censored), `repetition_time` and `start_time` in "
        "seconds, and the `file` that says the former.",
        "grid": "JSON, of voxels: `shape` and `affine` of the image that they are of.",
        "dataset": "Of the file: name of the dataset.",
        "subject": "Of the file: name of the subject.",
        "simulated": "Of the file: `true` where the data were simulated, else `false`.",
    },
)  # fmt: skip
"""Of one session; a file holds a group per session."""

POPULATION = ArraySchema(
    (
        *_data(
            "time unit", "spikes per second", "finite",
            rate="Rate of a unit in a time bin, smoothed over time.",
        ),
        *_coordinates("time", SECONDS, time="Middle of the bin, on the clock of the recording."),
        *_coordinates(
            "time", "count",
            segment="Number of the stretch of time without gaps that the bin is part of, from 0.",
        ),
        *_coordinates(
            "unit", WORDS, unit="Name of the neuron.", region="Its brain region.",
        ),
    ),
    {"session": "Name of the session."},
    {
        "dropped": "JSON: how many seconds and units were left out of the session, by reason.",
        "variables": "JSON: the variables that stand beside `time`, each by its name (`film_time` "
        "the time of a film); they are NaN where they are not known.",
        "dataset": "Of the file: name of the dataset.",
        "subject": "Of the file: name of the subject.",
        "simulated": "Of the file: `true` where the data were simulated, else `false`.",
    },
)  # fmt: skip
"""Of one session; a file holds a group per session."""

ACTIVATIONS = ArraySchema(
    (
        *_data(
            "layer stimulus stimulus_b", "squared activation", "finite",
            gram="Gram matrix of the features, centred over stimuli. With u = mean_projection and "
            "c = mean_norm that of the raw features is gram + u_i + u_j + c.",
        ),
        *_data(
            "layer stimulus", "squared activation", "finite",
            mean_projection="Inner product of the centred features with their mean over stimuli.",
        ),
        *_data(
            "layer", "squared activation", "finite",
            mean_norm="Squared length of the mean over stimuli.",
        ),
        *_data(
            "layer stimulus", "activation", "finite", stimulus_mean="Mean over features.",
        ),
        *_data("layer", "count", n_features="Features of the layer."),
        *_coordinates("layer", WORDS, layer="Name of the layer."),
        *_coordinates("layer", "count", depth="Its place in the order of execution, from 0."),
        *_coordinates("stimulus", WORDS, stimulus="Name of the stimulus."),
        *_coordinates("stimulus_b", WORDS, stimulus_b="The same, in the same order."),
        *_data(
            "layer component", "squared activation", "optional",
            spectrum="Eigenvalues of the Gram matrix, the largest first.",
        ),
        *_data(
            "layer", "dimensions", "optional",
            effective_dimensionality="In how many dimensions the stimuli vary: the squared sum of "
            "the eigenvalues over the sum of their squares.",
        ),
        *_data(
            "layer", "exponent", "optional",
            spectrum_decay="How steeply eigenvalues fall with their rank: by rank to the power of "
            "minus this.",
        ),
        *_data(
            "layer", "correlation", "optional",
            fidelity="Correlation of the RDM with the exact one where features were projected at "
            "random to save room, else 1.",
        ),
        *_data(
            "layer", "count", "optional", n_dead="Features that are equal for every stimulus.",
        ),
        *_data(
            "feature stimulus", "activation", "finite", "optional",
            features="Features that the model's file asks to keep, layer after layer.",
        ),
        *_data(
            "feature", "count", "optional",
            feature_layer="Of a kept feature the place of its layer along `layer`, from 0.",
            feature_place="Its place among all features of the layer, from 0.",
        ),
        *_data(
            "layer", WORDS, "optional", read_as="Which tokens and positions were read.",
        ),
        *_data(
            "stimulus", "class of ImageNet", "optional",
            top1="Class that a network which classifies holds most likely, from 0.",
        ),
        *_data(
            "stimulus", "share", "optional",
            top1_probability="How likely the network holds that class to be.",
        ),
    ),
    {"model": "Model instance.", **LEFT_OUT},
    {
        "title": "What the model is called on the page.",
        "source": "Where the model comes from, as its file says it.",
        "trained_on": "What the network was trained on; empty for untrained ones and baselines.",
        "seed": "Seed of an untrained network's weights; empty for others.",
        "weights_sha256": "sha256 of the weights as they lie in memory; empty without any.",
        "weights_from": "The package and version, or the file, that the weights are from.",
        "preprocessing": "JSON: how images become the network's input.",
        "seen": "In words: which part of an image the network sees, and how large.",
        "input_sha256": "sha256 of all images as they enter the network.",
        "device": "What computed: `cpu`, `cuda`.",
        "layers": "JSON: which layers the model's file asks for.",
        "tokens": "Which tokens of a transformer are read.",
        "pooling": "How positions are put together before anything is compared.",
        "spool": "How features were held while images came in batches.",
        "kept_features": "Which features are in the file, if any.",
    },
)  # fmt: skip

ROWS = "representation? layer? draw? time?"
OF_DISTANCE = "that of the distance"

RDMS = ArraySchema(
    (
        *_data(
            f"{ROWS} pair", OF_DISTANCE, "optional",
            **{DISTANCE: "Distance between the two stimuli of a pair, `(representation[, draw]"
               "[, time], pair)` of brains and `(layer, pair)` of a model. Pairs run over the "
               "upper triangle row by row, in the order of `stimulus`. NaN where there is no RDM."},
        ),
        *_data(
            ROWS, WORDS, "optional",
            **{f"{DISTANCE}_status": "`ok`, or what is wrong in one word.",
               f"{DISTANCE}_reason": "Why there is no RDM; empty where there is one.",
               f"{DISTANCE}_note": "What a reader must know of an RDM."},
        ),
        *_data(
            f"halving half {ROWS} pair", OF_DISTANCE, "optional",
            **{f"{DISTANCE}_half": "The RDMs of two halves for every halving, the same for all "
               "regions of a subject; NaN where there are none. 1 minus it, times the norms of "
               "both stimuli, is on the scale of the whole."},
        ),
        *_data(
            f"{ROWS} stimulus", "that of the patterns", "optional",
            **{f"{DISTANCE}_half_norm": "The norm of each stimulus by which halves are scaled."},
        ),
        *_coordinates("stimulus", WORDS, stimulus="Name of the stimulus."),
        *_coordinates(
            "pair", WORDS, stimulus_a="First stimulus of the pair.", stimulus_b="Second stimulus.",
        ),
        *_data(
            "representation", WORDS, "optional",
            region="Brain region.",
            subject="Subject.",
            session="Session, where RDMs come by session.",
            fold="What cross-validation crosses and halves divide, whole ones: runs, sessions or "
            "repetitions.",
        ),
        *_data(
            "representation? layer?", "count", "optional",
            n_units="Units or features; absent where no number is known.",
        ),
        *_data(
            "representation", "count", "optional",
            n_recorded="Units of the region in that subject, of which each draw takes n_units.",
            n_folds="Folds there are, in the session with the fewest.",
        ),
        *BINS,
        *_data("", WORDS, "optional", model="Model instance."),
        *_data("layer", WORDS, "optional", layer="Name of the layer."),
        *_data("layer", "count", "optional", depth="Its place in the order of execution."),
    ),
    {"left_out": "JSON: what has no RDM under any distance, and why."},
    {
        "dataset": "Name of the dataset.",
        "subject": "Name of the subject, where the file holds the RDMs of one as they came.",
        "simulated": "`true` where the data were simulated, else `false`.",
        "judged": "What people did and how the RDM comes of it, of a model of judgements.",
    },
)  # fmt: skip
"""Of brains, or of one model; representations are told apart by region, subject and session."""

REPRESENTATIONS = ArraySchema(
    (
        *_data(
            "measure representation representation_b", "the measure's", "finite",
            similarity="Every region (subjects pooled) and every layer against every other.",
        ),
        *_coordinates("measure", WORDS, measure="Measure between two representations."),
        *_coordinates(
            "representation", WORDS,
            representation="Name of the region or layer.",
            region="Brain region; empty for layers.",
            model="Model instance; empty for regions.",
            layer="Layer; empty for regions.",
        ),
        *_coordinates(
            "representation", SECONDS,
            time_start="Start of the region's time bin, from stimulus onset; NaN without bins.",
            time_stop="End of the region's time bin.",
        ),
        *_coordinates("representation_b", WORDS, representation_b="The same, in the same order."),
        *_coordinates(
            "representation", "count",
            depth="Place of the layer in the order of execution; -1 for regions.",
        ),
    ),
    {"dataset": "Name of the dataset.", "distance": "Distance inside the representations."},
)  # fmt: skip

ARRAYS: Registry[ArraySchema] = Registry(
    "artefact",
    {
        "responses": RESPONSES,
        "population": POPULATION,
        "activations": ACTIVATIONS,
        "rdms": RDMS,
        "representations": REPRESENTATIONS,
        "shapes": SHAPES,
    },
)
"""Schemas of netCDF files, by what a file says that it is."""
