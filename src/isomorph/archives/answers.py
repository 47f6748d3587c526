"""Answers of archives' APIs, checked before any of them is used."""

from __future__ import annotations

from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, StringConstraints, ValidationError

from isomorph.errors import IsomorphError

AnswerT = TypeVar("AnswerT", bound=BaseModel)


def _lower(text: object) -> object:
    return (text.lower() or None) if isinstance(text, str) else text


Md5 = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None, BeforeValidator(_lower)
]
Sha256 = Annotated[
    Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None, BeforeValidator(_lower)
]
"""Hashes of files, None where an archive has not computed them."""


class Answer(BaseModel):
    """What is common to all answers: no value is taken for another kind of value."""

    model_config = ConfigDict(extra="ignore", frozen=True, strict=True)


def read_answer(model: type[AnswerT], content: object, refusal: str) -> AnswerT:
    """Return an answer as what it must be.

    Parameters
    ----------
    model : type
        What it must be.
    content : object
        What came, as read from JSON.
    refusal : str
        The sentence that refuses it; what is wrong stands in brackets behind it.

    Raises
    ------
    IsomorphError
        When it is not.
    """
    try:
        return model.model_validate(content)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"]) or "all of it"
        raise IsomorphError(f"{refusal} ({place}: {first['msg']})") from None
