"""Comparisons, bootstraps and permutations against rsatoolbox and pytorch-cka, as ratios.

Process CPU seconds per resample (or per comparison) of the peer, over ours, in one run. A peer is
run for fewer resamples than we are where its time grows with them and nothing else; pytorch-cka's
loop over regions, layers and resamples is timed for a part of it and extrapolated.
"""

from __future__ import annotations

import contextlib
import io
import sys
import time
from collections.abc import Callable, Iterator

import numpy as np
from rsatoolbox.inference import bootstrap_crossval, eval_bootstrap, eval_dual_bootstrap
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs, compare

from _command import command
from isomorph.inference.bootstrap import draw, mean_over_drawn
from isomorph.inference.permutation import permutation_p
from isomorph.inference.spread import spread_over_both
from isomorph.measures import MEASURES
from isomorph.measures.pairs import pair_indices

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


def seconds(work: Callable[[], object]) -> float:
    """Return process CPU seconds of one run."""
    start = time.process_time()
    with contextlib.redirect_stderr(io.StringIO()):
        work()
    return time.process_time() - start


def best(work: Callable[[], object], times: int = 3) -> float:
    """Return the fewest CPU seconds of several runs: others share the machine."""
    return min(seconds(work) for _ in range(times))


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


def bootstraps(case: Case, quick: bool) -> Ratios:
    n, few = (200, 2) if quick else (1000, 10)
    for name, method in PEERS.items():
        if quick and name in SLOW - {"whitened_cosine"}:
            continue
        slow = 2 if name in SLOW else few
        ours = best(lambda m=name: bootstrap(m, case, n), 1 if name == "tau_a" else 3)
        theirs = seconds(
            lambda m=method, k=slow: eval_bootstrap(
                case.fixed, case.data, method=m, N=k, boot_noise_ceil=False
            )
        )
        yield f"{name} bootstrap, {case.words}", (theirs / slow) / (ours / n)
    for name in ("pearson",) if quick else ("pearson", "rho_a", "whitened_correlation"):
        ours = best(lambda m=name: two_factor(m, case, n))
        theirs = seconds(
            lambda m=PEERS[name]: eval_dual_bootstrap(
                case.fixed, case.data, method=m, N=2, k_pattern=1, k_rdm=1
            )
        )
        title = f"{name} dual bootstrap (theirs with ceilings), {case.words}"
        yield title, (theirs / 2) / (ours / n)
    ours = best(lambda: crossvalidated("pearson", case, n, folds=5, repeats=2))
    theirs = seconds(
        lambda: bootstrap_crossval(
            case.fixed, case.data, method="corr", N=few, n_cv=2, k_pattern=5, k_rdm=3
        )
    )
    yield f"pearson bootstrap cross-validation, {case.words}", (theirs / few) / (ours / n)


def permutations(case: Case, quick: bool) -> Ratios:
    n, few = (200, 5) if quick else (1000, 20)
    rng = np.random.default_rng(2)
    ours = best(lambda: permutation_p(case.subjects, case.models, MEASURES["rho_a"], n, rng))

    def loop() -> None:
        for _ in range(few):
            shuffled = RDMs(case.subjects).subsample_pattern(
                "index", rng.permutation(case.n_stimuli)
            )
            compare(shuffled, RDMs(case.models), method="rho-a").mean(axis=0)

    theirs = seconds(loop)
    yield f"rho_a permutations against a loop, {case.words}", (theirs / few) / (ours / n)


def many_layers(quick: bool) -> Ratios:
    n_stimuli, n_layers = (400, 50) if quick else (1000, 200)
    rng = np.random.default_rng(3)
    region, layers = rdms_of(rng, 1, n_stimuli), rdms_of(rng, n_layers, n_stimuli)
    for name in ("pearson", "whitened_cosine", "whitened_correlation"):
        ours = best(lambda m=name: MEASURES[m].compare(region, layers))
        theirs = seconds(lambda m=PEERS[name]: compare(RDMs(region), RDMs(layers), method=m))
        yield f"{name}, 1 region x {n_layers} layers x {n_stimuli} stimuli", theirs / ours


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
    ours = best(lambda: MEASURES["cka"].resampled(regions, layers, counts), 1)
    first, second = torch.from_numpy(rng.standard_normal((2, n_stimuli, 30)))
    grams = [x @ x.T for x in (first, second)]
    drawn = torch.from_numpy(rng.integers(n_stimuli, size=(part, n_stimuli)))

    def loop() -> None:
        for which in drawn:
            cross, own, other = hsic(*(g[which][:, which][None] for g in grams))
            (cross / (own * other).sqrt()).item()

    theirs = seconds(loop) / part * n * n_regions * n_layers
    title = (
        f"cka bootstrap, {n_layers} layers x {n_regions} regions x {n} resamples x {n_stimuli} "
        f"stimuli, pytorch-cka's loop extrapolated from {part} of {n * n_regions * n_layers}"
    )
    yield title, theirs / ours


def measure(quick: bool) -> dict[str, float]:
    case = Case(5, 10, 60) if quick else Case(10, 50, 92)
    ratios: dict[str, float] = {}
    for part in (
        bootstraps(case, quick),
        permutations(case, quick),
        many_layers(quick),
        debiased_cka(quick),
    ):
        for name, ratio in part:
            ratios[name] = ratio
            print(f"{name}: {ratio:.4g}", file=sys.stderr, flush=True)
    return ratios


if __name__ == "__main__":
    command(__doc__, measure)
