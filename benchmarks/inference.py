"""Comparisons, bootstraps and permutations against rsatoolbox and pytorch-cka, as ratios.

Process CPU seconds per resample (or per comparison) of the peer, over ours, in one run. A peer is
run for fewer resamples than we are where its time grows with them and nothing else. Where ours
computes no noise ceilings, rsatoolbox's are left out too: its functions that compute them
are replaced for the run by some that do nothing.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from unittest.mock import patch

import numpy as np
from rsatoolbox.inference import (
    bootstrap_crossval,
    bootstrap_sample,
    eval_bootstrap,
    eval_bootstrap_pattern,
    eval_dual_bootstrap,
)
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs, compare

from _command import command, seconds
from isomorph import compare as compare_all
from isomorph.inference.bootstrap import draw, mean_over_drawn
from isomorph.inference.independence import independence_p
from isomorph.inference.permutation import Shuffling, permutation_p
from isomorph.inference.spread import spread_over_both
from isomorph.measures import MEASURES, Measure
from isomorph.measures.pairs import pair_indices
from isomorph.study import Inference

Ratios = Iterator[tuple[str, float]]

PEERS = {
    "pearson": "corr",
    "cosine": "cosine",
    "rho_a": "rho-a",
    "spearman": "spearman",
    "whitened_cosine": "cosine_cov",
    "whitened_correlation": "corr_cov",
    "tau_a": "tau-a",
}
SLOW = {"whitened_cosine", "whitened_correlation", "tau_a", "spearman"}


@contextlib.contextmanager
def without_ceilings() -> Iterator[None]:
    """Have rsatoolbox evaluate models without noise ceilings."""
    within = "rsatoolbox.inference.evaluate."
    with (
        patch(within + "boot_noise_ceiling", lambda *_, **__: (0.0, 1.0)),
        patch(within + "cv_noise_ceiling", lambda *_, **__: (0.0, 1.0)),
    ):
        yield


def rdms_of(rng: np.random.Generator, n: int, n_stimuli: int) -> np.ndarray:
    patterns = rng.standard_normal((n, n_stimuli, 30))
    first, second = pair_indices(n_stimuli)
    return np.stack([((own[first] - own[second]) ** 2).mean(axis=1) for own in patterns])


class Case:
    """Subjects and models both sides are given."""

    def __init__(self, n_subjects: int, n_models: int, n_stimuli: int) -> None:
        rng = np.random.default_rng(0)
        self.n_stimuli = n_stimuli
        self.subjects = rdms_of(rng, n_subjects, n_stimuli)
        self.models = rdms_of(rng, n_models, n_stimuli)
        self.data = RDMs(self.subjects)
        self.fixed = [ModelFixed(f"m{i}", row) for i, row in enumerate(self.models)]
        self.words = f"{n_subjects} subjects x {n_models} models x {n_stimuli} stimuli"

    @classmethod
    def of(cls, quick: bool) -> Case:
        """Return the case that bootstraps and permutations are measured on."""
        return cls(5, 10, 60) if quick else cls(10, 50, 92)


def bootstrap(name: str, case: Case, n: int) -> None:
    """Resample stimuli and subjects at once: what `eval_bootstrap` computes."""
    rng = np.random.default_rng(1)
    drawn = MEASURES[name].resampled(case.subjects, case.models, draw(case.n_stimuli, n, rng))
    mean_over_drawn(drawn, draw(len(case.subjects), n, rng))


def two_factor(name: str, case: Case, n: int) -> None:
    """Three bootstraps and their correction: what `eval_dual_bootstrap` computes."""
    rng = np.random.default_rng(1)
    measure = MEASURES[name]
    plain = measure.compare(case.subjects, case.models)
    drawn = measure.resampled(case.subjects, case.models, draw(case.n_stimuli, n, rng))
    who = draw(len(case.subjects), n, rng)
    spread_over_both(
        mean_over_drawn(drawn, who),
        mean_over_drawn(np.broadcast_to(plain, drawn.shape), who),
        drawn.mean(axis=1),
        len(case.subjects),
        case.n_stimuli,
    )


def crossvalidated(name: str, case: Case, n: int, folds: int, repeats: int) -> None:
    """Scores on folds of the stimuli of each resample: what `bootstrap_crossval` computes."""
    rng = np.random.default_rng(1)
    counts = np.repeat(draw(case.n_stimuli, n, rng), repeats, axis=0)
    # Each drawn stimulus goes to one fold, as even as they can be.
    order = np.where(counts > 0, rng.random(counts.shape), 2).argsort(axis=1).argsort(axis=1)
    fold = order * folds // (counts > 0).sum(axis=1, keepdims=True)
    tested = np.stack([counts * (fold == k) for k in range(folds)], axis=1)
    scores = MEASURES[name].resampled(
        case.subjects, case.models, tested.reshape(-1, case.n_stimuli)
    )
    by_resample = scores.reshape(n, repeats * folds, *scores.shape[1:]).mean(axis=1)
    mean_over_drawn(by_resample, draw(len(case.subjects), n, rng))


def bootstraps(quick: bool) -> Ratios:
    case = Case.of(quick)
    n, few = (200, 2) if quick else (1000, 10)
    for name, method in PEERS.items():
        if quick and name in SLOW - {"whitened_cosine"}:
            continue
        slow = 2 if name in SLOW else few
        ours = seconds(lambda m=name: bootstrap(m, case, n), 1 if name == "tau_a" else 3)
        with without_ceilings():
            theirs = seconds(
                lambda m=method, k=slow: eval_bootstrap(
                    case.fixed, case.data, method=m, N=k, boot_noise_ceil=False
                )
            )
        ratio = (theirs / slow) / (ours / n)
        yield f"{name} bootstrap, {case.words}: {slow} of {n} of rsatoolbox's / isomorph", ratio
        if name in ("pearson", "rho_a"):
            loop = seconds(lambda m=method: all_models_at_once(case, m, few))
            yield (
                f"{name} bootstrap, {case.words}: loop of rsatoolbox's compare over all models at "
                f"once, {few} of {n} resamples / isomorph", (loop / few) / (ours / n),
            )  # fmt: skip


def all_models_at_once(case: Case, method: str, n: int) -> None:
    """Bootstrap by hand: rsatoolbox's fastest, one comparison per resample."""
    models = RDMs(case.models)
    for _ in range(n):
        sample, _, stimuli = bootstrap_sample(case.data)
        compare(models.subsample_pattern("index", stimuli), sample, method=method).mean(axis=1)


