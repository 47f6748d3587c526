"""What each number on the page means."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import isfinite

from isomorph.rdms import DISTANCES
from isomorph.study import Inference

Term = tuple[str, str]

FAMILIES = {
    "region": "all that a table asks of its region under the same distance and measure",
    "dataset": "all that a table asks of its dataset under the same distance and measure",
    "settings": "all that a table asks of its dataset under every distance and measure",
}
"""What is corrected together, in words."""

SIDES = {"one": "One-sided", "two": "Two-sided"}
TAILS = {
    "none": "",
    "pareto": " Where fewer than ten of these give as much, p is taken from a generalised Pareto "
    "distribution fitted to the largest of them, if one fits.",
}


def glossary(inference: Inference, distances: Sequence[str]) -> list[Term]:
    """Return terms and what they mean under a study's inference settings and distances."""
    coverage = f"{100 * inference.interval:.0f} %"
    return [
        (
            "estimate",
            "The measure between a region's RDM and a layer's, computed for each subject and "
            "averaged. 1 is a perfect match of geometries; what unrelated ones give depends on "
            "the measure and is 0 for most.",
        ),
        (
            "chance, calibrated",
            "In the tables beside this page. Chance: what the measure gives on average when the "
            "stimuli are shuffled. Calibrated: how far the estimate reaches from what chance "
            "exceeds in one of 20 cases (0) to a perfect match (1), so that measures with "
            "different chance levels can be read side by side (Gröger et al. 2026, "
            "https://arxiv.org/abs/2602.14486). Values of a measure that is positive by chance are "
            "set against their chance level before layers, models or regions are compared.",
        ),
        (
            "group of stimuli",
            "Duplicates, near-duplicates and what the study keeps together. Groups, not stimuli, "
            "are drawn, shuffled and held out, because variants of one object are no independent "
            "sample. Below eight groups nothing is claimed.",
        ),
        (
            "interval",
            f"A {coverage} confidence interval for what the estimate would be with all stimuli of "
            "this kind, and with all subjects where the scheme says so "
            f"({inference.resamples} bootstrap resamples). It says how precise the estimate is "
            "and how far it generalises. It is symmetric on Fisher's scale, so its ends stay "
            "within what the measure can be. Noise that differs between stimuli is resampled "
            "with them, so it has its part in the interval although repetitions are not drawn.",
        ),
        (
            "scheme, resampled",
            f"What was resampled. With at least {inference.minimum_subjects} subjects both "
            "stimuli and subjects, so the claim is about the population of each; with fewer, "
            "stimuli alone, and the claim is about these subjects. Seeds are drawn too where a "
            "network that was never trained has several.",
        ),
        (
            "noise ceiling",
            "What the best possible model could reach, given the noise. Lower bound: each subject "
            "against the mean of the others; upper bound: each subject against the mean of all. "
            "Of one subject with repetitions it is a single number, foretold from what random "
            "halves of the data have in common; how far halves agree (half_agreement) "
            "bounds nothing. Its interval is over stimuli. With neither the ceiling is undefined, "
            "which is not the same as 1.",
        ),
        (
            "p",
            f"{SIDES[inference.sides]}, against the claim that region and layer have nothing to do "
            f"with each other: the stimuli are shuffled {inference.permutations} times."
            f"{TAILS[inference.tail]} A small p does not say that the value generalises to new "
            "subjects; the interval does. The two can therefore differ.",
        ),
        (
            "correction",
            f"Each p is corrected for {FAMILIES[inference.family]}, each statistic of an "
            "explanation by itself. Only corrected values are called significant here, at .05.",
        ),
        (
            "best layer",
            "The layer with the highest estimate on all stimuli. Choosing it on the data that "
            "judges it flatters models with many layers; by how much is said as optimism: the "
            "estimate of that layer less the score on held-out stimuli. "
            "By chance up to: what the highest of all layers exceeds in one of 20 studies in which "
            "region and model have nothing to do with each other.",
        ),
        (
            "score on held-out stimuli",
            "The stimuli are split into parts, groups together; each part in turn is scored on, "
            "at the layer that is best on the others. So the choice flatters no model. What a "
            "layer scores on parts is shifted to its value on all stimuli; the score of a model "
            "with one layer is its estimate. For the interval the layer is chosen anew in each of "
            f"{min(inference.selection.resamples, inference.resamples)} resamples.",
        ),
        (
            "confidence set of layers",
            "Those layers of a model of which any may be its best: with all stimuli, and subjects "
            "where these are resampled, the best is among them with a confidence of 95 %. A layer "
            "is not in the set if another leads it by more than the largest lead that chance gives "
            "any of its rivals.",
        ),
        (
            "models against each other",
            "The difference of their scores on held-out stimuli. The p is two-sided and counts "
            "the spread over stimuli, the choice of layers that comes with them, seeds of a family "
            "and, where resampled, subjects; a trained network against its untrained twins counts "
            "as one more draw from them. That comparison is asked once, among the contrasts.",
        ),
        (
            "normalised",
            "In the tables beside this page: the estimate divided by the root of the reliability "
            "(normalised_r), and its square divided by the reliability (normalised_r2). The "
            "reliability is the measure between two subjects, or what random halves of the "
            "data foretell for all of them. The true model has 1 on average, so a score can "
            "exceed 1; normalised_low and normalised_high say how far the ratio is known.",
        ),
        (
            "subjects",
            "In the tables beside this page: every subject by itself, and whether the estimate is "
            "above chance in the mean of other subjects who see the same stimuli, by a t-test and "
            "by flipping signs (p_subjects_t, p_subjects_sign_flip; uncorrected). With n subjects "
            "no flip gives a p below 1 in 2 to the power of n.",
        ),
        (
            "preferences",
            "In the tables beside this page: whether a layer is more like one region than another. "
            "Scores are divided by the root of each region's reliability first, and units are part "
            "of the spread, because a region of which more units were recorded scores higher "
            "whatever it represents. Where units can be no part of it there is no p, with the "
            "reason.",
        ),
        (
            "partial",
            "The likeness of a region and a layer once what controls can tell of either is taken "
            "out of both: the correlation of residuals. Semi-partial: taken out of the layer "
            "alone, so that its square is the share of the region's variance the layer adds. "
            "For interval and p the layer is chosen anew in every resample.",
        ),
        (
            "share of variance",
            "Unique: what a model explains that none of the others does. Shared: what exactly "
            "those named explain in common; it can be negative, where one suppresses what hides "
            "another. All parts add up to what all explain together. Adjusted by what they "
            "explain when groups of stimuli are shuffled; below eight groups there is no number.",
        ),
        (
            "weighted",
            "Layers, or the principal components of one layer, combined with weights that may "
            "not be negative. Fitted on one half of the stimuli, scored on the other, against "
            "the best single layer chosen in the same way; the gain is the difference of the two, "
            "set against chance where the measure is positive by chance. Weights and layers are "
            "taken as fitted, and what the halves have to do with it is part of the spread. "
            "Largest weights: the share of each layer in the sum of all.",
        ),
        (
            "models against models",
            "For each layer of the first, the layer of the other that is most like it, matched on "
            "one half of the stimuli and scored on the other; the mean over layers, then of both "
            "directions.",
        ),
        (
            "tau-b",
            "Kendall's rank correlation of two orders of the models: 1 is the same order, 0 none "
            "in common, -1 the reverse.",
        ),
        (
            "recovered",
            "Exact: the planted layer has the highest estimate of all layers of all models. "
            "Neighbour: a layer directly before or after it has. No: neither.",
        ),
        *_simulated(inference),
        (
            "reliability",
            "How well two halves of the repetitions agree (split half), and what that predicts "
            "for all of them (Spearman-Brown). Halves are of whole runs where these are known.",
        ),
        (
            "runs, folds, halves",
            "Presentations of one run share what the run has of its own: its baseline, drifts, the "
            "errors of an estimation. So cross-validated distances cross whole runs, and halves "
            "are of whole runs, wherever most stimuli come again in other runs; else of whole "
            "sessions, else of repetitions. Where runs lack stimuli, differences are taken within "
            "the runs that have both and crossed between these.",
        ),
        *_distances(distances),
    ]


