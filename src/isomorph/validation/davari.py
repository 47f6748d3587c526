r"""What one part of the stimuli, moved far enough, makes of CKA.

Let :math:`X` be centred and a share :math:`\rho` of the stimuli be moved by the same vector. The
further they are moved, the nearer biased linear CKA of before and after comes to

.. math::
    \frac{\rho}{1 - \rho} \, \frac{\|m\|^2}{\operatorname{tr} C} \,
    \sqrt{\frac{(\operatorname{tr} C)^2}{\operatorname{tr} C^2}},

with :math:`m` the mean of the part before and :math:`C` the covariance of the features, although
a linear classifier need not notice.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isomorph.measures import Floats
from isomorph.validation._claim import Claim, Figure
from isomorph.validation.alike import alike

FAR = 1e6


def limit(features: Floats, n_moved: int) -> float:
    """Return what CKA comes to when the first stimuli are moved without end.

    Parameters
    ----------
    features : array of shape (stimulus, feature)
    n_moved : int
    """
    centred = features - features.mean(axis=0)
    share = n_moved / len(centred)
    spectrum = np.linalg.svd(centred, compute_uv=False) ** 2 / len(centred)
    mean = centred[:n_moved].mean(axis=0)
    participation = spectrum.sum() ** 2 / (spectrum**2).sum()
    found: float = share / (1 - share) * mean @ mean / spectrum.sum() * np.sqrt(participation)
    return found


def redone() -> Mapping[str, float]:
    """Return the largest distance from the limit, and how little one stimulus leaves of CKA."""
    rng = np.random.default_rng(0)
    errors, left = [], 1.0
    for n_moved in (1, 10, 60):
        features = rng.standard_normal((200, 20)) @ rng.standard_normal((20, 20))
        moved = features.copy()
        moved[:n_moved] += FAR * rng.standard_normal(20)
        found = alike("cka_biased", [features], [moved])[0, 0]
        errors.append(abs(found - limit(features, n_moved)))
        left = min(left, found)
    return {"error": max(errors), "left": left}


CLAIM = Claim(
    name="davari2023",
    source="Davari et al. 2023, https://arxiv.org/abs/2210.16156",
    says=(
        "Moving a part of the stimuli far away along one direction changes CKA as far as one "
        "likes, though what can be read out of the representation is the same. Its limit has a "
        "closed form."
    ),
    what="a part of 200 stimuli (1, 10, 60) is moved far away by one vector",
    figures=(
        Figure("error", "CKA less its limit in closed form, at most", "0", high=1e-4),
        Figure("left", "CKA left by one stimulus moved", "near 0", high=0.1),
    ),
    redone=redone,
    quick=True,
)