def dual_bootstraps(quick: bool) -> Ratios:
    case = Case.of(quick)
    n, few = (200, 2) if quick else (1000, 3)
    for name in ("pearson",) if quick else ("pearson", "rho_a", "whitened_correlation"):
        ours = seconds(lambda m=name: two_factor(m, case, n), 3)
        with without_ceilings():
            theirs = seconds(
                lambda m=PEERS[name]: eval_dual_bootstrap(
                    case.fixed, case.data, method=m, N=few, k_pattern=1, k_rdm=1
                )
            )
        ratio = (theirs / few) / (ours / n)
        title = f"{name} dual bootstrap, {case.words}"
        yield f"{title}: {few} of {n} of rsatoolbox's, no ceilings / isomorph", ratio


def crossvalidation(quick: bool) -> Ratios:
    case = Case.of(quick)
    n, few = (200, 2) if quick else (1000, 5)
    ours = seconds(lambda: crossvalidated("pearson", case, n, folds=5, repeats=2), 3)
    title = f"pearson bootstrap, cross-validated over stimuli 5-fold and twice, {case.words}"
    # Models are fixed, so that folds of subjects add nothing to the mean; rsatoolbox has them
    # unless told not to.
    for k_rdm, said in ((1, ""), (3, " and 3 folds of subjects, as is its default")):
        with without_ceilings():
            theirs = seconds(
                lambda k=k_rdm: bootstrap_crossval(
                    case.fixed, case.data, method="corr", N=few, n_cv=2, k_pattern=5, k_rdm=k
                )
            )
        ratio = (theirs / few) / (ours / n)
        yield f"{title}: {few} of {n} of rsatoolbox's, no ceilings{said} / isomorph", ratio


def permutations(quick: bool) -> Ratios:
    """Yield ratios for p alone, and for all that `isomorph.compare` says with it."""
    case = Case.of(quick)
    n, few = 10_000, 5 if quick else 20
    rng = np.random.default_rng(2)
    for name in ("pearson", "rho_a"):

        def loop(method: str = PEERS[name]) -> None:
            for _ in range(few):
                shuffled = case.data.subsample_pattern("index", rng.permutation(case.n_stimuli))
                compare(shuffled, RDMs(case.models), method=method).mean(axis=0)

        def p_alone(measure: Measure = MEASURES[name]) -> None:
            permutation_p(case.subjects, case.models, measure, n, np.random.default_rng(2))

        def by_moments(measure: Measure = MEASURES[name]) -> None:
            no_orders = np.empty((0, case.n_stimuli), dtype=int)
            shuffling = Shuffling(case.models, measure, no_orders, exact=True)
            (null,) = shuffling.nulls([case.subjects])
            independence_p(null, Inference())

        def everything(name: str = name) -> None:
            compare_all(
                case.subjects, {"m": case.models}, name, distance="squared_euclidean",
                resamples=50, permutations=n,
            )  # fmt: skip

        theirs = seconds(loop) / few * n
        title = (
            f"{name} p by {n} permutations, {case.words}: loop of rsatoolbox's compare, "
            f"extrapolated from {few}"
        )
        yield f"{title} / isomorph's 10000, counted", theirs / seconds(p_alone, 2)
        yield f"{title} / isomorph's default, exact moments", theirs / seconds(by_moments, 5)
        yield (
            f"{title} / the whole of isomorph.compare, 50 resamples and choice of layers included",
            theirs / seconds(everything),
        )


