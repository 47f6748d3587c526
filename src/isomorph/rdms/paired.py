"""Which distance brains have and which models, where both are compared under one name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.named import several
from isomorph.study.pairs import both, is_pair, name_of


def of_brain(name: str) -> str:
    """Return the distance that regions have under a name."""
    return both(name)[0]


def of_layers(name: str) -> str:
    """Return the distance that layers have under a name.

    Layers have no noise, so it is the noise-free counterpart of one that needs repetitions, unless
    the name says another. A name that is not in the registry, of RDMs that others computed, stands
    for itself.
    """
    model = both(name)[1]
    return (DISTANCES[model].noise_free if model in DISTANCES else "") or model


def of_brains(names: Iterable[str]) -> list[str]:
    """Return the distances that regions have under several names, each once."""
    return list(dict.fromkeys(map(of_brain, names)))


def why_no_pair(name: str) -> str:
    """Return what is wrong with two distances under one name; empty of a single one.

    Parameters
    ----------
    name : str
        As `isomorph.study.pairs.name_of` makes it, of distances in the registry.
    """
    brain, model = both(name)
    if not is_pair(name):
        return ""
    if of_layers(model) != model:
        return (
            f"model: {model} needs repetitions, which layers do not have; write "
            f"{of_layers(model)}, as which it is computed without noise"
        )
    if of_layers(brain) == model:
        return f"{model} is what models have where the brain has {brain}; write {brain} alone"
    return ""


def asked_distances(given: Any) -> list[str]:
    """Return the names of distances as a scientist asks for them.

    Parameters
    ----------
    given : str, mapping of `brain` and `model` to str, or sequence of these

    Raises
    ------
    IsomorphError
        When they are not distances, two are the same, or a pair is none.
    """
    if isinstance(given, str | Mapping):
        given = [given]
    many = isinstance(given, Iterable)
    names = several([_name_of(one) for one in given] if many else given, "distance")
    for name in names:
        if why := why_no_pair(name):
            raise IsomorphError(f"distance: {why}")
    return names


def _name_of(given: Any) -> Any:
    if not isinstance(given, Mapping):
        return name_of(*map(str.strip, both(given))) if isinstance(given, str) else given
    if set(given) != {"brain", "model"} or not all(isinstance(one, str) for one in given.values()):
        raise IsomorphError(
            f"distance: {dict(given)} is no pair of distances, expected "
            '{"brain": "correlation", "model": "euclidean"}'
        )
    return name_of(given["brain"], given["model"])


def refuse_unknown(name: str, known: Iterable[str] = ()) -> None:
    """Refuse a name of which a distance is neither in the registry nor among others.

    Raises
    ------
    IsomorphError
    """
    every = [*DISTANCES, *known]
    for part in both(name):
        if part not in every:
            raise IsomorphError(f'unknown distance "{part}": {did_you_mean(part, every)}')
