"""Bootstraps and permutations against rsatoolbox, as ratios measured in one run."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable

import numpy as np
from rsatoolbox.inference import eval_bootstrap, eval_dual_bootstrap
from rsatoolbox.model import ModelFixed
from rsatoolbox.rdm import RDMs

from _command import command
from isomorph.inference.bootstrap import (
    draw,
    mean_over_drawn,
    spread_over_both,
)
from isomorph.measures import MEASURES
from isomorph.measures.pairs import pair_indices

PEERS = {
    "pearson": "corr",
    "rho_a": "rho-a",
    "spearman": "spearman",
    "whitened_cosine": "cosine_cov",
    "whitened_correlation": "corr_cov",
}


def seconds(work: Callable[[], object]) -> float:
    """Return process CPU seconds of one run."""
    start = time.process_time()
    with contextlib.redirect_stderr(io.StringIO()):
        work()
    return time.process_time() - start


def rdms_of(rng: np.random.Generator, n: int, n_stimuli: int) -> np.ndarray:
    patterns = rng.standard_normal((n, n_stimuli, 30))
    first, second = pair_indices(n_stimuli)
    return ((patterns[:, first] - patterns[:, second]) ** 2).mean(axis=2)


def two_factor(name: str, subjects: np.ndarray, models: np.ndarray, n_stimuli: int, n: int) -> None:
    """Two-factor bootstrap with its correction: what `eval_dual_bootstrap` computes."""
    rng = np.random.default_rng(1)
    measure = MEASURES[name]
    plain = measure.compare(subjects, models)
    drawn = measure.resampled(subjects, models, draw(n_stimuli, n, rng))
    who = draw(len(subjects), n, rng)
    spread_over_both(
        mean_over_drawn(drawn, who),
        mean_over_drawn(np.broadcast_to(plain, drawn.shape), who),
        drawn.mean(axis=1),
        len(subjects),
        n_stimuli,
    )


def measure(quick: bool) -> dict[str, float]:
    n_subjects, n_models, n_stimuli = (5, 10, 60) if quick else (10, 50, 92)
    resamples, peer_resamples = (200, 2) if quick else (1000, 10)
    rng = np.random.default_rng(0)
    subjects = rdms_of(rng, n_subjects, n_stimuli)
    models = rdms_of(rng, n_models, n_stimuli)
    data, fixed = RDMs(subjects), [ModelFixed(f"m{i}", row) for i, row in enumerate(models)]
    case = f"{n_subjects} subjects x {n_models} models x {n_stimuli} stimuli"
    ratios = {}
    for name, method in PEERS.items():
        ours = seconds(lambda n=name: two_factor(n, subjects, models, n_stimuli, resamples))
        for title, peer in (
            ("bootstrap", eval_bootstrap),
            ("dual bootstrap (theirs with ceilings)", eval_dual_bootstrap),
        ):
            if (
                quick
                and (name.startswith("whitened") or name == "spearman")
                and peer is eval_dual_bootstrap
            ):
                continue
            # Ceilings are not what is timed; the dual bootstrap cannot leave them out.
            extra = (
                {"k_pattern": 1, "k_rdm": 1}
                if peer is eval_dual_bootstrap
                else {"boot_noise_ceil": False}
            )
            theirs = seconds(
                lambda p=peer, m=method, e=extra: p(fixed, data, method=m, N=peer_resamples, **e)
            )
            per_resample = (theirs / peer_resamples) / (ours / resamples)
            ratios[f"{name} {title}, {case}, rsatoolbox / isomorph"] = per_resample
    return ratios


if __name__ == "__main__":
    command(__doc__, measure)