def comparisons(quick: bool) -> Ratios:
    """Yield ratios for one comparison of a region with many layers of many stimuli."""
    n_stimuli, n_layers = (400, 50) if quick else (1000, 200)
    rng = np.random.default_rng(3)
    region, layers = rdms_of(rng, 1, n_stimuli), rdms_of(rng, n_layers, n_stimuli)
    for name, method in PEERS.items():
        some = layers[:10] if name == "tau_a" else layers
        ours = seconds(lambda m=name, x=some: MEASURES[m].compare(region, x), 2)
        theirs = seconds(lambda m=method, x=some: compare(RDMs(region), RDMs(x), method=m), 2)
        case = f"1 region x {len(some)} layers x {n_stimuli} stimuli"
        yield f"{name}, {case}: rsatoolbox / isomorph", theirs / ours


def of_many_stimuli(quick: bool) -> Ratios:
    """Yield ratios for resampling many stimuli."""
    n_stimuli, n_layers, n, few = (300, 10, 100, 2) if quick else (1000, 20, 1000, 2)
    rng = np.random.default_rng(5)
    region, layers = rdms_of(rng, 1, n_stimuli), rdms_of(rng, n_layers, n_stimuli)
    data, fixed = RDMs(region), [ModelFixed(f"m{i}", row) for i, row in enumerate(layers)]
    names = ("pearson", "rho_a") if quick else ("pearson", "rho_a", "whitened_correlation")
    for name in names:
        case = f"1 region x {n_layers} layers x {n_stimuli} stimuli"
        with without_ceilings():
            theirs = seconds(
                lambda m=PEERS[name]: eval_bootstrap_pattern(
                    fixed, data, method=m, N=few, boot_noise_ceil=False
                )
            )
        part = n if name == "pearson" else n // 10
        counts = draw(n_stimuli, part, rng)
        ours = seconds(lambda m=name, c=counts: MEASURES[m].resampled(region, layers, c))
        title = f"{name} bootstrap, {case}: {few} of rsatoolbox's"
        yield f"{title} / {part} of isomorph's, each afresh", (theirs / few) / (ours / part)
        # Models of one layer each, so that no layer is chosen, which a peer does not do.
        models = {f"m{at}": row for at, row in enumerate(layers)}
        asked = {"distance": "squared_euclidean", "resamples": n, "permutations": 0}
        ours = seconds(lambda m=name, a=asked, x=models: compare_all(region, x, m, **a))
        yield (
            f"{title}, extrapolated to {n} / the whole of isomorph.compare without p, which varies "
            "stimuli as it does by default", (theirs / few) / (ours / n),
        )  # fmt: skip


def debiased_cka(quick: bool) -> Ratios:
    import torch
    from cka.hsic import hsic

    torch.set_num_threads(1)
    n_regions, n_layers, n_stimuli, n, part = (
        (4, 20, 60, 200, 200) if quick else (10, 200, 118, 1000, 1000)
    )
    rng = np.random.default_rng(4)
    regions, layers = rdms_of(rng, n_regions, n_stimuli), rdms_of(rng, n_layers, n_stimuli)
    counts = draw(n_stimuli, n, rng)
    ours = seconds(lambda: MEASURES["cka"].resampled(regions, layers, counts))
    first, second = torch.from_numpy(rng.standard_normal((2, n_stimuli, 30)))
    grams = [x @ x.T for x in (first, second)]
    drawn = torch.from_numpy(rng.integers(n_stimuli, size=(part, n_stimuli)))

    def loop() -> None:
        for which in drawn:
            cross, own, other = hsic(*(g[which][:, which][None] for g in grams))
            (cross / (own * other).sqrt()).item()

    theirs = seconds(loop) / part * n * n_regions * n_layers
    yield (
        f"cka bootstrap, {n_layers} layers x {n_regions} regions x {n} resamples x {n_stimuli} "
        f"stimuli: pytorch-cka's loop extrapolated from {part} of {n * n_regions * n_layers} / "
        "isomorph", theirs / ours,
    )  # fmt: skip


if __name__ == "__main__":
    command(
        __doc__, bootstraps, dual_bootstraps, crossvalidation, permutations, comparisons,
        of_many_stimuli, debiased_cka,
    )  # fmt: skip
