r"""Graphs of nearest neighbours: whether their edges are the same, and as clustered by category.

An edge of weight 1 joins stimuli that are each one of the other's k nearest neighbours, one of
half of that if only one is, with ties shared as in `nearest`. The papers weigh edges by cosine
similarity besides, which an RDM of another distance has not; their neighbours are the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from isomorph.measures._measure import Measure
from isomorph.measures.nearest import TOO_MANY, Nearest, OfNeighbours, influences
from isomorph.measures.pairs import Floats
from isomorph.measures.stack import Stack

WIDEST = 1.5
"""How far apart the modularities of two graphs can be: each is from -1/2 to 1 (Brandes et al.
2008, https://doi.org/10.1109/TKDE.2007.190689)."""

Places = NDArray[np.intp]


@dataclass(frozen=True)
class GraphForm(OfNeighbours):
    r"""Graph-based similarity: the cosine of the edges of a stimulus, averaged over stimuli."""

    k: int = 5
    by_set: ClassVar[bool] = True

    def matrices(self, stack: Stack) -> Floats:
        """Return matrices `(representation, n, n)` whose inner products are the measure."""
        return _unit_rows(self.nearest(stack).weights(), stack.n_stimuli)

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where there is no value."""
        return _inner(self.matrices(first), self.matrices(second))

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds: `(a, b, stimulus)`, without sorting distances anew."""
        n, without = first.n_stimuli, []
        for pair in _without_each(self.nearest(first), self.nearest(second)):
            without.append(_inner(*(_unit_rows(weights, n - 1) for weights in pair)))
        return influences(np.stack(without, axis=-1))


class ModularityForm(OfNeighbours):
    r"""How alike two graphs are in their modularity by category, :math:`1 - |Q - Q'| / 1.5`.

    The labels are those of the second representations, or of the first where those have none, for
    both: when the stimuli of one are shuffled, their categories stay where they were.
    """

    by_set: ClassVar[bool] = True

    def compare(self, first: Stack, second: Stack) -> Floats:
        """Compare representations: `(a, b)`, NaN where the labels make no categories."""
        graphs = [_graph(self.nearest(side).weights()) for side in (first, second)]
        return _alike(graphs[0], graphs[1], first, second)

    def influence(self, first: Stack, second: Stack) -> Floats:
        """Return what each stimulus adds: `(a, b, stimulus)`, without sorting distances anew."""
        without = []
        for gone, (x, y) in enumerate(_without_each(self.nearest(first), self.nearest(second))):
            without.append(_alike(_graph(x), _graph(y), first, second, gone))
        return influences(np.stack(without, axis=-1))


def modularity(graphs: Floats, members: Floats) -> Floats:
    r"""Return how strongly graphs cluster by category, :math:`Q` of Newman & Girvan 2004.

    The share of all edges that are within categories, less what it would be were they drawn at
    random between stimuli of the same degrees.

    Parameters
    ----------
    graphs : array of shape (graph, stimulus, stimulus)
        Symmetric weights of edges.
    members : array of shape (stimulus, category)
        1 for each one's category.

    Returns
    -------
    array of shape (graph,)
        NaN with fewer than two categories, or none of two stimuli: no edge could be within.
    """
    sizes = members.sum(axis=0)
    if (sizes > 0).sum() < 2 or sizes.max(initial=0) < 2:
        return np.full(len(graphs), np.nan)
    toward = graphs @ members
    ends = toward.sum(axis=1)
    total = ends.sum(axis=1)
    within = np.einsum("gic,ic->g", toward, members)
    found: Floats = within / total - ((ends / total[:, None]) ** 2).sum(axis=1)
    return found


def _without_each(x: Nearest, y: Nearest) -> Iterator[tuple[Floats, Floats]]:
    """Yield the weights of neighbours on either side without each stimulus in turn."""
    own, other = x.weights(), y.weights()
    for gone in range(x.n_stimuli):
        yield x.without(gone, own), y.without(gone, other)


def _alike(
    graphs: Floats,
    others: Floats,
    first: Stack,
    second: Stack,
    gone: int | None = None,
) -> Floats:
    """Return how alike graphs are in modularity `(a, b)`, one stimulus gone from its category."""
    found = np.full((len(first), len(second)), np.nan)
    for members, x, y in _categories(first, second):
        if gone is not None:
            members[gone] = 0
        own, other = modularity(graphs[x], members), modularity(others[y], members)
        found[np.ix_(x, y)] = 1 - np.abs(own[:, None] - other) / WIDEST
    return found


def _categories(first: Stack, second: Stack) -> Iterator[tuple[Floats, Places, Places]]:
    """Yield members of categories, and which of either side they are asked of."""
    swapped = "labels" not in second.facts and "labels" in first.facts
    side, other = (first, second) if swapped else (second, first)
    same: dict[tuple[int, ...], list[int]] = {}
    for place, labels in enumerate(side.fact("labels")):
        codes = np.unique(np.asarray(labels), return_inverse=True)[1]
        same.setdefault(tuple(codes.ravel().tolist()), []).append(place)
    every = np.arange(len(other))
    for codes_of_all, places in same.items():
        members = np.eye(max(codes_of_all) + 1)[list(codes_of_all)]
        these = np.array(places)
        yield (members, these, every) if swapped else (members, every, these)


def _graph(weights: Floats) -> Floats:
    """Return twice the symmetric weights of edges, of how much a neighbour each is to each."""
    graph: Floats = weights + weights.swapaxes(1, 2)
    return graph


def _unit_rows(weights: Floats, n: int) -> Floats:
    """Return the edges of each stimulus, of norm 1 over all; of one that is gone there are none."""
    graph = _graph(weights)
    norms = np.sqrt(n * np.einsum("gij,gij->gi", graph, graph))
    graph /= np.where(norms == 0, 1, norms)[..., None]
    return graph


def _inner(first: Floats, second: Floats) -> Floats:
    """Return the inner products of matrices: `(a, b)`."""
    product: Floats = first.reshape(len(first), -1) @ second.reshape(len(second), -1).T
    return product


GBS = Measure(
    name="gbs",
    title="Graph-based similarity",
    family="neighbours",
    invariances=("monotone",),
    range=(0.0, 1.0),
    independence="positive: edges are shared by chance",
    citation="Chen et al. 2021, https://arxiv.org/abs/2111.11165",
    form=GraphForm(),
    no_value=TOO_MANY,
    definition=(
        r"$$\frac{1}{n} \sum_i \frac{\sum_j g_{ij} g'_{ij}}{\sqrt{\sum_j g_{ij}^2 \sum_j "
        r"g'^2_{ij}}}, \qquad g_{ij} = w_{ij} + w_{ji}$$ $w_{ij}$ is 1 where $j$ is one of "
        "the $k$ stimuli nearest to $i$, else 0."
    ),
    avoid=(
        "With few stimuli, where k is not small beside their number. Edges are not weighed by "
        "similarity as in the paper, so its numbers are not those of published tables."
    ),
)
MODULARITY = Measure(
    name="modularity",
    title="Similarity of modularity by category, 1 - |Q - Q'| / 1.5",
    family="neighbours",
    invariances=("monotone",),
    range=(0.0, 1.0),
    independence="positive: two graphs that do not cluster are alike in that",
    citation="Lu et al. 2022, https://arxiv.org/abs/2111.12485",
    form=ModularityForm(),
    no_value=f"{TOO_MANY}, or no two of these are of one category and some of another",
    needs=("rdm", "labels"),
    no_ceiling="subjects pooled cluster more than any one does, so they bound nothing",
    definition=(
        r"$$1 - \frac{\lvert Q - Q' \rvert}{1.5}, \qquad Q = \frac{1}{g} \sum_{ij} "
        r"\left(g_{ij} - \frac{g_i g_j}{g}\right) [c_i = c_j]$$ $g_{ij}$ are the edges between "
        "$k$ nearest neighbours, as in `gbs`, $g_i$ and $g$ their sums, and $c_i$ the "
        "category of stimulus $i$."
    ),
    avoid=(
        "To show that two representations agree in which stimuli are alike: two that "
        "cluster equally strongly score 1, though in different ways, and two that do not "
        "cluster at all as well."
    ),
)
