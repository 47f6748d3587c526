"""How a difference between what was and what is becomes a sentence."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

LONGEST = 60
"""Letters of a value that a message shows."""

_NOTHING = object()


def edited(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[str]:
    """Say which setting differs, old value and new, and how many others do."""
    found = list(differences(old, new))
    for key, before, now in found[:1]:
        more = f" (and {len(found) - 1} more differ)" if len(found) > 1 else ""
        yield f"was made with {key} {before}, the study now says {now}{more}"


def differences(old: Mapping[str, Any], new: Mapping[str, Any]) -> Iterator[tuple[str, str, str]]:
    """Yield dotted key, old value and new value of whatever differs between two slices.

    Parameters
    ----------
    old, new : mapping
        JSON-ready; mappings inside are looked into.

    Examples
    --------
    >>> list(differences({"units": {"draws": 20}}, {"units": {"draws": 30}}))
    [('units.draws', '20', '30')]
    >>> list(differences({"regions": [{"name": "V1"}]}, {"regions": [{"name": "V2"}]}))
    [('regions.0.name', '"V1"', '"V2"')]
    """
    yield from _differing(dict(old), dict(new), "")


def _differing(old: Any, new: Any, key: str) -> Iterator[tuple[str, str, str]]:
    if old == new:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for name in sorted({*old, *new}):
            yield from _differing(
                old.get(name, _NOTHING), new.get(name, _NOTHING), f"{key}.{name}".lstrip(".")
            )
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (before, now) in enumerate(zip(old, new, strict=True)):
            yield from _differing(before, now, f"{key}.{place}")
    else:
        before, now = _text(old), _text(new)
        pairs = enumerate(zip(before, now, strict=False))
        same = next((place for place, (one, other) in pairs if one != other), 0)
        yield key, _shown(before, same), _shown(now, same)


def _text(value: Any) -> str:
    return "nothing" if value is _NOTHING else json.dumps(value, ensure_ascii=False)


def _shown(text: str, same: int) -> str:
    """Return the part of a text in which it differs from another, which begins as it does."""
    start = max(0, same - LONGEST // 3) if len(text) > LONGEST else 0
    end = start + LONGEST
    return f"{'…' if start else ''}{text[start:end]}{'…' if end < len(text) else ''}"


def about(stage: str, names: Mapping[str, str]) -> str:
    """Return what an artefact is about: `responses of dataset small, subject one`."""
    said = ", ".join(f"{key} {name}" for key, name in names.items())
    return f"{stage} of {said}"
