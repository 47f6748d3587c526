r"""The topology family: persistent homology of the stimuli as their distances are filled in.

Representation topology divergence (Barannikov et al. 2022, https://arxiv.org/abs/2201.00058) asks
for the clusters and loops that one representation has at some scale and the other, on the same
stimuli, has not. With distances :math:`w` and :math:`w'`, each divided by its 0.9 quantile, it is
the total length of the bars of dimension 1 of the graph of 2n vertices with distances

.. math:: \begin{pmatrix} 0 & w_+^\top \\ w_+ & \min(w, w') \end{pmatrix},

:math:`w_+` the upper triangle with infinity below; averaged over both directions. It is 0 for
equal distances, and grows with the number of stimuli; as a similarity it is :math:`1 / (1 + RTD)`.

The persistence measure compares what each representation has by itself: the 1-Wasserstein
distance, Euclidean between points, of the diagrams of dimension 0 and 1, added up, likewise as
:math:`1 / (1 + W)`. It does not see which stimulus is which, so shuffling them tells nothing.

Ripser computes in single precision, so it is given the ranks of the distances, and what it says of
ranks is read as distances again.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.measures._measure import Measure
from isomorph.measures.cka import SQUARED
from isomorph.measures.jackknifed import Jackknifed
from isomorph.measures.pairs import Floats, squareform
from isomorph.measures.stack import Stack
from isomorph.registry import of_extra

NORMALISED_AT = 0.9
"""Quantile of the distances between different stimuli that distances are divided by."""

# A cross-validated distance can be negative, an accuracy is no distance.
FILTRATIONS = SQUARED | {"euclidean", "euclidean_norm", "poisson_kl"}


@dataclass(frozen=True)
class TopologyForm(Jackknifed):
    """A similarity of topology, computed pair by pair and refused where that takes too long.

    Attributes
    ----------
    most_stimuli : int
        More are refused; whoever knows what it costs names the measure with as many, `rtd(300)`.
    """

    most_stimuli: int = 100
    parameter: ClassVar[str] = "most_stimuli"
    meaning: ClassVar[str] = "a whole number of stimuli, more than which are refused"
    allowed: ClassVar[tuple[float, float]] = (0.0, np.inf)
    name: ClassVar[str]
    seconds_of_92: ClassVar[float]
    exponent: ClassVar[float]

    @abstractmethod
    def distance(self, first: Stack, second: Stack) -> Floats:
        """Return how far apart representations are, `(a, b)`, NaN where that is unknown."""

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where there is no value.

        Raises
        ------
        IsomorphError
            With more than `most_stimuli` stimuli, or without ripser.
        """
        n = first.n_stimuli
        if n > self.most_stimuli:
            pairs = len(first) * len(second)
            raise IsomorphError(
                f'measure "{self.name}": {n} stimuli are more than {self.most_stimuli}; some '
                f"{self.seconds(n, pairs):.2g} s for each comparison of {pairs} pairs of "
                f"representations, of which there is one per stimulus and per shuffle; write "
                f'"{self.name}({n})" if that is meant'
            )
        return 1 / (1 + self.distance(first, second))

    def seconds(self, n_stimuli: int, n_pairs: int = 1) -> float:
        """Return about how long one core takes to compare pairs of representations once.

        Influences take that for every stimulus, the test against independence for every shuffle.

        Parameters
        ----------
        n_stimuli, n_pairs : int
        """
        return n_pairs * self.seconds_of_92 * (n_stimuli / 92) ** self.exponent


@dataclass(frozen=True)
class DivergenceForm(TopologyForm):
    """Representation topology divergence."""

    name: ClassVar[str] = "rtd"
    seconds_of_92: ClassVar[float] = 0.046
    exponent: ClassVar[float] = 2.5

    def distance(self, first: Stack, second: Stack) -> Floats:
        """Return the divergence: `(a, b)`."""
        x, y = (_filtrations(one) for one in (first, second))
        return np.array([[_divergence(w, v) for v in y] for w in x]).reshape(len(x), len(y))


@dataclass(frozen=True)
class PersistenceForm(TopologyForm):
    """Wasserstein distance of persistence diagrams."""

    most_stimuli: int = 300
    name: ClassVar[str] = "persistence"
    seconds_of_92: ClassVar[float] = 0.001
    exponent: ClassVar[float] = 2.5

    def distance(self, first: Stack, second: Stack) -> Floats:
        """Return the distance of diagrams, found once per stack: `(a, b)`."""
        x, y = _diagrams(first), _diagrams(second)
        found = np.full((len(x), len(y)), np.nan)
        for at, own in enumerate(x):
            for place, other in enumerate(y):
                if own and other:
                    found[at, place] = sum(map(wasserstein, own, other))
        return found


def rtd_divergence(first: Floats, second: Floats) -> float:
    """Return the representation topology divergence of two RDMs, 0 for the same.

    Parameters
    ----------
    first, second : arrays of shape (pair,)
        Distances between the same stimuli.

    Returns
    -------
    float
        NaN where an RDM has no scale, or distances that are negative or unknown.
    """
    x, y = (_filtrations(Stack(np.asarray(one, dtype=float)[None]))[0] for one in (first, second))
    return _divergence(x, y)


def wasserstein(first: Floats, second: Floats) -> float:
    """Return the 1-Wasserstein distance of two persistence diagrams.

    Parameters
    ----------
    first, second : arrays of shape (bar, 2)
        Birth and death, finite. Bars may be matched with each other or with the diagonal.
    """
    from scipy.optimize import linear_sum_assignment
    from scipy.spatial.distance import cdist

    alone = [(one[:, 1] - one[:, 0]) / np.sqrt(2) for one in (first, second)]
    # What a match saves over leaving both to the diagonal.
    saved = np.minimum(cdist(first, second) - np.add.outer(*alone), 0)
    matched = saved[linear_sum_assignment(saved)].sum()
    return float(alone[0].sum() + alone[1].sum() + matched)


