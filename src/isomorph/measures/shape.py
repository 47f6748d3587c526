r"""The shape family: how far two representations are apart once one is rotated onto the other.

With centred features of Frobenius norm 1, the squared Procrustes distance after the best rotation
is :math:`d^2 = 2 (1 - N)`, with :math:`N` the nuclear norm of the cross-covariance, and
:math:`\theta = \arccos N` is the length of the arc between the two: both are metrics. As a
similarity, :math:`N = 1 - d^2 / 2` or :math:`1 - 2 \theta / \pi`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from isomorph.measures._measure import Measure
from isomorph.measures.aligned import Aligned, Whitening
from isomorph.measures.cka import SQUARED
from isomorph.measures.pairs import Floats
from isomorph.measures.principal import Principal, inverse
from isomorph.measures.rsa import pool_standardised

SMALLEST_SINE = 1e-7
"""Sine of an angle below which it is rounding error: an angle of 0 has no derivative."""


@dataclass(frozen=True)
class ShapeForm(Aligned):
    r"""Alignment after partial whitening (Williams et al. 2021).

    Centred features :math:`X`, scaled to norm 1 so that their unit does not matter, become
    :math:`X (\alpha I + (1 - \alpha) (X^\top X)^{-1/2})` and are scaled to norm 1 once more.

    Attributes
    ----------
    alpha : float
        1 leaves them as they are; 0 whitens them, so that nothing but their span is left, as in
        canonical correlation.
    angular : bool
        Whether the value is one less the angle, over a right angle, or the cosine of the angle.
    """

    alpha: float = 0.5
    angular: bool = True
    parameter: ClassVar[str] = "alpha"
    meaning: ClassVar[str] = "above 0 (whitened) and up to 1 (Procrustes)"
    allowed: ClassVar[tuple[float, float]] = (0.0, 1.0)

    def whitening(self, plain: Principal, n_stimuli: int) -> Whitening:
        """Return the partial whitening of the principal axes."""
        spreads, alpha = plain.spreads, self.alpha
        some = spreads > 0
        defined = np.ones(len(spreads), dtype=bool)
        if alpha == 1:
            return Whitening(some.astype(float), None, some.astype(float), defined)
        over = inverse(spreads)
        factors = np.where(some, alpha + (1 - alpha) * over, 0.0)
        slopes = alpha * (alpha + (1 - alpha) * over)
        differences = (1 - alpha) * root_differences(spreads)
        return Whitening(factors, differences, slopes * some, defined)

    def score(self, nuclear: Floats, first: Floats, second: Floats) -> Floats:
        """Return the cosine of the angle, or what the angle lacks to a right one, from 0 to 1."""
        cosine: Floats = np.minimum(nuclear / np.sqrt(first * second), 1.0)
        return 1 - 2 / np.pi * np.arccos(cosine) if self.angular else cosine

    def slopes(self, nuclear: Floats, first: Floats, second: Floats) -> tuple[Floats, ...]:
        """Return the derivatives of the score."""
        size = np.sqrt(first * second)
        cosine = np.minimum(nuclear / size, 1.0)
        outer = np.ones_like(cosine)
        if self.angular:
            sine = np.sqrt(1 - cosine**2)
            outer = np.where(sine > SMALLEST_SINE, 2 / np.pi / np.maximum(sine, SMALLEST_SINE), 0.0)
        return outer / size, -outer * cosine / (2 * first), -outer * cosine / (2 * second)


def root_differences(spreads: Floats) -> Floats:
    r"""Return divided differences of :math:`t^{-1/2}`: `(known, axis, axis)`.

    Parameters
    ----------
    spreads : array of shape (known, axis)
        Roots of the eigenvalues; what has to do with one of 0 is 0.
    """
    first, second = spreads[:, :, None], spreads[:, None]
    return -inverse(first * second * (first + second))


@dataclass(frozen=True)
class ProcrustesForm(ShapeForm):
    """Alignment without whitening."""

    alpha: float = 1.0
    angular: bool = False
    parameter: ClassVar[str] = ""


PROCRUSTES = Measure(
    name="procrustes",
    title="Procrustes similarity",
    family="shape",
    invariances=("scale",),
    range=(0.0, 1.0),
    independence="positive: some rotation aligns any two",
    citation="Ding et al. 2021, https://arxiv.org/abs/2108.01661",
    form=ProcrustesForm(),
    distances=SQUARED,
    needs=("gram",),
    no_value="the RDM is not one of squared Euclidean distances, so no features have it",
    pool=pool_standardised(centre=False),
    definition=(
        r"$$\lVert \tilde X^\top \tilde Y \rVert_*$$ the sum of the singular values of the "
        "cross-covariance: the cosine after the best rotation."
    ),
    avoid=(
        "Uncalibrated, with many features and few stimuli, where some rotation aligns "
        "anything: read the calibrated value. Noise in many weak directions lowers it more "
        "than it lowers `cka`."
    ),
)
PROCRUSTES_ANGULAR = replace(
    PROCRUSTES,
    name="procrustes_angular",
    title="Procrustes angle, 1 less its share of a right angle",
    citation="Williams et al. 2021, https://arxiv.org/abs/2110.14739",
    form=ProcrustesForm(angular=True),
    definition=(r"$$1 - \frac{2}{\pi} \arccos \lVert \tilde X^\top \tilde Y \rVert_*$$"),
    avoid=(
        "Uncalibrated, with many features and few stimuli, where some rotation aligns "
        "anything. Beside `procrustes` it adds nothing but a scale on which distances obey "
        "the triangle inequality."
    ),
)
# The nuclear norm of the cross-covariance of features is the fidelity of their Gram matrices,
# tr (K^1/2 L K^1/2)^1/2, so Procrustes on one side and the Bures distance on the other, known as
# normalised Bures similarity too, are one number under three names (Harvey et al. 2024).
BURES = replace(
    PROCRUSTES,
    name="bures",
    title="Bures similarity of Gram matrices (equal to Procrustes)",
    citation="Harvey, Larsen & Williams 2024, https://proceedings.mlr.press/v243/harvey24a.html",
    definition=(
        r"$$\frac{\operatorname{tr} (K^{1/2} L K^{1/2})^{1/2}}{\sqrt{\operatorname{tr} K "
        r"\operatorname{tr} L}}$$ which equals $\lVert \tilde X^\top \tilde Y \rVert_*$."
    ),
    avoid=(
        "Beside `procrustes` or `nbs`, to show that several measures agree: the three are "
        "one number. Otherwise as `procrustes`."
    ),
)
NBS = replace(
    PROCRUSTES,
    name="nbs",
    title="Normalised Bures similarity (equal to Procrustes)",
    citation="Tang et al. 2020, https://arxiv.org/abs/2003.11498; Harvey, Larsen & Williams 2024, "
    "https://proceedings.mlr.press/v243/harvey24a.html",
    definition=(
        r"$$\frac{\operatorname{tr} (K^{1/2} L K^{1/2})^{1/2}}{\sqrt{\operatorname{tr} K "
        r"\operatorname{tr} L}}$$ which is `bures`, and equals $\lVert \tilde X^\top \tilde "
        r"Y \rVert_*$."
    ),
    avoid=(
        "Beside `procrustes` or `bures`, to show that several measures agree: the three "
        "are one number. Otherwise as `procrustes`."
    ),
)
SHAPE_ALPHA = replace(
    PROCRUSTES_ANGULAR,
    name="shape_alpha",
    title="Angle after partial whitening, 1 less its share of a right angle",
    no_ceiling="subjects pooled have directions that noise made and whitening makes as strong as "
    "the others, so they bound nothing",
    form=ShapeForm(),
    definition=(
        r"$$1 - \frac{2}{\pi} \arccos \lVert X_\alpha^\top Y_\alpha \rVert_*, \qquad "
        r"X_\alpha \propto \tilde X \left(\alpha I + (1 - \alpha) (\tilde X^\top \tilde "
        r"X)^{-1/2}\right)$$ with $\lVert X_\alpha \rVert = 1$, and likewise $Y_\alpha$."
    ),
    avoid=(
        "With a small alpha where features are noisy or about as many as stimuli: "
        "whitening makes directions of noise as strong as the others. Take `procrustes` "
        "(alpha = 1) or `cca_ridge`, which is scored on held-out stimuli."
    ),
)
