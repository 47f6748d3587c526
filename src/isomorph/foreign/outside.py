"""Files that a file of others names: none outside its own folder is read for it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from isomorph.errors import IsomorphError


def refuse_outside_files(
    file: Path, named: Iterable[Path | str], within: Path | None = None
) -> None:
    """Refuse a file that names others outside its folder, also by way of links.

    Parameters
    ----------
    file : Path
        The file that names them.
    named : iterable of Path or str
        The others; a relative name counts from the file's folder.
    within : Path, optional
        The folder that all of them belong to, such as that of the dataset; unless given, the
        file's own.

    Raises
    ------
    IsomorphError
        What stands there may be any file of the user's, and its bytes would come in as data.
    """
    folder = (within or file.parent).resolve()
    for name in named:
        if not is_inside((file.parent / name).resolve(), folder):
            raise IsomorphError(
                f'{file}: names another file, "{name}", outside the folder that it belongs to, and '
                "that is not read; put it there"
            )


def is_inside(path: Path, folder: Path) -> bool:
    """Tell whether a file stands inside a folder, or is content that git-annex keeps for it.

    In a repository of git-annex every file is a link to where the content stands, `.git/annex`.

    Parameters
    ----------
    path, folder : Path
        Links resolved.
    """
    return path.is_relative_to(folder) or any(
        path.is_relative_to(above / ".git" / "annex" / "objects")
        for above in (folder, *folder.parents)
    )


def files_named_by(image: Any) -> list[str]:
    """Return the files in which a GIfTI image says its values stand; most hold them themselves."""
    names = (getattr(one, "ext_fname", "") for one in getattr(image, "darrays", ()))
    return [str(name) for name in names if name]