def _filtrations(stack: Stack) -> Floats:
    """Return distances over their 0.9 quantile: `(representation, n, n)`, NaN without a scale."""
    return stack.derived("filtrations", lambda: squareform(_scaled(stack.rdms), stack.n_stimuli))


def _scaled(rdms: Floats) -> Floats:
    known = np.isfinite(rdms).all(axis=1) & (rdms >= 0).all(axis=1) & (rdms > 0).any(axis=1)
    scaled = np.full(rdms.shape, np.nan)
    if known.any():
        scale = np.quantile(rdms[known], NORMALISED_AT, axis=1, keepdims=True)
        scaled[known] = rdms[known] / np.where(scale > 0, scale, np.nan)
    return scaled


def _divergence(first: Floats, second: Floats) -> float:
    """Return the divergence of scaled distances `(n, n)`, the mean of both directions."""
    if np.isnan(first).any() or np.isnan(second).any():
        return np.nan
    return (_cross_length(first, second) + _cross_length(second, first)) / 2


def _cross_length(distances: Floats, others: Floats) -> float:
    """Return the total length of the bars in which the second joins what the first keeps apart."""
    n = len(distances)
    # The first stimulus is at a known distance to all, and no bar outlives its farthest. Of the
    # order of the stimuli the bars are independent.
    nearest = int(distances.max(axis=1).argmin())
    order = np.r_[nearest, np.delete(np.arange(n), nearest)]
    w, v = (one[np.ix_(order, order)] for one in (distances, others))
    upper = np.where(np.tri(n, k=-1, dtype=bool), np.inf, w)
    cross = np.block([[np.zeros((n, n)), upper], [upper.T, np.minimum(w, v)]])
    bars = _bars(cross, w[0].max())[1]
    return float((bars[:, 1] - bars[:, 0]).sum())


def _diagrams(stack: Stack) -> list[list[Floats]]:
    """Return the diagrams of dimension 0 and 1 of each representation, none without a scale."""
    return stack.derived(
        "diagrams",
        lambda: [
            [] if np.isnan(one).any() else _bars(one, one.max(axis=1).min())
            for one in _filtrations(stack)
        ],
    )


def _bars(distances: Floats, largest: float) -> list[Floats]:
    """Return finite bars, birth and death `(bar, 2)`, of dimension 0 and 1, in order.

    Parameters
    ----------
    distances : array of shape (point, point)
    largest : float
        Distance at which some point is near all others, so that nothing is born or left later.
    """
    ripser = of_extra("ripser", "topology", "topology").ripser
    values, ranks = np.unique(distances, return_inverse=True)
    ranks = ranks.reshape(distances.shape).astype(float)
    ranks[~np.isfinite(distances)] = np.inf
    last = float(np.searchsorted(values, largest))
    found = ripser(ranks, maxdim=1, thresh=last, distance_matrix=True)["dgms"]
    finite = [values[one[np.isfinite(one[:, 1])].astype(int)] for one in found]
    return [one[np.lexsort(one.T)] for one in finite]


_FEWER_BARS = (
    "subjects pooled have less noise than any one, and with it fewer clusters and loops, so they "
    "bound nothing"
)

RTD = Measure(
    name="rtd",
    title="Similarity of topology, 1 / (1 + representation topology divergence)",
    family="topology",
    invariances=("scale",),
    range=(0.0, 1.0),
    independence="positive: 1 / (1 + RTD) is, and the less the more stimuli",
    citation="Barannikov et al. 2022, https://arxiv.org/abs/2201.00058",
    form=DivergenceForm(),
    distances=FILTRATIONS,
    no_ceiling=_FEWER_BARS,
    definition=(
        r"$$\frac{1}{1 + \operatorname{RTD}}$$ RTD is the total length of the bars of "
        r"dimension 1 of the graph on $2n$ points with distances $\begin{pmatrix} 0 & "
        r"w_+^\top \\ w_+ & \min(w, w') \end{pmatrix}$, the mean of both directions; $w$ "
        "are the distances over their .9 quantile, and $w_+$ those above the diagonal, "
        "infinite below."
    ),
    avoid=(
        "To compare studies with different numbers of stimuli, as the divergence grows "
        "with them; with noisy distances, in which bars are noise; with more than some "
        "hundred stimuli, which takes long."
    ),
)
PERSISTENCE = Measure(
    name="persistence",
    title="Similarity of persistence diagrams, 1 / (1 + Wasserstein distance)",
    family="topology",
    invariances=("scale",),
    range=(0.0, 1.0),
    independence="positive: it does not see which stimulus is which, so shuffling changes nothing",
    citation="Cohen-Steiner et al. 2010, https://doi.org/10.1007/s10208-010-9060-6; computed by "
    "ripser, Tralie et al. 2018, https://doi.org/10.21105/joss.00925",
    form=PersistenceForm(),
    distances=FILTRATIONS,
    no_ceiling=_FEWER_BARS,
    sees_stimuli=False,
    known_chance=False,
    definition=(
        r"$$\frac{1}{1 + W_1(B_0, B'_0) + W_1(B_1, B'_1)}$$ $W_1$ is the Wasserstein "
        "distance between the persistence diagrams $B_0$ of clusters and $B_1$ of loops, "
        "of distances over their .9 quantile."
    ),
    avoid=(
        "To say that the same stimuli are alike: it does not see which stimulus is which, "
        "so two representations of unrelated stimuli can score high, and no test by "
        "shuffling stimuli says anything of it."
    ),
)
