"""Kinds of archives: all that is known of one in one record, other packages' kinds included."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from isomorph.archives import fetched
from isomorph.archives.fetched import Here
from isomorph.foreign.listing import Listing
from isomorph.layout import Layout
from isomorph.registry import Registry, lazily
from isomorph.study import Spec
from isomorph.study.archive import (
    GROUP,
    ArchiveSettings,
    LocalArchive,
    PackageArchive,
    SimulatedArchive,
)
from isomorph.study.pinned import (
    BucketArchive,
    DandiArchive,
    FigshareArchive,
    OpenNeuroArchive,
    OsfArchive,
    ZenodoArchive,
)

Ready = tuple[str, Sequence[str] | None]
"""A sentence, and the paths there will be where they are known beforehand."""


def _not_known(layout: Layout, dataset: str) -> Ready:
    return f"of kind {layout.study.dataset(dataset).archive.kind}, not looked at before", None


def _none(_layout: Layout, _dataset: str) -> int:
    return 0


@dataclass(frozen=True)
class ArchiveKind(ArchiveSettings):
    """What isomorph knows of a kind of archive.

    Every function takes the paths of a study and the name of a dataset whose archive is of this
    kind. All but `spec` and `fetch` have a default that is right of any archive whose files are
    copied into `layout.archive(dataset)`.

    Attributes
    ----------
    spec : type of Spec
        Its settings, with a field `kind: Literal["<name>"]`. They decide the bytes, and where
        `{subject}` stands in them the study's subjects do too.
    fetch : callable
        Brings the bytes and writes the manifest, see `isomorph.archives.write_manifest`. A fetch
        verifies first: where everything is there and right it changes nothing, not even the time
        of the manifest.
    ready : callable
        Says what a fetch would bring and what stands in its way, before it starts.
    here : callable
        Says which files lie on the disk, whether they were fetched or not; None where nothing can
        be told.
    bytes_to_come : callable
        Says how many bytes a fetch would bring, None where that is not known.
    in_place : callable or None
        Of files that are the user's own and read where they are: their folder, and which there are
        now.
    """

    fetch: Callable[[Layout, str], None]
    ready: Callable[[Layout, str], Ready] = _not_known
    here: Callable[[Layout, str], Here | None] = fetched.here
    bytes_to_come: Callable[[Layout, str], int | None] = fetched.bytes_to_come
    in_place: Callable[[Layout, str], tuple[Path, Listing]] | None = None


def _pinned(spec: type[Spec]) -> ArchiveKind:
    return ArchiveKind(
        spec,
        fetch=lazily("isomorph.archives.pinned:fetch"),
        ready=lazily("isomorph.archives.remaining:ready"),
        bytes_to_come=lazily("isomorph.archives.remaining:bytes_to_come"),
    )


ARCHIVES: Registry[ArchiveKind] = Registry(
    "archive",
    {
        "package": ArchiveKind(
            PackageArchive,
            fetch=lazily("isomorph.archives.package:fetch"),
            ready=lazily("isomorph.archives.package:ready"),
        ),
        "local": ArchiveKind(
            LocalArchive,
            fetch=lazily("isomorph.archives.local:fetch"),
            ready=lazily("isomorph.archives.local:ready"),
            here=lazily("isomorph.archives.local:here"),
            bytes_to_come=_none,
            in_place=lazily("isomorph.archives.local:in_place"),
        ),
        "simulated": ArchiveKind(
            SimulatedArchive,
            fetch=lazily("isomorph.archives.simulated:fetch"),
            ready=lazily("isomorph.archives.simulated:ready"),
            here=lazily("isomorph.archives.simulated:here"),
            bytes_to_come=_none,
        ),
        "dandi": _pinned(DandiArchive),
        "openneuro": _pinned(OpenNeuroArchive),
        "bucket": _pinned(BucketArchive),
        "zenodo": _pinned(ZenodoArchive),
        "figshare": _pinned(FigshareArchive),
        "osf": _pinned(OsfArchive),
    },
    GROUP,
    ArchiveKind,
)
"""Kinds of archives by what stands in a dataset's file as `archive.kind`."""


def kind_of(layout: Layout, dataset: str) -> ArchiveKind:
    """Return the kind of a dataset's archive."""
    return ARCHIVES[layout.study.dataset(dataset).archive.kind]