def _simulated(inference: Inference) -> Iterator[Term]:
    """Yield what is counted in simulations, where there are any."""
    if inference.recovery.simulations:
        yield (
            "found again",
            f"Data were simulated from a layer {inference.recovery.simulations} times: units that "
            "are random mixtures of its features, with as much white noise as makes subjects (or "
            "halves of the data) agree as they do in the measured data. Found: the layer "
            "has the highest estimate of all. Related at all: p of the permutation test at most "
            f"{inference.recovery.level:g}. Above other models: the model of the planted layer "
            "is told from the best other one as models against each other are, p before "
            "correction. False: the same claims on the same data with shuffled stimuli. Each "
            "share has the error of its own number of simulations.",
        )


def _distances(names: Sequence[str]) -> Iterator[Term]:
    """Yield what each distance is measured in, and between what values it lies."""
    for distance in (DISTANCES[name] for name in names if name in DISTANCES):
        low, high = distance.range
        ends = (
            f"from {low:g} to {high:g}"
            if isfinite(low) and isfinite(high)
            else (
                f"from {low:g} upwards"
                if isfinite(low)
                else "of any sign, as noise can take it below 0"
            )
        )
        yield distance.title, f"A distance inside a representation, in {distance.units}; {ends}."


LIMITS = (
    "A likeness of geometries is not a likeness of mechanisms: different computations can "
    "produce the same RDM, and the result depends on the stimuli that were shown.",
    "The layer profile shows many estimates from the same data; neighbouring layers are not "
    "independent.",
    "Networks saw the images as given, resized to their input; whether subjects saw them at the "
    "same size in their visual field is not modelled.",
)
"""Limits of every study; those of its datasets are added to them."""
