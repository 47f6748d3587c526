"""The settings of a spec in words: each with its value and what it means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypedDict

from pydantic import BaseModel

from isomorph.study import Spec, docstrings


class ReadableSetting(TypedDict):
    """One setting in words."""

    setting: str
    value: str
    meaning: str
    default: bool


def settings_of(spec: Spec, before: str = "") -> Iterator[ReadableSetting]:
    """Yield every setting of a spec that is on, with what it means and whether it is the default.

    Keys of specs inside are joined by dots, as messages about settings files have them.
    """
    said = docstrings(type(spec))
    for key, field in type(spec).model_fields.items():
        value = getattr(spec, key)
        if key == "kind" or value is None or value in ((), {}, ""):
            continue
        name = before + key
        if isinstance(value, Spec):
            yield from settings_of(value, f"{name}.")
            continue
        meaning = _meaning(said.get(key) or _item_says(value), value)
        default = key not in spec.model_fields_set or value == field.default
        yield {"setting": name, "value": _text(value), "meaning": meaning, "default": default}


def _text(value: Any) -> str:
    """Return a value of the settings as a reader would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, BaseModel):
        held = value.model_dump(exclude_none=True, exclude_defaults=True).items()
        return ", ".join(f"{key} {_text(each)}" for key, each in held if key != "kind")
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_text(each)}" for key, each in value.items())
    if isinstance(value, tuple | list):
        if value and isinstance(value[0], BaseModel):
            return "; ".join(_text(each) for each in value)
        if len(value) == 2 and all(isinstance(each, float) for each in value):
            return f"{value[0]:g} to {value[1]:g} s"  # pairs of numbers are windows in time
        return ", ".join(_text(each) for each in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _item_says(value: Any) -> str | None:
    """Return what the items of a list of specs are, in the words of their docstring."""
    return type(value[0]).__doc__ if isinstance(value, tuple | list) else None


def _meaning(text: str | None, value: Any) -> str:
    """Return what a setting means; of a list of choices ("`lsa`: ... `lss`: ..."), the chosen."""
    mark = f"`{value}`: "
    return sentence((text or "").partition(mark)[2] or text)


def sentence(text: str | None) -> str:
    """Return the first sentence of a docstring, without the marks of code."""
    whole = " ".join((text or "").split()).replace("`", "")
    return whole.split(". ", maxsplit=1)[0].rstrip(".:")
