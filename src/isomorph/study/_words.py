"""What a validator says, in the words of people who write settings files."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from typing import Any

LONGEST = 60
"""Characters of a wrong value that are shown."""

_NUMBER = "must be a number"
_WHOLE = "must be a whole number"
_TRUTH = "must be true or false"
_LIST = "must be a list, as in [a, b]"
_MAPPING = "must be a mapping of keys to values"

WORDS: dict[str, str] = {
    "string_type": "must be text",
    "tuple_type": _LIST,
    "list_type": _LIST,
    "dict_type": _MAPPING,
    "model_type": _MAPPING,
    "model_attributes_type": _MAPPING,
    "int_type": _WHOLE,
    "int_parsing": _WHOLE,
    "int_from_float": _WHOLE,
    "float_type": _NUMBER,
    "float_parsing": _NUMBER,
    "finite_number": "must be a finite number",
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "invalid_key": "must have keys of text",
    "none_required": "must be empty",
}
"""What would be right, by the validator's name for the mistake."""


def _limits(context: Mapping[str, Any]) -> dict[str, str]:
    return {
        "greater_than": f"must be greater than {context.get('gt')}",
        "greater_than_equal": f"must be at least {context.get('ge')}",
        "less_than": f"must be less than {context.get('lt')}",
        "less_than_equal": f"must be at most {context.get('le')}",
    }


def _too_few(item: Mapping[str, Any]) -> str:
    least = item["ctx"]["min_length"]
    return "must name at least one" if least == 1 else f"must have at least {least} entries"


def _too_many(item: Mapping[str, Any]) -> str:
    context = item["ctx"]
    return f"must have at most {context['max_length']} entries, not {context['actual_length']}"


WHOLE: dict[str, Callable[[Mapping[str, Any]], str]] = {
    "value_error": lambda item: _decapitalised(item["msg"].removeprefix("Value error, ")),
    "too_short": _too_few,
    "too_long": _too_many,
}
"""Sentences that need no wrong value behind them."""


def in_words(item: Mapping[str, Any], patterns: Mapping[str, str]) -> str:
    """Say what is wrong with one value and what would be right.

    Parameters
    ----------
    item : mapping
        One of the mistakes of a pydantic `ValidationError`.
    patterns : mapping of str to str
        What a text must be, in words, by its regular expression.
    """
    kind, context, value = item["type"], item.get("ctx", {}), item["input"]
    if kind in WHOLE:
        return WHOLE[kind](item)
    if kind == "string_pattern_mismatch" and context["pattern"] in patterns:
        return f"must be {patterns[context['pattern']]}, not {shown(value)}"
    said = {**WORDS, **_limits(context)}.get(kind)
    if said is None:
        said = _decapitalised(item["msg"]).replace("input should", "must", 1)
    quote = isinstance(value, int | float | datetime.date) and kind == "string_type"
    return f"{said}, not {shown(value)}" + ("; put it in quotes" if quote else "")


def shown(value: Any) -> str:
    """Return a value as it may have been written, shortened."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date):
        return value.isoformat()
    text = f'"{value}"' if isinstance(value, str) and value.isprintable() else repr(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _decapitalised(text: str) -> str:
    return text[:1].lower() + text[1:]
