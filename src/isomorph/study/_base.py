"""The common ground of every settings file: strict models and readable mistakes."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Hashable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import dedent
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    GetJsonSchemaHandler,
    StringConstraints,
    ValidationError,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.study._words import in_words
from isomorph.study._yaml import YamlError, load_yaml

NAME = r"^[A-Za-z0-9][A-Za-z0-9._-]*$"
SHA256 = r"^[0-9a-f]{64}$"
COMMIT = r"^[0-9a-f]{40}$"

Name = Annotated[str, StringConstraints(pattern=NAME)]
"""A name that is also safe as part of a file name."""

Sha256 = Annotated[str, StringConstraints(pattern=SHA256)]

Seed = Annotated[int, Field(ge=0, lt=2**32)]
"""A seed every generator of random numbers takes."""

PATTERNS = {
    NAME: "letters, digits, dot, dash and underscore, beginning with a letter or digit",
    SHA256: "64 lower-case hexadecimal digits",
    COMMIT: "the 40 hexadecimal digits of a commit; a branch or tag may change",
    r"^[0-9]{6}$": "the six digits of a dandiset, in quotes",
    r"^[a-z0-9]{5,12}$": "the name of a project on OSF, such as sde8m of https://osf.io/sde8m",
    r"^ds[0-9]{6}(-[a-z0-9]+)?$": "the name of an OpenNeuro repository, such as ds000105",
}
"""What a text must be, in words, by its pattern."""

SpecT = TypeVar("SpecT", bound="Spec")
ItemT = TypeVar("ItemT", bound=Hashable)


def _each_once(items: tuple[ItemT, ...]) -> tuple[ItemT, ...]:
    """Refuse an item that stands in a list twice: it would count twice in every number."""
    for place, item in enumerate(items):
        if item in items[:place]:
            shown = f'"{item}"' if isinstance(item, str) else item
            raise ValueError(f"{shown} is named twice; name each once")
    return items


Unique = Annotated[
    tuple[ItemT, ...],
    AfterValidator(_each_once),
    Field(json_schema_extra={"uniqueItems": True}),
]
"""A list in which nothing stands twice."""


def _holds_the_value(name: str) -> str:
    if name.count("{}") + name.count("{stem}") != 1:
        raise ValueError('must hold "{}" or "{stem}" once, where the value goes')
    return name


Naming = Annotated[str, AfterValidator(_holds_the_value)]
"""How a value becomes a name."""


class Spec(BaseModel):
    """A settings object: immutable, with no keys beyond those declared."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    @classmethod
    def __get_pydantic_json_schema__(
        cls, core: CoreSchema, handler: GetJsonSchemaHandler
    ) -> JsonSchemaValue:
        """Describe each key by the string below it, which no stage has to look for."""
        schema = handler(core)
        keys = handler.resolve_ref_schema(schema).get("properties", {})
        for name, text in docstrings(cls).items():
            if name in keys:
                described = {"description": text, **keys[name]}
                keys[name] = dict(sorted(described.items()))
        return schema


def with_title(content: Any) -> Any:
    """Return settings as they are written, with a title made of their name where they have none.

    Examples
    --------
    >>> with_title({"name": "first_study"})["title"]
    'First study'
    """
    name = content.get("name") if isinstance(content, dict) else None
    if not isinstance(name, str) or "title" in content:
        return content
    words = " ".join(re.split(r"[_-]+", name)).strip()
    return {**content, "title": words[:1].upper() + words[1:]}


def docstrings(spec: type[Spec]) -> dict[str, str]:
    """Return the strings below the fields of settings, those it inherits too, by field."""
    found: dict[str, str] = {}
    for one in reversed(spec.__mro__):
        if not issubclass(one, Spec):
            continue
        tree = ast.parse(dedent(inspect.getsource(one)))
        (written,) = (node for node in tree.body if isinstance(node, ast.ClassDef))
        for field, below in pairwise(written.body):
            match field, below:
                case (
                    ast.AnnAssign(target=ast.Name(id=name)),
                    ast.Expr(value=ast.Constant(value=str(text))),
                ):
                    found[name] = inspect.cleandoc(text)
    return found


