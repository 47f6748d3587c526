"""What stands in a folder of others: files that hold something, and what is there by name only."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path

from isomorph.errors import IsomorphError
from isomorph.foreign.content import lack_of_content


@dataclass(frozen=True)
class Listing:
    """What stands in a folder.

    Attributes
    ----------
    files : tuple of str
        Relative paths of the files that hold something, sorted.
    absent : mapping of str to str
        What is there by its name only, or cannot be looked into, and why: links to nothing,
        pointers of git-annex and Git LFS, empty and special files, and, with a slash at their end,
        folders that may not be listed and subdatasets that were not fetched.
    """

    files: tuple[str, ...]
    absent: Mapping[str, str]


def walk(
    root: Path,
    passed_over: Collection[str] = (),
    look: Callable[[Path], str] = lack_of_content,
) -> Listing:
    """Return everything below a folder, without what is hidden.

    Parameters
    ----------
    root : Path
        The folder; folders that are linked in it are followed, once.
    passed_over : collection of str
        Real paths of folders to pass over.
    look : callable
        Says why a file has no content, '' where it has some.

    Raises
    ------
    IsomorphError
        When the folder itself cannot be listed.
    """
    files: list[str] = []
    absent: dict[str, str] = {}
    seen: set[str] = set()

    def refused(error: OSError) -> None:
        place = Path(error.filename).relative_to(root).as_posix()
        absent["" if place == "." else f"{place}/"] = (
            f"is a folder that cannot be listed, {error.strerror}; change its permissions"
        )

    for here, folders, names in os.walk(root, onerror=refused, followlinks=True):
        real = os.path.realpath(here)
        # Seen: a link that leads back up. The root itself was asked for, whatever it is.
        if real in seen or (real in passed_over and seen):
            folders.clear()
            continue
        seen.add(real)
        base = Path(here).relative_to(root)
        if not folders and not names and _is_subdataset(Path(here)):
            absent[f"{base.as_posix()}/"] = (
                "is a subdataset that was not fetched; run `datalad get` on it, or `git submodule "
                "update --init` in its repository"
            )
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if name.startswith("."):
                continue
            path = (base / name).as_posix()
            if why := look(Path(here) / name):
                absent[path] = why
            else:
                files.append(path)
    if "" in absent:
        raise IsomorphError(f"{root}: {absent['']}")
    return Listing(tuple(sorted(files)), dict(sorted(absent.items())))


def _is_subdataset(folder: Path) -> bool:
    """Tell whether an empty folder is where a git repository around it has a submodule."""
    for above in folder.absolute().parents:
        if (listed := above / ".gitmodules").is_file():
            inside = folder.absolute().relative_to(above).as_posix()
            text = listed.read_text(encoding="utf-8", errors="replace")
            return re.search(rf"^\s*path\s*=\s*{re.escape(inside)}/?\s*$", text, re.M) is not None
        if (above / ".git").exists():
            return False
    return False
