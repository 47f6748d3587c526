"""What a study asks of a dataset's files: by pattern, or because another file needs it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from isomorph.archives.manifest import absent_now, read_manifest
from isomorph.archives.patterns import asks_for, filled, matches
from isomorph.beside import PARTS, finder, values_at
from isomorph.errors import IsomorphError
from isomorph.foreign import lack_of_content
from isomorph.foreign.brain_images import halves_of
from isomorph.foreign.entities import parse
from isomorph.foreign.inheritance import applies, is_sidecar
from isomorph.layout import Layout
from isomorph.study import Spec

RECORDINGS = ("responses.bold", "responses.files")
"""Settings whose files are recordings, which other files may belong to by their names alone."""


@dataclass(frozen=True)
class Asked:
    """A pattern of a study.

    Attributes
    ----------
    key : str
        Where it stands in the dataset's file: `responses.bold`.
    pattern : str
        With the subject filled in.
    """

    key: str
    pattern: str


def patterns(layout: Layout, dataset: str, subjects: Collection[str] | None = None) -> list[Asked]:
    """Return every pattern by which a study asks for files of a dataset's archive.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    subjects : collection of str, optional
        Those that count; all of the study unless given.

    Returns
    -------
    list of Asked
        A pattern with `{subject}` in it once for each. One whose files stand beside the dataset's
        own YAML file is not asked of the archive.

    Raises
    ------
    IsomorphError
        When a file beside it has no content.
    """
    spec = layout.study.dataset(dataset)
    found = [
        one
        for part, named in PARTS.items()
        for one in _of(getattr(spec, part), part, named[getattr(spec, part).kind])
    ]
    filled = [
        Asked(one.key, one.pattern.replace("{subject}", subject))
        for one in found
        for subject in (spec.subjects if subjects is None else subjects)
    ]
    return [one for one in dict.fromkeys(filled) if not _beside(layout, dataset, one)]


def _beside(layout: Layout, dataset: str, one: Asked) -> list[Path]:
    """Return what a pattern matches beside the dataset's own file, whether it holds anything.

    Raises
    ------
    IsomorphError
        When something of that name has no content.
    """
    find = finder(layout.study, dataset, one.key)
    if find is None:
        return []
    folder = layout.study.dataset_files[dataset].parent
    found, literal = find(folder, one.pattern), folder / one.pattern
    for file in found or ([literal] if literal.is_symlink() else []):
        if why := lack_of_content(file):
            raise IsomorphError(
                f"{layout.study.dataset_files[dataset]}: {one.key} asks for {file}, which {why}"
            )
    return found


def _of(spec: Spec, place: str, keys: Iterable[str]) -> Iterator[Asked]:
    for key in keys:
        for value in values_at(spec, key):
            yield Asked(f"{place}.{key}", value)


def refuse_absent(
    layout: Layout,
    dataset: str,
    root: Path,
    files: Collection[str],
    absent: Mapping[str, str],
    subjects: Collection[str] | None = None,
) -> None:
    """Refuse files without content that a study asks for.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    dataset : str
        Name of the dataset.
    root : Path
        The folder the paths count from.
    files : collection of str
        Relative paths of the files that hold something.
    absent : mapping of str to str
        Relative paths of what has no content here, and why.
    subjects : collection of str, optional
        Those that count; all of the study unless given.

    Raises
    ------
    IsomorphError
        Naming the first such file, what asks for it and what brings it, and how many others there
        are.
    """
    asked = patterns(layout, dataset, subjects)
    wanted: dict[str, str] = {}
    for path in absent:
        one = next((one for one in asked if asks_for(one.pattern, path)), None)
        if one is not None:
            wanted[path] = f'{one.key}: "{one.pattern}" asks for'
    known = [*files, *(path for path in absent if not path.endswith("/"))]
    recordings = sorted(
        {path for one in asked if one.key in RECORDINGS for path in matches(one.pattern, known)}
    )
    responses = layout.study.dataset(dataset).responses
    companion = getattr(responses, "companion", None)
    images = responses.kind in ("bids", "betas")
    for path in absent.keys() - wanted.keys():
        for image in halves_of(path, known) if images else ():
            if any(asks_for(one.pattern, image) for one in asked):
                wanted[path] = f"{image} needs"
        for recording in recordings:
            if _is_companion(path, recording, companion) or belongs(
                path, recording, responses.kind
            ):
                wanted[path] = f"{recording} needs"
                break
    if wanted:
        first = min(wanted)
        more = f"; likewise {len(wanted) - 1:,} more" if len(wanted) > 1 else ""
        raise IsomorphError(
            f"{layout.study.dataset_files[dataset]}: {wanted[first]} {root.resolve() / first}, "
            f"which {absent[first]}{more}"
        )


def refuse_absent_of(layout: Layout, dataset: str, subject: str) -> None:
    """Refuse files of a subject that had no content when the dataset was fetched.

    Another study may have fetched it, of which nothing asked for them.

    Raises
    ------
    IsomorphError
        See `refuse_absent`; or when the dataset has not been fetched.
    """
    manifest = read_manifest(layout, dataset)
    files = [record.path for record in manifest.files]
    refuse_absent(layout, dataset, manifest.root, files, absent_now(manifest), [subject])


def _is_companion(path: str, recording: str, pattern: str | None) -> bool:
    """Tell whether a file may hold a recording's presentations; its session is compared later."""
    if pattern is None or path == recording:
        return False
    place, beside = PurePosixPath(recording), PurePosixPath(path)
    name = filled(pattern, stem=place.stem, session=None, subject=None)
    return beside.parent == place.parent and bool(matches(name, [beside.name]))


def belongs(path: str, recording: str, kind: str) -> bool:
    """Tell whether a recording is read together with a file that no pattern names.

    Parameters
    ----------
    path, recording : str
        Relative paths.
    kind : str
        Of the responses. Names say it as BIDS has them: a sidecar (`.json`) of the same suffix
        whose entities the recording shares, in its folder or one above (the inheritance
        principle); tables of events and channels of M/EEG likewise; fMRIPrep's confounds beside
        their run; and files that share a recording's whole name but for the ending or the `split`.
    """
    if path == recording or path.endswith("/") or kind not in ("bids", "betas", "epochs"):
        return False
    here, there = PurePosixPath(path).parent, PurePosixPath(recording).parent
    other, name = parse(path), parse(recording)
    if not applies(other, name):
        alone = {**other.entities, "split": 0} == {**name.entities, "split": 0}
        return kind == "epochs" and here == there and alone and other.words == name.words
    if here == there and kind == "bids" and other.entities.get("desc") == "confounds":
        return True
    if here not in (there, *there.parents):
        return False
    if other.extension == ".json":
        return is_sidecar(other, name)
    beside = here == there and other.words == name.words
    return kind == "epochs" and (
        beside or (other.extension == ".tsv" and other.suffix in ("events", "channels"))
    )
