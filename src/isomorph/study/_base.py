"""The common ground of every settings file: strict models and readable mistakes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from isomorph.errors import IsomorphError, did_you_mean

Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
"""A name that is also safe as part of a file name."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

SpecT = TypeVar("SpecT", bound="Spec")


class Spec(BaseModel):
    """A settings object: immutable, with no keys beyond those declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class StudyError(IsomorphError):
    """Every mistake found in one settings file, a line each."""

    def __init__(self, path: Path, mistakes: Sequence[str]) -> None:
        self.path = path
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(f"{path}: {mistake}" for mistake in mistakes))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that must hold a mapping.

    Raises
    ------
    StudyError
        When the file is absent, is not YAML, or is not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise StudyError(path, ["no such file"]) from None
    except OSError as error:
        raise StudyError(path, [f"cannot be read: {error.strerror}"]) from None
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        where = getattr(error, "problem_mark", None)
        line = f" at line {where.line + 1}" if where else ""
        raise StudyError(path, [f"is not YAML{line}: {getattr(error, 'problem', error)}"]) from None
    if not isinstance(content, dict):
        raise StudyError(path, ["must be a mapping of keys to values"])
    return content


def read_spec(path: Path, kind: type[SpecT]) -> SpecT:
    """Read a YAML file into a typed spec, with all its mistakes reported at once.

    Raises
    ------
    StudyError
        One line for each mistake: the key, what is wrong, what would be right.
    """
    content = read_yaml(path)
    try:
        return kind.model_validate(content)
    except ValidationError as error:
        raise StudyError(path, [_say(item, kind) for item in error.errors()]) from None


def _say(item: Any, kind: type[BaseModel]) -> str:
    """Turn one pydantic mistake into a sentence that begins with its key."""
    location = tuple(item["loc"])
    key = ".".join(str(part) for part in location if not _is_tag(kind, location, part))
    if item["type"] == "extra_forbidden":
        return (
            f"{key}: unknown key, {did_you_mean(str(location[-1]), _keys_at(kind, location[:-1]))}"
        )
    if item["type"] == "missing":
        return f"{key}: is required"
    if item["type"] == "union_tag_invalid":
        context = item["ctx"]
        known = [tag.strip(" '\"") for tag in context["expected_tags"].split(",")]
        return f'{key}.kind: unknown "{context["tag"]}", {did_you_mean(context["tag"], known)}'
    if item["type"] == "union_tag_not_found":
        return f"{key}.kind: is required"
    if item["type"] == "literal_error":
        known = [
            part.strip(" '") for part in item["ctx"]["expected"].replace(" or ", ", ").split(",")
        ]
        return f'{key}: unknown "{item["input"]}", {did_you_mean(str(item["input"]), known)}'
    message = item["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if item["type"] == "value_error":
        return f"{key}: {message}" if key else message
    return f"{key}: {message}, not {item['input']!r}"


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    """Return the spec classes an annotation can hold, containers looked through."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Union, UnionType, Annotated, tuple, list, dict):
        return [model for part in get_args(annotation) for model in _models_in(part)]
    return []


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    kind = model.model_fields.get("kind")
    return get_args(kind.annotation) if kind else ()


def _walk(kind: type[BaseModel], location: tuple[Any, ...]) -> list[type[BaseModel]]:
    """Follow a location from a root spec to the specs that stand there."""
    here: list[type[BaseModel]] = [kind]
    for part in location:
        if isinstance(part, int):
            continue
        tagged = [model for model in here if part in _tags(model)]
        if tagged:
            here = tagged
            continue
        inner = [
            found
            for model in here
            if part in model.model_fields
            for found in _models_in(model.model_fields[part].annotation)
        ]
        here = inner or here
    return here


def _keys_at(kind: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    return [key for model in _walk(kind, location) for key in model.model_fields]


def _is_tag(kind: type[BaseModel], location: tuple[Any, ...], part: Any) -> bool:
    """Tell whether a location part is a union's tag, which no user ever wrote as a key."""
    before = location[: location.index(part)]
    models = _walk(kind, before)
    return len(before) > 0 and any(
        part in _tags(model) and part not in model.model_fields for model in models
    )
