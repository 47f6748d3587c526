"""Whether artefacts were computed with the libraries that are installed now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from isomorph.artefacts import Provenance, versions

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


def other_versions(stamps: Iterable[Provenance]) -> list[str]:
    """Return a sentence for every library of which another version is installed now.

    Another version may give other last digits. That is no mistake, but a reader should know.
    """
    found = Counter(
        (name, *then_now) for one in stamps for name, then_now in differing(one.packages).items()
    )
    return [
        f"{count} file{'s were' if count > 1 else ' was'} made with {name} {then}; "
        f"{'installed is ' + now if now != 'none' else 'it is not installed'} now."
        for (name, then, now), count in sorted(found.items())
    ]
