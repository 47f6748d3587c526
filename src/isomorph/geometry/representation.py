"""The geometry of one representation: all a distance needs, whoever it came from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from isomorph.errors import IsomorphError
from isomorph.geometry.gram import Floats, Gram


class UndefinedDistanceError(IsomorphError):
    """A distance that does not exist for a representation, and why."""


@dataclass(frozen=True)
class Contribution:
    """What a population of units adds to a distance that needs single units or their noise.

    Attributes
    ----------
    values : array of shape (stimulus, stimulus) or (fold, stimulus, stimulus)
        Summed over units, so that populations recorded in different sessions, whose noise is
        independent, are joined by adding.
    n_units : int
        Units that count.
    note : str
        What a reader must know of it.
    """

    values: Floats
    n_units: int
    note: str = ""


@dataclass(frozen=True)
class Geometry(Gram):
    r"""A Gram matrix with what repetitions and the noise of single units add to it.

    With :math:`K` the Gram matrix of features centred over stimuli, :math:`u_i` the product of
    centred features with their mean pattern and :math:`c` that pattern's squared norm, features
    have inner products :math:`K_{ij} + u_i + u_j + c`. Kept apart, a mean pattern that dwarfs the
    differences costs Euclidean distances no digits. Everything is a sum over features, so that
    parts of a population are joined by adding, see `joined`.

    Attributes
    ----------
    gram, mean_projection, mean_norm, stimulus_mean, n_features
        See `isomorph.geometry.gram.Gram`; of features less `offset`.
    fold_gram : array of shape (stimulus, stimulus), optional
        Cross-validated inner products: each entry averages products of two different
        repetitions, so the noise of one does not meet itself. None without repetitions.
    offset : float
        A constant taken off every feature for the sake of digits: it changes no distance but
        those to the origin.
    parts : mapping of str to Contribution or str
        What distances that need single units gathered, by distance; or why they could not.
    """

    fold_gram: Floats | None = None
    offset: float = 0.0
    parts: Mapping[str, Contribution | str] = field(default_factory=dict)

    @property
    def products(self) -> Floats:
        """Inner products of the features as they are: `(stimulus, stimulus)`."""
        if not self.offset:
            return self.raw
        lifted = self.offset * self.n_features * self.stimulus_mean
        level = self.n_features * self.offset**2
        products: Floats = self.raw + lifted[:, None] + lifted + level
        return products

    def part(self, distance: str) -> Contribution:
        """Return what a distance gathered.

        Raises
        ------
        UndefinedDistanceError
            When it could not, or there were no repetitions to gather from.
        """
        found = self.parts.get(distance, "it needs the responses of single units by repetition")
        if isinstance(found, str):
            raise UndefinedDistanceError(f"{distance} is undefined: {found}")
        return found


def joined(parts: Sequence[Geometry]) -> Geometry:
    r"""Return the geometry of populations side by side.

    Each had its own constant :math:`k_s` taken off; with the common one :math:`k`, and
    :math:`n_s` features of which the mean pattern then has the sum 0, :math:`u_i` grows by
    :math:`(k_s - k) n_s m_i` and :math:`c` by :math:`n_s (k_s - k)^2`.
    """
    if len(parts) == 1:
        return parts[0]
    n_features = sum(part.n_features for part in parts)
    offset = sum(part.n_features * part.offset for part in parts) / n_features
    lifts = [(part.offset - offset) * part.n_features for part in parts]
    crossed = [part.fold_gram for part in parts if part.fold_gram is not None]
    total = sum(part.n_features * part.stimulus_mean for part in parts)
    return Geometry(
        gram=np.sum([part.gram for part in parts], axis=0),
        mean_projection=np.sum(
            [
                p.mean_projection + lift * p.stimulus_mean
                for p, lift in zip(parts, lifts, strict=True)
            ],
            axis=0,
        ),
        mean_norm=sum(
            part.mean_norm + lift * (part.offset - offset)
            for part, lift in zip(parts, lifts, strict=True)
        ),
        stimulus_mean=np.asarray(total) / n_features,
        n_features=n_features,
        fold_gram=np.sum(crossed, axis=0) if len(crossed) == len(parts) else None,
        offset=offset,
        parts={name: _added([part.parts[name] for part in parts]) for name in parts[0].parts},
    )


def _added(parts: Sequence[Contribution | str]) -> Contribution | str:
    """Return parts added up, folds that only some have left out; or the first reason not to."""
    found = []
    for part in parts:
        if isinstance(part, str):
            return part
        found.append(part)
    shared = min(len(part.values) for part in found)
    return Contribution(
        np.sum([part.values[:shared] for part in found], axis=0),
        sum(part.n_units for part in found),
        "; ".join(dict.fromkeys(part.note for part in found if part.note)),
    )
