r"""Measures that pair units with units: no rotation is allowed for, so tuning counts.

Of features with mean 0 per unit, scaled as a whole to a mean square norm of 1 over stimuli, each
measure here is :math:`\max_W \sum_{pq} W_{pq}\, C_{pq}` with :math:`C` the cross-covariance of
units and :math:`W` from a set of couplings:

`permutation`
    One unit with one. Of two sizes every unit of the smaller gets a partner, and the units of
    the larger that are left over count as unexplained.
`soft_matching`
    Mass :math:`1/P` on each unit of one side is carried to mass :math:`1/Q` on each of the
    other, and the couplings are :math:`\sqrt{PQ}` times such plans. With d the soft-matching
    distance of features whose units have a mean variance of 1, the measure is
    :math:`1 - d^2 / 2`; where all units have the same variance, it is the mean correlation of
    the units that are coupled. Of two equal sizes an extreme plan is a permutation (Birkhoff),
    and the two measures agree.

Neither can exceed 1 (Cauchy and Schwarz). At an optimum, the derivative with respect to the
weights of the stimuli is that at fixed couplings, so influences need no second optimum: with
:math:`a_i` what stimulus i adds to the covariance of coupled units and :math:`u_i, v_i` its squared
norms in either representation, :math:`I_i = a_i - \theta (u_i + v_i) / 2`.

On one core, a pair of 300 with 300 units takes 5 ms, of 300 with 200 units 4 ms (a linear
programme in SciPy takes 50 times as long), and of 2,000 with 2,000 units 2 s.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from scipy.linalg.blas import dger

from isomorph.errors import IsomorphError
from isomorph.measures._measure import Measure
from isomorph.measures.feature_corrected import scaled
from isomorph.measures.jackknifed import FEWEST, Jackknifed
from isomorph.measures.linear import ROUNDING
from isomorph.measures.pairs import Counts, Floats
from isomorph.measures.stack import Stack

Coupling = tuple[NDArray[np.intp], NDArray[np.intp], Floats]
"""Units of the first, units of the second coupled with them, and how strongly."""

STEPS = 10**7
"""Steps of the network simplex; a pair of 2,000 with 1,000 units takes fewer than a hundredth."""


class MatchedForm(Jackknifed):
    """The covariance of coupled units, for the coupling that makes it largest."""

    @abstractmethod
    def coupling(self, cross: Floats) -> Coupling:
        """Return the coupling for which the covariances `(p, q)` of units sum to most."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where one has no unit that varies."""
        found = np.full((len(first), len(second)), np.nan)
        for at, _, _, cross in _crossed(first, second):
            rows, columns, strength = self.coupling(cross)
            found[at] = (cross[rows, columns] * strength).sum()
        return found

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds: `(a, b, stimulus)`, in closed form.

        Parameters
        ----------
        first, second : Stack
        """
        found = np.full((len(first), len(second), first.n_stimuli), np.nan)
        for at, x, y, cross in _crossed(first, second):
            rows, columns, strength = self.coupling(cross)
            added = np.einsum("nk,nk,k->n", x[:, rows], y[:, columns], strength)
            norms = np.square(x).sum(axis=1) + np.square(y).sum(axis=1)
            found[at] = added - added.mean() * norms / 2
        return found


class PermutationForm(MatchedForm):
    """Units matched one to one."""

    def coupling(self, cross: Floats) -> Coupling:
        """Return the best assignment of all units of the smaller side."""
        from scipy.optimize import linear_sum_assignment

        rows, columns = linear_sum_assignment(cross, maximize=True)
        return rows, columns, np.ones(len(rows))


class SoftMatchingForm(MatchedForm):
    """Units matched by optimal transport between uniform masses."""

    def coupling(self, cross: Floats) -> Coupling:
        """Return the best transport plan, times the root of the number of couples."""
        if cross.shape[0] == cross.shape[1]:
            return PermutationForm().coupling(cross)
        return transport(cross)


class OneToOneForm(Jackknifed):
    """The correlation of each unit of the first with one unit of the second.

    The partner at a stimulus is the unit of the second that correlates most over all other
    stimuli. A unit scores the mean over stimuli of the product of its response and its partner's
    there, both standardised over all stimuli, which is their correlation where the partner is
    always the same. What a partner is chosen by is never what it is scored on, so units without a
    relation score 0. Each stimulus is held out once: no folds are drawn, and the order of the
    stimuli does not matter. The value is the mean over the units of the first that vary.
    Influences are those of the held-out responses, with partners as they are.

    A pair of 300 with 300 units and 118 stimuli takes 11 ms.
    """

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, the units of `a` predicted by those of `b`."""
        mean: Floats = self._terms(first, second).mean(axis=-1)
        return np.clip(mean, -1.0, 1.0)

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds: `(a, b, stimulus)`.

        Parameters
        ----------
        first, second : Stack
        """
        terms = self._terms(first, second)
        added: Floats = terms - terms.mean(axis=-1, keepdims=True)
        return added

    def _terms(self, first: Stack, second: Stack) -> Floats:
        """Return the value and its derivative by each stimulus, added: `(a, b, stimulus)`."""
        found = np.full((len(first), len(second), first.n_stimuli), np.nan)
        if first.n_stimuli < FEWEST - 1:
            return found
        xs, ys = _standardised(first), _standardised(second)
        for a, x in enumerate(xs):
            for b, y in enumerate(ys):
                if x.size and y.size:
                    partner = _partners(x, y)
                    products = x * partner
                    squares = np.square(x) + np.square(partner)
                    level = products.mean(axis=0) / 2
                    terms = products - level * (squares - squares.mean(axis=0))
                    found[a, b] = terms.mean(axis=1)
        return found


def transport(cross: Floats) -> Coupling:
    """Return the best plan between uniform masses on the units, times the root of the couples.

    Parameters
    ----------
    cross : array of shape (first, second)
        What each couple adds.

    Raises
    ------
    IsomorphError
        Without the library for it.
    """
    try:
        from ot import emd
    except ImportError:
        raise IsomorphError(
            f"soft_matching of {cross.shape[0]} and {cross.shape[1]} units needs POT, "
            "install isomorph[matching]"
        ) from None
    first, second = (np.full(size, 1 / size) for size in cross.shape)
    plan = emd(first, second, cross.max() - cross, numItermax=STEPS)
    rows, columns = np.nonzero(plan)
    return rows, columns, plan[rows, columns] * np.sqrt(cross.size)


def _whole(stack: Stack) -> list[Floats]:
    """Return features `(stimulus, unit)` with mean 0 each and a mean square norm of 1.

    NaN where no unit varies or one is not known.
    """

    def make(one: Stack) -> list[Floats]:
        return [_unit_norm(np.asarray(x, dtype=float)) for x in one.fact("features")]

    return stack.reordered("whole features", make, _moved)


def _unit_norm(features: Floats) -> Floats:
    if not np.isfinite(features).all():
        return np.full_like(features, np.nan)
    found = scaled(features) / np.sqrt(features.shape[1])
    return found if found.any() else np.full_like(found, np.nan)


def _crossed(
    first: Stack, second: Stack
) -> Iterator[tuple[tuple[int, int], Floats, Floats, Floats]]:
    """Yield places, features and cross-covariance of the pairs that have one.

    One product of matrices for each representation of the first serves all of the second.
    """
    ys = _whole(second)
    known = [b for b, y in enumerate(ys) if np.isfinite(y).all()]
    if not known:
        return
    together = np.concatenate([ys[b] for b in known], axis=1) / second.n_stimuli
    ends = np.cumsum([ys[b].shape[1] for b in known])
    for a, x in enumerate(_whole(first)):
        if not np.isfinite(x).all():
            continue
        for b, cross in zip(known, np.split(x.T @ together, ends[:-1], axis=1), strict=True):
            yield (a, b), x, ys[b], cross


def _standardised(stack: Stack) -> list[Floats]:
    """Return the units that vary, `(stimulus, unit)` with mean 0 and mean square 1 each.

    Of no unit where one is not known.
    """

    def make(features: Floats) -> Floats:
        power = np.square(features).mean(axis=0)
        some = power > ROUNDING * power.max()
        found: Floats = features[:, some] / np.sqrt(power[some])
        return found

    return stack.reordered("standardised units", lambda one: [make(x) for x in _whole(one)], _moved)


def _moved(features: list[Floats], order: Counts) -> list[Floats]:
    """Return features with the stimuli in another order."""
    return [x[order] for x in features]


def _partners(first: Floats, second: Floats) -> Floats:
    """Return, per unit of the first, the response of its partner at each stimulus: `(n, p)`.

    0 where there is no telling which that is. Units `(n, p)` and `(n, q)`, standardised.
    """
    n = len(first)
    share = n / (n - 1)  # of a product, when a stimulus is taken out of the means too
    cross, partner = first.T @ second, np.empty_like(first)
    correlation = np.empty_like(cross)
    others = n - share * np.square(second)
    still = others <= ROUNDING * n  # moves at this stimulus alone
    gain = 1 / np.sqrt(np.where(still, 1.0, others))
    scaled_second, any_still = second * gain, np.asarray(still.any(axis=1))
    for held in range(n):
        # What is left of the sum of squares of the unit itself does not change which is largest.
        np.multiply(cross, gain[held], out=correlation)
        dger(
            -share, scaled_second[held], first[held], a=correlation.T, overwrite_a=True
        )  # in place
        if any_still[held]:
            correlation[:, still[held]] = -np.inf
        partner[held] = second[held, correlation.argmax(axis=1)]
    # A unit that moves at the stimulus alone correlates with none over the others.
    partner[n - share * np.square(first) <= ROUNDING * n] = 0
    return partner


_UNMATCHED = "positive: some matching aligns any two"
_MORE_UNITS = (
    "subjects pooled have more units than any one, and those without a partner count against them, "
    "so they bound nothing"
)

PERMUTATION = Measure(
    name="permutation",
    title="Cosine of units matched one to one, those left over unexplained",
    family="shape",
    invariances=("scale", "translation", "permutation"),
    range=(-1.0, 1.0),
    independence=_UNMATCHED,
    citation="Li et al. 2015, https://arxiv.org/abs/1511.07543; "
    "Williams et al. 2021, https://arxiv.org/abs/2110.14739",
    form=PermutationForm(),
    needs=("features",),
    no_ceiling=_MORE_UNITS,
    definition=(
        r"$$\max_\pi \sum_a C_{a \pi(a)}, \qquad C = \tilde X^\top \tilde Y$$ over all ways "
        r"$\pi$ of giving each unit of the smaller representation a partner of its own."
    ),
    avoid=(
        "For voxels, sensors, or layers whose axes are arbitrary: it asks whether single "
        "units are tuned alike. With unequal numbers of units those left over count as "
        "unexplained; take `soft_matching` or `one_to_one`."
    ),
)
SOFT_MATCHING = Measure(
    name="soft_matching",
    title="Correlation of units matched by optimal transport",
    family="shape",
    invariances=("scale", "translation", "permutation"),
    range=(-1.0, 1.0),
    independence=_UNMATCHED,
    citation="Khosla & Williams 2024, https://arxiv.org/abs/2311.09466",
    form=SoftMatchingForm(),
    needs=("features",),
    no_ceiling=_MORE_UNITS,
    definition=(
        r"$$\max_T \sqrt{p q} \sum_{ab} T_{ab} C_{ab}, \qquad C = \tilde X^\top \tilde Y, "
        r"\quad T \ge 0, \quad \sum_b T_{ab} = \frac1p, \quad \sum_a T_{ab} = \frac1q$$"
    ),
    avoid=(
        "For voxels, sensors, or layers whose axes are arbitrary. Where the variance of "
        "units differs much, the strongest decide; standardise units first."
    ),
)
ONE_TO_ONE = Measure(
    name="one_to_one",
    holds_out="stimuli",
    title="Correlation of each unit with one unit of the other, held out",
    family="prediction",
    invariances=("scale", "translation", "permutation"),
    range=(-1.0, 1.0),
    independence="0",
    citation="Khosla & Williams 2024, https://arxiv.org/abs/2311.09466; "
    "Li et al. 2015, https://arxiv.org/abs/1511.07543",
    form=OneToOneForm(),
    needs=("features",),
    no_ceiling="among the units of all subjects pooled each finds itself, so they bound nothing",
    symmetric=False,
    definition=(
        r"$$\frac{1}{p} \sum_a \frac{1}{n} \sum_i x_{ia} \, y_{i \pi_i(a)}$$ with "
        r"standardised units; $\pi_i(a)$ is the unit of the second that correlates most "
        "with unit $a$ over all stimuli but $i$."
    ),
    avoid=(
        "For voxels, sensors, or layers whose axes are arbitrary. It is not symmetric, and "
        "rises with the number of units there are to choose from: compare layers of equal "
        "width, or say so."
    ),
)
