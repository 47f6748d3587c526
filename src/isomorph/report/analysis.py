"""How it was computed, in words for a paper: each step with its settings and its source."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from isomorph.figures.words import CORRECTIONS, distance_title
from isomorph.rdms import DISTANCES
from isomorph.report.explained import replaced
from isomorph.report.glossary import FAMILIES, SIDES
from isomorph.report.numbers import count, number
from isomorph.report.tables import Results
from isomorph.study import Inference, StudySpec

SOURCES = {
    "fdr_bh": "Benjamini & Hochberg 1995, https://doi.org/10.1111/j.2517-6161.1995.tb02031.x",
    "fdr_by": "Benjamini & Yekutieli 2001, https://doi.org/10.1214/aos/1013699998",
    "bonferroni": "Bonferroni 1936",
    "holm": "Holm 1979",
    "max_t": "Westfall & Young 1993; Nichols & Holmes 2002, https://doi.org/10.1002/hbm.1058",
}
"""Where each correction comes from."""

TAILS = {
    "none": "",
    "pareto": ", a p that fewer than ten of them reach from a generalised Pareto tail (Knijnenburg "
    "et al. 2009, https://doi.org/10.1093/bioinformatics/btp211)",
}
"""How a p is found that is too small to count, in words."""

SCHUTT = "Schütt et al. 2023, https://doi.org/10.7554/eLife.82566"
SATTERTHWAITE = "Satterthwaite 1946, https://doi.org/10.2307/3002019"
HENRIKSSON = "Henriksson et al. 2015, https://doi.org/10.1016/j.neuroimage.2015.04.026"
MCB = "Hsu 1984, https://doi.org/10.1214/aos/1176346732"
SETS = "Hansen, Lunde & Nason 2011, https://doi.org/10.3982/ECTA5771"
NILI = "Nili et al. 2014, https://doi.org/10.1371/journal.pcbi.1003553"
MARIS = "Maris & Oostenveld 2007, https://doi.org/10.1016/j.jneumeth.2007.03.024"
NIMON = "Nimon et al. 2008, https://doi.org/10.3758/BRM.40.2.457"
SHUFFLED = "Peres-Neto et al. 2006, https://doi.org/10.1890/0012-9658(2006)87[2614:VPOSDM]2.0.CO;2"
WEIGHTED = "Khaligh-Razavi & Kriegeskorte 2014, https://doi.org/10.1371/journal.pcbi.1003915"

PARTS = {
    "random": "parts drawn at random",
    "category": "parts made of whole categories",
    "cluster": "parts made of clusters of stimuli that the models find alike",
}
"""What the stimuli are split into, in words."""


def analysis(study: StudySpec, found: Sequence[Results]) -> list[tuple[str, str]]:
    """Return (step, what was done), of the steps whose tables are there."""
    inference = study.inference
    tables = {kind for results in found for kind, table in results.tables.items() if len(table)}
    steps = [
        ("Distances", _distances(study)),
        ("Comparison", _comparison()),
        ("Intervals", _intervals(inference)),
        ("Tests", _tests(inference)),
    ]
    if any(_clusters(results) for results in found):
        steps.append(("Windows of time", _windows()))
    written = {
        "selection": ("Choice of layers", _selection(inference)),
        "differences": ("Models against each other", _differences(inference)),
        "partial": ("What else explains it", " ".join(_explain(study))),
        "power": ("Simulations", _simulations(inference)),
    }
    return [*steps, *(step for kind, step in written.items() if kind in tables)]


def _distances(study: StudySpec) -> str:
    told = [
        f"{distance_title(name)}"
        + (f" ({DISTANCES[name].citation})" if name in DISTANCES and DISTANCES[name].citation
           else "")
        for name in study.distances
    ]  # fmt: skip
    return (
        f"{'; '.join(told)}. Each dataset uses those it can have; a model, which has no noise, is "
        "given the noise-free counterpart of a cross-validated distance."
    )


def _comparison() -> str:
    return (
        "The RDM of each layer is compared with that of each subject, and the mean over subjects "
        f"is the estimate. Noise ceilings leave one subject out ({NILI}); of one subject, they are "
        "foretold from the covariance of random halves of the runs, or of the repetitions. Regions "
        f"are compared across such halves, which share no noise ({HENRIKSSON})."
    )


def _intervals(inference: Inference) -> str:
    return (
        f"{100 * inference.interval:g} %, {inference.resamples} bootstrap resamples of the "
        f"stimuli in their groups, and of the subjects from {inference.minimum_subjects} subjects "
        f"on; the variances of the two are combined so that noise is not counted twice ({SCHUTT}), "
        f"with as many degrees of freedom as their shares have together ({SATTERTHWAITE})."
    )


def _tests(inference: Inference) -> str:
    return (
        f"{inference.permutations} permutations of the stimuli, {SIDES[inference.sides].lower()}"
        f"{TAILS[inference.tail]}; "
        f"{CORRECTIONS.get(inference.correction, inference.correction)} "
        f"({SOURCES.get(inference.correction, 'no source recorded')}) over "
        f"{FAMILIES[inference.family]}. Seed of all that is drawn: {inference.seed}."
    )


def _clusters(results: Results) -> bool:
    """Tell whether some region was tested in several windows."""
    table = results.tables["comparisons"]
    return "p_cluster" in table and bool(table["p_cluster"].notna().any())


def _windows() -> str:
    return (
        "Runs of windows above chance are tested by their mass against the largest run that "
        f"shuffled stimuli give ({MARIS}), of the same model and of all that is corrected "
        "together; figures mark the second. A small p is about the run, not about where it begins."
    )


def _selection(inference: Inference) -> str:
    chosen = inference.selection
    return (
        f"The stimuli are split into {chosen.folds} {PARTS[chosen.kind]}, {chosen.repeats} times; "
        "duplicates stay together. On each part the layer is scored that is best on the others, so "
        "no layer is judged by the stimuli that chose it; scores on parts are shifted to the scale "
        "of all stimuli. For the standard error the choice is made anew in "
        f"{min(chosen.resamples, inference.resamples)} resamples, in each by two "
        f"cross-validations whose difference is taken off ({SCHUTT}). Layers that cannot be told "
        f"from the best one form a 95 % confidence set ({SETS}; {MCB})."
    )


def _differences(inference: Inference) -> str:
    return (
        "Differences of such scores on the same resamples, two-sided; the p counts the spread over "
        "stimuli, over seeds of a network and, where resampled, over subjects. Two families are "
        "corrected apart: trained networks against their untrained twins, and every two models."
    )


def _explain(study: StudySpec) -> Iterator[str]:
    asked = study.inference.explain
    yield (
        f"In {count(asked.splits, 'random halving')} of the stimuli, layers and weights come from "
        "one half and scores from the other. Partial and semi-partial correlations take out "
        "every layer of the controls at once; shares of the variance are a commonality analysis "
        f"({NIMON}), adjusted by shuffled stimuli ({SHUFFLED}); weights are not negative "
        f"({WEIGHTED})."
    )
    yield replaced(study.measures)
    yield (
        f"Intervals: {asked.resamples} resamples; p: two-sided, from the same, corrected over all "
        "regions and models under one measure and kind of question."
    )


def _simulations(inference: Inference) -> str:
    asked = inference.recovery
    where = {"best": "the best layer of each model", "all": "every layer"}[asked.candidates]
    return (
        f"{count(asked.simulations, 'data set')} for {where}: units that are random mixtures of "
        "its features, with as much white noise as makes halves or subjects agree as in the data, "
        f"compared like the data, as methods are tested in {SCHUTT}. Where "
        f"nothing is known, {asked.units} units and a reliability of {number(asked.reliability)} "
        "are assumed, which is said with each region."
    )
