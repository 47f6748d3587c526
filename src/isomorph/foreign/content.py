"""Content: whether a file that is there by its name holds anything here."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

GET = "was not fetched; run `datalad get` on it, or `git annex get` in its repository"
"""What brings annexed content."""

POINTERS = {
    b"/annex/objects/": f"is a pointer of git-annex, its content {GET}",
    b"version https://git-lfs.github.com/spec/": (
        "is a pointer of Git LFS, its content was not fetched; run `git lfs pull` in its repository"
    ),
}
"""What stands in place of content, by how it begins, in words."""

LONGEST_POINTER = 1024
"""Bytes; a larger file is not a pointer."""

ANNEXED = re.compile(r"(^|/)\.git/annex/|(^|/)annex/objects/")
"""Part of every link of an annexed file."""

SPECIAL = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def lack_of_content(file: Path) -> str:
    """Return why a file has no content here, and what brings it; '' where it has some.

    Parameters
    ----------
    file : Path
        Anything but a folder.

    Returns
    -------
    str
        A clause to stand behind the file's name: ``"is a link into git-annex, its content …"``.
        Nothing that is not a regular file is opened: a pipe would wait forever.
    """
    try:
        status = file.stat()
    except OSError as error:
        return _of_link(file, error)
    if not stat.S_ISREG(status.st_mode):
        return f"is {SPECIAL.get(stat.S_IFMT(status.st_mode), 'no file')}, expected a regular file"
    if status.st_size == 0:
        return "is empty, 0 bytes; copy or fetch it again"
    if not os.access(file, os.R_OK):
        return "may not be read; change its permissions"
    if status.st_size > LONGEST_POINTER:
        return ""
    try:
        with open(file, "rb") as stream:
            begins = stream.read(max(map(len, POINTERS)))
    except OSError as error:
        return f"cannot be read, {error.strerror}"
    return next((what for start, what in POINTERS.items() if begins.startswith(start)), "")


def _of_link(file: Path, error: OSError) -> str:
    """Return why a file that cannot be looked up has no content."""
    if not file.is_symlink():
        return "is not there" if isinstance(error, FileNotFoundError) else f"{error.strerror}"
    target = str(file.readlink())
    if ANNEXED.search(target):
        return f"is a link into git-annex, its content {GET}"
    if isinstance(error, FileNotFoundError):
        return f"is a link to {target}, where there is nothing; fix the link or mount its disk"
    return f"is a link to {target}, which cannot be followed ({error.strerror})"
