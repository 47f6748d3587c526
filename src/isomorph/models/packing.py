"""Packing: how the features of a layer are kept on disk, exactly or in less room."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isomorph.geometry import ROUNDING, squared_distances
from isomorph.geometry.gram import to_host
from isomorph.models.fold import LayerGram, UnusableLayerError, fold, refuse_flat

SKETCH_WIDTH = 8192
"""Numbers a layer is projected to."""
SEED = 0
"""Of the projection."""
COLUMNS = 2**13
"""Features packed at a time, of those that are not projected."""
AT_A_TIME = 2**18
"""Numbers packed at a time, which stay in the cache."""
FIRST = 16
"""Stimuli that the reference is the mean of: few, as any reference will do that is about right."""
HEADROOM = 2.0**11
"""Largest half-precision number of the first batch; the largest there is, 65504, is 32 times it."""
FACTS = 3
"""Numbers kept of each stimulus in double precision beside packed features."""


@dataclass
class Packing:
    r"""How one layer is packed.

    Exact packing keeps features as they are. Any other first takes the mean of some stimuli from
    them, the reference, because rounding and projecting lose digits in proportion to what is
    kept, and the mean of a layer often dwarfs the differences between stimuli. What the reference
    adds to inner products is kept exactly, per stimulus.

    A sketch of k numbers cuts the features into runs of k, gives each feature a random sign, turns
    each run by a random number of places and adds up the runs. Two features meet in one number
    with probability 1/k or, in one run, never; so inner products are unbiased and their variance
    is at most :math:`(|x|^2 |y|^2 + (x \cdot y)^2) / k`, as those of a CountSketch (Charikar, Chen
    and Farach-Colton 2002), but memory is passed through in order.

    Attributes
    ----------
    kind : {"float32", "float16", "sketch"}
    n_features : int
    n_columns : int
        Numbers kept per stimulus.
    dtype : dtype
        Of those numbers.
    signs : array of shape (feature,) or None
        Of a sketch, 1 or -1.
    turns : array of shape (run,) or None
        Of a sketch: by how many places each run of features is turned.
    reference : array of shape (feature,) or None
        Mean of the first stimuli.
    scale : float
        Power of two that features less the reference are multiplied with.
    alive : array of shape (feature,) or None
        Which features ever differed from the reference by more than rounding.
    """

    kind: str
    n_features: int
    n_columns: int
    dtype: np.dtype
    signs: NDArray[np.int8] | None = None
    turns: NDArray[np.int64] | None = None
    reference: NDArray[np.float32] | None = None
    scale: float = 1.0
    alive: NDArray[np.bool_] | None = field(default=None, repr=False)

    @property
    def exact(self) -> bool:
        """Whether features are kept as they are."""
        return self.kind == "float32"

    def pack(self, features: NDArray) -> tuple[NDArray, NDArray[np.float64]]:
        """Pack the features `(stimulus, feature)` of one batch.

        Returns
        -------
        packed : array of shape (stimulus, column)
        facts : array of shape (stimulus, 3)
            Of each stimulus: the product of its features less the reference with the reference,
            the sum of its features, and whether all are finite and fit (1 or 0).
        """
        if self.reference is None:
            self.reference = features[:FIRST].mean(axis=0, dtype=features.dtype).astype(np.float32)
            self.alive = np.zeros(self.n_features, dtype=bool)
            self.scale = self._scale(features) if self.kind == "float16" else 1.0
        packed: NDArray = np.zeros((len(features), self.n_columns), dtype=self.dtype)
        facts = np.zeros((len(features), FACTS))
        width = COLUMNS if self.signs is None else self.n_columns
        height = max(AT_A_TIME // width, 1)
        with np.errstate(over="ignore", invalid="ignore"):
            for top in range(0, len(features), height):
                rows = slice(top, top + height)
                for start in range(0, self.n_features, width):
                    part = slice(start, start + width)
                    reference = self.reference[part]
                    rest = features[rows, part] - reference
                    self._note_alive(start, rest)
                    facts[rows, 0] += rest @ reference
                    facts[rows, 1] += rest @ np.ones(len(reference), dtype=rest.dtype)
                    self._project(packed[rows], part, rest)
            facts[:, 1] += self.reference.sum(dtype=np.float64)
            facts[:, 2] = np.isfinite(packed).all(axis=1) & np.isfinite(facts[:, :2]).all(axis=1)
        return packed, facts

    def _note_alive(self, start: int, rest: NDArray[np.floating]) -> None:
        """Note which features from a place on differ from the reference by more than rounding."""
        assert self.alive is not None, "set with the reference"
        assert self.reference is not None, "set before"
        part = slice(start, start + rest.shape[1])
        dead = np.flatnonzero(~self.alive[part])
        share = ROUNDING * np.finfo(np.float32).eps
        for rows in (rest[:1], rest[1:4], rest[4:]):  # hardly any need a second look
            if len(dead) == 0:
                return
            least = share * np.abs(self.reference[part][dead])
            differs = (np.abs(rows[:, dead]) > least).any(axis=0)
            self.alive[part][dead[differs]] = True
            dead = dead[~differs]

    def _project(self, packed: NDArray, part: slice, rest: NDArray[np.floating]) -> None:
        """Add features less the reference to their columns; they are overwritten."""
        if self.signs is None or self.turns is None:
            import torch

            rest *= self.scale
            torch.from_numpy(packed[:, part]).copy_(
                torch.from_numpy(rest)
            )  # numpy takes 4 × longer
            return
        rest *= self.signs[part].astype(rest.dtype)
        turn = int(self.turns[part.start // self.n_columns])
        before = min(self.n_columns - turn, rest.shape[1])
        packed[:, turn : turn + before] += rest[:, :before]
        packed[:, : rest.shape[1] - before] += rest[:, before:]

    def _scale(self, features: NDArray) -> float:
        """Return the power of two that brings the first batch to a good place in half precision."""
        assert self.reference is not None, "set before"
        largest = max(
            float(
                abs(
                    features[:, start : start + COLUMNS] - self.reference[start : start + COLUMNS]
                ).max()
            )
            for start in range(0, self.n_features, COLUMNS)
        )
        ok = np.isfinite(largest) and largest > 0
        return float(2.0 ** np.floor(np.log2(HEADROOM / largest))) if ok else 1.0

    def unfold(
        self,
        packed: Any,
        facts: NDArray[np.float64],
        names: Any,
        width: int,
        device: str,
        places: NDArray[np.intp] | None = None,
    ) -> LayerGram:
        r"""Fold packed features and add what the reference stands for.

        With :math:`r` the packed features of a stimulus, :math:`m` the reference and
        :math:`d = r \cdot m`: the mean stimulus is :math:`m + \bar r`, so the product of a
        centred stimulus with it is :math:`(d - \bar d) + (r - \bar r) \cdot \bar r`.

        Features are kept where columns are features, which those of a sketch are not.

        Raises
        ------
        UnusableLayerError
            When the layer has no geometry, or does not fit half precision.
        """
        assert self.reference is not None, "something was packed"
        assert self.alive is not None, "set with the reference"
        if not facts[:, 2].all():
            bad = np.flatnonzero(facts[:, 2] == 0)
            first = f"{bad[0] + 1}" if names is None else f'"{names[bad[0]]}"'
            raise UnusableLayerError(
                f"has activations that are not finite in {self.kind}, for stimulus {first}"
                + (f" and {len(bad) - 1} more" if len(bad) > 1 else "")
            )
        rest = fold(packed, width=width, device=device, places=places)
        towards = facts[:, 0]
        reference = self.reference.astype(np.float64)
        gram = rest.gram / self.scale**2
        norm = float(reference @ reference + 2 * towards.mean()) + rest.mean_norm / self.scale**2
        refuse_flat(gram, norm, float(np.finfo(np.float32).eps))
        return LayerGram(
            gram=gram,
            mean_projection=towards - towards.mean() + rest.mean_projection / self.scale**2,
            mean_norm=norm,
            stimulus_mean=facts[:, 1] / self.n_features,
            n_features=self.n_features,
            n_dead=int((~self.alive).sum()),
            places=places,
            features=None
            if rest.features is None
            else (rest.features / np.float32(self.scale) + self.reference[places]),
        )


def bytes_of(kind: str, n_features: int, n_stimuli: int, width: int = SKETCH_WIDTH) -> int:
    """Return the room on disk that a layer takes, bytes.

    Parameters
    ----------
    kind : {"float32", "float16", "sketch"}
    n_features, n_stimuli : int
    width : int
        Columns of a sketch.
    """
    if kind == "float32" or (kind == "sketch" and n_features <= width):
        return 4 * n_stimuli * n_features
    columns = 2 * n_features if kind == "float16" else 4 * width
    return n_stimuli * (columns + 8 * FACTS) + 5 * n_features


def packing(kind: str, layer: str, n_features: int, width: int = SKETCH_WIDTH) -> Packing:
    """Return how a layer is packed; one narrower than a sketch is kept exactly.

    Parameters
    ----------
    kind : {"float32", "float16", "sketch"}
    layer : str
        Its name, which seeds the sketch.
    n_features : int
    width : int
        Columns of a sketch.
    """
    if kind == "float16":
        return Packing(kind, n_features, n_features, np.dtype(np.float16))
    if kind == "sketch" and n_features > width:
        rng = np.random.default_rng([SEED, zlib.crc32(layer.encode())])
        return Packing(
            kind,
            n_features,
            width,
            np.dtype(np.float32),
            signs=rng.choice(np.array([-1, 1], dtype=np.int8), n_features),
            turns=rng.integers(0, width, -(-n_features // width)),
        )
    return Packing("float32", n_features, n_features, np.dtype(np.float32))


def products(features: Any) -> NDArray[np.float64]:
    """Return inner products (stimulus, stimulus) less the first stimulus, for distances alone.

    Parameters
    ----------
    features : array or tensor of shape (stimulus, feature)
        Of few stimuli.
    """
    total = np.zeros((len(features), len(features)))
    with np.errstate(over="ignore", invalid="ignore"):
        for start in range(0, features.shape[1], COLUMNS):
            part = to_host(features[:, start : start + COLUMNS])
            rest = part - part[:1]
            total += rest @ rest.T
    return total


def fidelity(exact: NDArray[np.floating], sketched: NDArray[np.floating]) -> float:
    """Return the correlation of a sketched layer's RDM with the exact one.

    Pearson correlation of squared Euclidean distances, NaN where distances do not vary.

    Parameters
    ----------
    exact, sketched : arrays of shape (stimulus, stimulus)
        Inner products of the same stimuli, less any one pattern.
    """
    rows = np.triu_indices(len(exact), 1)
    one, other = (squared_distances(gram)[rows] for gram in (exact, sketched))
    if len(one) < 2 or not (one.std() > 0 and other.std() > 0):
        return float("nan")
    return float(np.corrcoef(one, other)[0, 1])


def described(kind: str, width: int = SKETCH_WIDTH) -> str:
    """Return in words how features waited on disk."""
    return WORDS[kind].format(width=width, seed=SEED, error=(2 / width) ** 0.5)


WORDS = {
    "float32": "float32, exact",
    "float16": "float16, less the mean of the first stimuli; relative error of a feature 4e-4",
    "sketch": "sketch of {width} numbers for each wider layer, less the mean of the first stimuli; "
    "standard error of a squared distance at most {error:.1%} of it; seed {seed}",
}
