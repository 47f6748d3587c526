"""Settings of the inference as keywords of functions: the names and defaults of study files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.inference import CORRECTIONS
from isomorph.study import Inference, Spec, spec_from

OWN_FIRST = frozenset({"explain", "prediction", "recovery"})
"""Groups of settings whose `resamples`, and `permutations`, is what the function means by it."""

ROLES = ("models", "controls", "partition", "weighted")
"""Settings of `explain` that functions are told by what they are called and given."""


def inference_of(function: str, keywords: Mapping[str, Any], group: str = "") -> Inference:
    """Return the settings that keywords ask for, the others as study files have them.

    Parameters
    ----------
    function : str
        Whose keywords they are, for messages.
    keywords : mapping
        By the names that `inference` has in a study file.
    group : str, optional
        Settings within `inference`, such as `selection`, whose names are keywords too.

    Raises
    ------
    IsomorphError
        When a keyword is not known or its value not one it can have.
    """
    inner = _fields_of(group) if group else frozenset[str]()
    outer = frozenset(Inference.model_fields)
    inside = inner if group in OWN_FIRST else inner - outer
    if unknown := sorted(set(keywords) - outer - inner):
        known = outer | inner
        raise IsomorphError(
            f"{function}: unknown keyword {unknown[0]}, {did_you_mean(unknown[0], known)}"
        )
    content = {key: value for key, value in keywords.items() if key not in inside}
    own = {key: value for key, value in keywords.items() if key in inside}
    if own:
        given = content.get(group, {})
        before = given.model_dump() if isinstance(given, Spec) else dict(given)
        content[group] = {**before, **own}
    found = spec_from(content, Inference, function)
    if found.correction not in CORRECTIONS:
        raise IsomorphError(
            f'{function}: correction: unknown "{found.correction}", '
            f"{did_you_mean(found.correction, CORRECTIONS)}"
        )
    if roles := [name for name in ROLES if getattr(found.explain, name)]:
        raise IsomorphError(
            f"{function}: explain.{roles[0]} is for study files; which models are controls, shared "
            "out or weighted is said by what isomorph.partial, partition and weighted are given"
        )
    return found


def _fields_of(group: str) -> frozenset[str]:
    kind = Inference.model_fields[group].annotation
    assert isinstance(kind, type), "groups of settings are specs"
    return frozenset(kind.model_fields if issubclass(kind, Spec) else ())
