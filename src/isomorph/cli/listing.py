"""The command that lists what a study may name: data, models, layers, distances, measures."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from isomorph import built_in
from isomorph.cli.opening import VOCABULARY
from isomorph.errors import IsomorphError, did_you_mean, first_line
from isomorph.saying import count

if TYPE_CHECKING:
    from isomorph.study import DatasetSpec, ModelSpec, Spec

SpecT = TypeVar("SpecT", bound="Spec")


@dataclass(frozen=True)
class Listing:
    """What can be listed.

    Attributes
    ----------
    every : callable
        Returns a line for each.
    one : callable, optional
        Returns what there is to say of one by name.
    """

    every: Callable[[], str]
    one: Callable[[str], str] | None = None


def add_list(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `isomorph list`."""
    parser.add_argument("what", metavar="WHAT", help=f"one of {', '.join(LISTS)}")
    parser.add_argument(
        "name", metavar="NAME", nargs="?",
        help="of a measure or distance: its formula, what it does not see, when not to use it; of "
        "layers the model, by its name or source",
    )  # fmt: skip
    parser.set_defaults(run=_list)


def _list(parsed: argparse.Namespace) -> None:
    if parsed.what not in LISTS:
        raise IsomorphError(
            f'list: nothing is called "{parsed.what}", {did_you_mean(parsed.what, LISTS)}'
        )
    listing = LISTS[parsed.what]
    if parsed.name is None:
        print(listing.every())
    elif listing.one is None:
        raise IsomorphError(f"list {parsed.what}: takes no name; leave {parsed.name} out")
    else:
        print(listing.one(parsed.name))


# ---------------------------------------------------------------- measures and distances


def _measures() -> str:
    from isomorph.measures import MEASURES
    from isomorph.report.described import listed

    return listed(MEASURES.values())


def _distances() -> str:
    from isomorph.rdms import DISTANCES

    return _lined(
        (name, f"needs {' and '.join(sorted(one.needs))}; {one.title}")
        for name, one in DISTANCES.items()
    )


def _told(what: str) -> Callable[[str], str]:
    def tell(name: str) -> str:
        from isomorph.report.described import told

        module, registry = VOCABULARY[what].split(":")
        return told(getattr(import_module(module), registry)[name])

    return tell


def _lined(rows: Iterator[tuple[str, str]]) -> str:
    """Return rows of a name and words, the words below each other."""
    every = list(rows)
    width = max((len(name) for name, _ in every), default=0)
    return "\n".join(f"{name:<{width}}  {words}" for name, words in every)


# ---------------------------------------------------------------- datasets and models


def _members(kind: str, spec: type[SpecT]) -> Iterator[tuple[Path, SpecT | IsomorphError]]:
    """Yield the files of datasets or models here and among the built-in ones, with what they say.

    Of two of one name the one here holds.
    """
    from isomorph.study import read_spec

    seen: set[str] = set()
    for folder in (Path("config") / kind, Path(kind), *built_in.members(kind)):
        for file in sorted(folder.glob("*.yaml")):
            if file.stem in seen:
                continue
            seen.add(file.stem)
            try:
                yield file, read_spec(file, spec)
            except IsomorphError as error:
                yield file, error


def _datasets() -> str:
    from isomorph.study import DatasetSpec

    return _lined(
        (file.stem, first_line(spec) if isinstance(spec, IsomorphError) else _dataset(file, spec))
        for file, spec in _members("datasets", DatasetSpec)
    )


def _dataset(file: Path, spec: DatasetSpec) -> str:
    who = count(len(spec.subjects), "subject")
    return f"{spec.responses.kind}, {who}, {spec.archive.kind}, {_bytes(file, spec)}; {spec.title}"


def _bytes(file: Path, spec: DatasetSpec) -> str:
    """Say how many bytes a fetch would bring into the current folder."""
    from isomorph.archives.readiness import bytes_to_come
    from isomorph.foreign import in_words
    from isomorph.layout import Layout
    from isomorph.study import Study, StudySpec

    content = {"name": "list", "datasets": [spec.name], "models": ["none"]}
    study = Study(
        StudySpec.model_validate(content), file, {spec.name: spec}, {}, {spec.name: file}, {}
    )
    if spec.archive.kind == "local":
        return "in place"
    if spec.simulated:
        return "nothing to fetch"
    try:
        size = bytes_to_come(Layout(study, Path()), spec.name)
    except IsomorphError:
        return "not pinned yet (isomorph lock)"
    if size is None:
        return "size not stated"
    return f"{in_words(size)} to fetch" if size else "here"


def _models() -> str:
    from isomorph.models import SOURCES
    from isomorph.study import ModelSpec

    def rows() -> Iterator[tuple[str, str]]:
        named = set()
        for file, spec in _members("models", ModelSpec):
            said = first_line(spec) if isinstance(spec, IsomorphError) else _model(spec)
            named |= set() if isinstance(spec, IsomorphError) else {spec.source}
            yield file.stem, said
        for name, one in SOURCES.items():
            if name not in named:
                yield name, f"source, {_installed(one)}" + (f"; {one.title}" if one.title else "")

    return _lined(rows())


def _model(spec: ModelSpec) -> str:
    from isomorph.models import SOURCES

    if spec.source not in SOURCES:
        return f"{spec.source}, unknown source; {spec.title}"
    return f"{spec.source}, {_installed(SOURCES[spec.source])}; {spec.title}"


def _installed(source: Any) -> str:
    return "installed" if source.is_installed else f"needs {source.library}, which is not installed"


# ---------------------------------------------------------------- layers


def _layers(name: str) -> str:
    from isomorph.models.named_layers import named_layers
    from isomorph.models.source_entries import mistakes_of
    from isomorph.study import ModelSpec
    from isomorph.study.model import is_source, named_by_source

    file = next((one for one, _ in _members("models", ModelSpec) if one.stem == name), None)
    beside = Path() if file is None else file.parent
    if file is not None:
        from isomorph.study import read_spec

        spec = read_spec(file, ModelSpec)
    elif is_source(name):
        spec = named_by_source([name], [])[name]
    else:
        known = [one.stem for one, _ in _members("models", ModelSpec)]
        raise IsomorphError(
            f'list layers: no model "{name}" in config/models or among the built-in ones, '
            f"{did_you_mean(name, known)}; or give a source, such as torchvision/resnet50"
        )
    if mistakes := mistakes_of(spec, beside=beside):
        raise IsomorphError("\n".join(f"{name}: {one}" for one in mistakes))
    return _lined(iter(named_layers(spec, beside).items()))


def _no_model() -> str:
    raise IsomorphError("list layers: of which model? isomorph list models says which there are")


LISTS: dict[str, Listing] = {
    "datasets": Listing(_datasets),
    "models": Listing(_models),
    "layers": Listing(_no_model, _layers),
    "measures": Listing(_measures, _told("measures")),
    "distances": Listing(_distances, _told("distances")),
}
"""What names a study may hold, in words."""
