"""Models, and which of them are untrained controls of which others, as somebody names them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.inference.members import ModelFamily
from isomorph.rdms.named import first_twice, several

Names = str | Sequence[str]


def families_of(names: Sequence[str], untrained: Mapping[str, Names]) -> list[ModelFamily]:
    """Return models, untrained controls of one network being one.

    Parameters
    ----------
    names : sequence of str
        All models.
    untrained : mapping of str to str or sequence of str
        Trained models with their untrained controls.

    Raises
    ------
    IsomorphError
        When one is not a model, or stands for two.
    """
    if not isinstance(untrained, Mapping):
        raise IsomorphError(
            f"untrained: is {type(untrained).__name__}, expected a mapping of trained models to "
            "their untrained controls"
        )
    controls: dict[str, tuple[str, ...]] = {}
    for trained, given in untrained.items():
        controls[trained] = tuple(several(given, "untrained"))
        for name in (trained, *controls[trained]):
            if name not in names:
                raise IsomorphError(f'untrained: no model "{name}", {did_you_mean(name, names)}')
    every = [name for some in controls.values() for name in some]
    if twice := first_twice([*every, *controls]):
        raise IsomorphError(
            f'untrained: "{twice}" is named twice; a model is trained, or the control of one that '
            "is"
        )
    taken = set(every)
    families = []
    for name in names:
        if name in taken:
            continue
        families.append(ModelFamily(name, (name,)))
        if some := controls.get(name):
            own = some[0] if len(some) == 1 else f"{name} untrained"
            families.append(ModelFamily(own, some, len(some) > 1, name))
    return families
