"""Whether artefacts were computed with the libraries that are installed now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from isomorph.artefacts import Provenance, versions
from isomorph.jobs import Job
from isomorph.making.declared import outputs_of
from isomorph.making.fitting import Fitting

OWN = "isomorph"
"""Its versions tell nothing: that its code is the same, a digest says."""


def differing(packages: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Return the versions then and now of every library that is installed in another version."""
    now = versions(*packages)
    return {
        name: (then, now.get(name, "none"))
        for name, then in packages.items()
        if name != OWN and now.get(name) != then
    }


def stamps(fitting: Fitting, jobs: Iterable[Job]) -> Iterator[Provenance]:
    """Yield the provenance of every file of some jobs that is there, whole, and was computed.

    Bytes that are taken as they are were computed by no library.

    Parameters
    ----------
    fitting : Fitting
        Of the study.
    jobs : iterable of Job
        Whose files.
    """
    for job in jobs:
        if not fitting.code(job) or fitting.own(job):
            continue
        for file in outputs_of(fitting.layout, job).values():
            if file.exists():
                yield fitting.stamp(file)


def other_versions(stamps: Iterable[Provenance]) -> list[str]:
    """Return a sentence for every library of which another version is installed now.

    Another version may give other last digits. That is not a mistake, but a reader should know.
    """
    found = Counter(
        (name, *then_now) for one in stamps for name, then_now in differing(one.packages).items()
    )
    return [
        f"{count} file{'s were' if count > 1 else ' was'} made with {name} {then}; "
        f"{'installed is ' + now if now != 'none' else 'it is not installed'} now."
        for (name, then, now), count in sorted(found.items())
    ]