class StudyError(IsomorphError):
    """Every mistake found in one settings file, a line each."""

    def __init__(self, path: Path | str, mistakes: Sequence[str]) -> None:
        self.path = path
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(f"{path}: {mistake}" for mistake in mistakes))


def read_yaml(path: Path) -> dict[str, Any]:
    """Read a YAML file that must hold a mapping.

    Raises
    ------
    StudyError
        When the file is absent, is not text or YAML, has a key twice, or is not a mapping.
    """
    try:
        content = load_yaml(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError:
        raise StudyError(path, ["no such file"]) from None
    except IsADirectoryError:
        raise StudyError(path, ["is a folder; name a YAML file"]) from None
    except OSError as error:
        raise StudyError(path, [f"cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise StudyError(
            path, [f"is not UTF-8 text (byte {error.start}); save it as UTF-8"]
        ) from None
    except YamlError as error:
        raise StudyError(path, [str(error)]) from None
    except ValueError:  # a NUL character in the name
        raise StudyError(path, ["is not the name of a file"]) from None
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
    return spec_from(read_yaml(path), kind, path)


def spec_from(content: Mapping[str, Any], kind: type[SpecT], where: Path | str) -> SpecT:
    """Make a typed spec of settings, with all their mistakes reported at once.

    Parameters
    ----------
    content : mapping
        The settings by key.
    kind : type of Spec
    where : Path or str
        Their file, or what they are settings of, for messages.

    Raises
    ------
    StudyError
        One line for each mistake: the key, what is wrong, what would be right.
    """
    try:
        return kind.model_validate(content, context={"file": where})
    except ValidationError as error:
        raise StudyError(where, [_say(item, kind) for item in error.errors()]) from None


def checked(content: Any, kind: type[SpecT], context: Any = None) -> SpecT:
    """Make a typed spec inside the validation of another, which knows nothing of its keys.

    Raises
    ------
    ValidationError
        Whose mistakes are in words already, for `spec_from` to say.
    """
    try:
        return kind.model_validate(content, context=context)
    except ValidationError as error:
        raise mistakes(*(_key_and_message(item, kind) for item in error.errors())) from None


def mistakes(*said: tuple[str, str]) -> ValidationError:
    """Return mistakes to raise inside the validation of a spec: the key of each, and what is wrong.

    Keys count from where the validator stands.
    """
    return ValidationError.from_exception_data(
        "mistakes",
        [
            {
                "type": PydanticCustomError(
                    "in_words", "{message}", {"key": key, "message": message}
                ),
                "input": None,
            }
            for key, message in said
        ],
    )


def _say(item: Any, kind: type[BaseModel]) -> str:
    """Turn one pydantic mistake into a sentence that begins with its key."""
    key, message = _key_and_message(item, kind)
    return f"{key}: {message}" if key else message


def _key_and_message(item: Any, kind: type[BaseModel]) -> tuple[str, str]:
    location = tuple(item["loc"])
    key = ".".join(str(part) for part in location if not _is_tag(kind, location, part))
    context = item.get("ctx", {})
    if item["type"] == "in_words":
        return ".".join(part for part in (key, context["key"]) if part), context["message"]
    if item["type"] == "extra_forbidden":
        known = _keys_at(kind, location[:-1])
        return key, f"unknown key, {did_you_mean(str(location[-1]), known)}"
    if item["type"] == "missing":
        return key, "is required"
    if item["type"] == "union_tag_invalid":
        known = [tag.strip(" '\"") for tag in context["expected_tags"].split(",")]
        return f"{key}.kind", f'unknown "{context["tag"]}", {did_you_mean(context["tag"], known)}'
    if item["type"] == "union_tag_not_found":
        return f"{key}.kind", "is required"
    if item["type"] == "literal_error":
        known = [part.strip(" '") for part in context["expected"].replace(" or ", ", ").split(",")]
        return key, f'unknown "{item["input"]}", {did_you_mean(str(item["input"]), known)}'
    return key, in_words(item, PATTERNS)


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
