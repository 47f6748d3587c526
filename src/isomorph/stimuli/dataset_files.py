"""The files of a dataset, as listings of stimuli and readers of responses ask for them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from isomorph.archives.patterns import matches, nearest
from isomorph.beside import by_name
from isomorph.errors import IsomorphError
from isomorph.foreign.globs import whole_folders


class Find(Protocol):
    """Return the files that match a pattern, sorted by path; none is refused."""

    def __call__(self, pattern: str, folders: tuple[str, ...] = ()) -> list[Path]: ...


@dataclass(frozen=True, kw_only=True)
class DatasetFiles:
    """The files of a dataset, wherever they came from.

    Attributes
    ----------
    dataset : str
        Name of the dataset, for messages.
    where : str
        The file its settings stand in, for messages.
    root : Path
        The folder the paths of its files count from.
    find : callable
        Returns the files that match a glob pattern, `*` and `?` stopping at a slash; where nothing
        matches it is refused. Endings of folders that stand for one file may be given, as `.ds`.
    listed : callable
        The same, an empty list where nothing matches.
    beside : Path, optional
        A folder in which tables of the user's may stand too.
    subjects : tuple of str, optional
        Everybody who was recorded.
    """

    dataset: str
    where: str
    root: Path
    find: Find
    listed: Callable[[str], list[Path]]
    beside: Path | None = None
    subjects: tuple[str, ...] = ()

    def of_everybody(self, pattern: str) -> list[Path]:
        """Return the files that match a pattern with any subject in place of `{subject}`."""
        patterns = {pattern.replace("{subject}", one) for one in self.subjects or ("",)}
        return sorted({file for one in patterns for file in self.find(one)})

    def one(self, pattern: str, key: str) -> Path:
        """Return the one file that matches a pattern.

        Parameters
        ----------
        pattern : str
            A path or a glob pattern.
        key : str
            Where it stands in the settings, for messages: `stimuli.table`.

        Raises
        ------
        IsomorphError
            When none matches, or several do.
        """
        found = self.find(pattern)
        if len(found) > 1:
            raise IsomorphError(
                f'{self.where}: {key}: "{pattern}" matches {len(found)} '
                f"files, {found[0].name} and {found[1].name} among them; name one"
            )
        return found[0]

    def table(self, name: str, key: str) -> Path:
        """Return a table of the user's, or else the one among the files, see `one`."""
        own = by_name(self.beside, name) if self.beside is not None else []
        return own[0] if own else self.one(name, key)


def files_in(folder: Path, *, among: Sequence[Path] | None = None, where: str) -> DatasetFiles:
    """Return what lies in a folder as the files of a dataset.

    Parameters
    ----------
    folder : Path
    among : sequence of Path, optional
        The files in it that count; all, hidden ones aside, unless given.
    where : str
        Who asks, for messages.
    """
    files = list(_in(folder)) if among is None else list(among)
    paths = sorted(file.relative_to(folder).as_posix() for file in files)

    def listed(pattern: str, folders: tuple[str, ...] = ()) -> list[Path]:
        return [folder / path for path in matches(pattern, whole_folders(paths, folders))]

    def find(pattern: str, folders: tuple[str, ...] = ()) -> list[Path]:
        if found := listed(pattern, folders):
            return found
        raise IsomorphError(
            f'{where}: no file matches "{pattern}" among the {len(paths)} in {folder}, '
            f"{nearest(pattern, paths)}"
        )

    return DatasetFiles(
        dataset=folder.name, where=where, root=folder, find=find, listed=listed, beside=folder
    )


def _in(folder: Path) -> Iterator[Path]:
    """Yield every file below a folder, those in hidden folders aside."""
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith("."):
            continue
        if entry.is_dir():
            yield from _in(entry)
        elif entry.is_file():
            yield entry
