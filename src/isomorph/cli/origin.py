"""Which command makes a file, said where a stage finds it missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from isomorph.errors import IsomorphError

if TYPE_CHECKING:
    from isomorph.layout import Layout


@contextmanager
def say_who_makes(layout: Layout) -> Iterator[None]:
    """Add to the sentence about a missing file the command that makes it.

    Raises
    ------
    IsomorphError
        In place of a missing file that a stage of this study makes.
    """
    from isomorph.artefacts import NoSuchFileError

    try:
        yield
    except (NoSuchFileError, FileNotFoundError) as error:
        path = error.path if isinstance(error, NoSuchFileError) else error.filename
        command = maker(layout, Path(path)) if isinstance(path, str | Path) else None
        if command is None:
            raise
        raise IsomorphError(f"{path}: no such file; make it first: {command}") from error


def maker(layout: Layout, path: Path) -> str | None:
    """Return the command that makes a file, None when no stage of the study does."""
    from isomorph.making import command_of, maker_of

    job = maker_of(layout, path)
    return None if job is None else command_of(layout, job)
