"""One guard around every reader of files that others wrote."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from isomorph.errors import IsomorphError, first_line


@contextmanager
def reading(file: Path | str, what: str) -> Iterator[None]:
    """Turn whatever a library raises while it reads a file into one sentence.

    A damaged file makes libraries raise anything: errors of their own, `TypeError`, `KeyError`,
    `EOFError`, `RecursionError`. None of them is a defect of isomorph, so the block should hold the
    call of the library and nothing of isomorph's own.

    Parameters
    ----------
    file : Path or str
        The file, with the place in it where one is known.
    what : str
        What it should be, with its article: ``"an image"``, ``"a BIDS table"``.

    Raises
    ------
    IsomorphError
        ``"<file>: cannot be read as <what> (<first line of what the library said>)"``. A sentence
        that isomorph raised itself passes as it is.

    Examples
    --------
    >>> with reading("photo.png", "an image"):
    ...     raise SyntaxError("broken PNG file")
    Traceback (most recent call last):
    isomorph.errors.IsomorphError: photo.png: cannot be read as an image (broken PNG file)
    """
    try:
        yield
    except IsomorphError:
        raise
    except FileNotFoundError as error:
        raise IsomorphError(f"{error.filename or file}: no such file") from error
    except MemoryError as error:
        raise IsomorphError(
            f"{file}: cannot be read as {what}, it would take more memory than there is"
        ) from error
    except Exception as error:
        raise IsomorphError(f"{file}: cannot be read as {what} ({first_line(error)})") from error
