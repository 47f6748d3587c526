"""Hashes of files, by the algorithms archives pin them with."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from isomorph.archives.lock import LockedFile
from isomorph.errors import IsomorphError

BLOCK = 1 << 20
"""Bytes read at a time."""


def _git(size: int) -> Any:
    """Begin the hash of a git blob: sha1 of a header with the size, then the bytes."""
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


class _Pieces:
    """Hash as S3 has it of an object uploaded in pieces: the md5 of the md5s of the pieces."""

    def __init__(self, piece: int) -> None:
        self._piece, self._whole = piece, hashlib.md5(usedforsecurity=False)
        self._begun, self._size = hashlib.md5(usedforsecurity=False), 0

    def update(self, block: memoryview | bytes) -> None:
        """Take in more bytes."""
        view = memoryview(block)
        while view:
            if self._size == self._piece:
                self._whole.update(self._begun.digest())
                self._begun, self._size = hashlib.md5(usedforsecurity=False), 0
            now = view[: self._piece - self._size]
            self._begun.update(now)
            self._size += len(now)
            view = view[len(now) :]

    def hexdigest(self) -> str:
        """Return the hash of what came in."""
        whole = self._whole.copy()
        whole.update(self._begun.digest())
        return whole.hexdigest()


ALGORITHMS: dict[str, Callable[[int], Any]] = {
    "md5": lambda _size: hashlib.md5(usedforsecurity=False),
    "sha256": lambda _size: hashlib.sha256(),
    "git": _git,
}
"""How the hash of a file of some size begins, by the algorithm's name in a lock."""


def begin(algorithm: str, size: int) -> Any:
    """Return the beginning of a hash, to be told of every byte.

    Parameters
    ----------
    algorithm : str
        A key of `ALGORITHMS`, or `md5/<bytes of a piece>`: the md5 of the md5s of the pieces a
        file was uploaded in, which is how S3 makes the ETag of such an object.
    size : int
        Bytes of the whole file.
    """
    name, _, piece = algorithm.partition("/")
    return _Pieces(int(piece)) if piece else ALGORITHMS[name](size)


def hashes(file: Path, *algorithms: str) -> dict[str, str]:
    r"""Return hashes of a file by algorithm, all from one reading.

    Parameters
    ----------
    file : Path
        The file.
    *algorithms : str
        As `begin` takes them.

    Returns
    -------
    dict of str to str
        Lower-case hexadecimal, by algorithm.

    Notes
    -----
    The hash of a git blob is the sha1 of ``b"blob <size>\0"`` and the bytes (git's object format,
    https://git-scm.com/book/en/v2/Git-Internals-Git-Objects).
    """
    size = file.stat().st_size
    running = {name: begin(name, size) for name in dict.fromkeys(algorithms)}
    block = memoryview(bytearray(min(BLOCK, size + 1)))
    with open(file, "rb", buffering=0) as source:
        while count := source.readinto(block):
            for one in running.values():
                one.update(block[:count])
    return {name: one.hexdigest() for name, one in running.items()}


@dataclass(frozen=True)
class Pin:
    """What the bytes of a file must be.

    Attributes
    ----------
    algorithm : str
        As `begin` takes it.
    hash : str
        Lower-case hexadecimal.
    size : int or None
        Bytes, where known.
    """

    algorithm: str
    hash: str
    size: int | None = None

    @classmethod
    def of(cls, file: LockedFile) -> Pin:
        """Return what a lock pins a file to."""
        return cls(file.algorithm, file.hash, file.size)

    def examine(self, file: Path) -> Examined:
        """Read a file once and tell whether it is the pinned one."""
        found = hashes(file, self.algorithm, "sha256")
        return Examined(found[self.algorithm] == self.hash, found[self.algorithm], found["sha256"])

    def stands(self, file: Path) -> Examined | None:
        """Return what was found where the pinned file stands whole, else None.

        Raises
        ------
        IsomorphError
            When something stands there that cannot be read.
        """
        try:
            if not file.is_file() or self.size not in (None, file.stat().st_size):
                return None
            examined = self.examine(file)
        except OSError as error:
            raise IsomorphError(
                f"{file}: cannot be read, {error.strerror}; fix or remove what stands there"
            ) from error
        return examined if examined.right else None


@dataclass(frozen=True)
class Examined:
    """What a reading of a file found: whether it is right, its pinned kind of hash, its sha256."""

    right: bool
    hash: str
    sha256: str
