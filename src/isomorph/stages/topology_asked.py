"""What is wrong with how a study asks for topology, as far as settings tell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from importlib.util import find_spec

from isomorph.catalogue.topological import asks_layers, lacks_points
from isomorph.errors import did_you_mean, how_to_install
from isomorph.study import Study
from isomorph.study.regions import regions_named
from isomorph.study.topology import Topology
from isomorph.topology.null import fewest_shuffles

REMEDIES = {
    "time": "add a dataset of spikes, write of: stimuli, or leave topology out",
    "stimuli": "add a dataset of responses, keep features of a model, or leave topology out",
}
"""What would do where no dataset has what is asked for."""


def unfit(study: Study) -> Iterator[str]:
    """Yield what keeps the topology that a study asks for from being computed at all."""
    asked = study.spec.topology
    if asked is None:
        return
    if why := without_ripser():
        yield f"topology: {why}"
    lacking = {name: lacks_points(study, name) for name in study.datasets}
    kept = asked.of == "stimuli" and any(model.features for model in study.models.values())
    if all(lacking.values()) and not kept:
        said = ", and ".join(lacking.values())
        yield f"topology.of: {asked.of}: {said}; {REMEDIES[asked.of]}"
        return
    yield from _unmatched(study, [name for name, why in lacking.items() if not why])


def _unmatched(study: Study, datasets: list[str]) -> Iterator[str]:
    """Yield patterns that match no region, where settings name all that there are."""
    asked = study.spec.topology
    known = [list(regions_named(study.dataset(name))) for name in datasets]
    if asked is None or not all(known):
        return
    regions = list(dict.fromkeys(region for own in known for region in own))
    for place, pattern in enumerate(asked.regions):
        if not any(asked_about(region, [pattern]) for region in regions):
            yield (
                f'topology.regions.{place}: "{pattern}" matches no region, '
                f"{did_you_mean(pattern, regions)}"
            )


def notes_of(study: Study, dataset: str) -> list[str]:
    """Return a clause for whatever of a dataset has no topology though the study asks for it."""
    if study.spec.topology is None:
        return []
    notes = [f"no topology of regions, as {why}"] if (why := lacks_points(study, dataset)) else []
    if asks_layers(study, dataset):
        bare = [name for name, spec in study.models.items() if not spec.features]
        if bare:
            notes.append(f"no topology of {', '.join(bare)}, which keep no features")
    return notes


def asked_about(region: str, patterns: Sequence[str]) -> bool:
    """Tell whether a region is asked about: all are where there are no patterns.

    Examples
    --------
    >>> asked_about("MEC", ["M*"]), asked_about("MEC", ["CA1"]), asked_about("MEC", [])
    (True, False, True)
    """
    return not patterns or any(region == one or fnmatchcase(region, one) for one in patterns)


def without_ripser() -> str:
    """Say that ripser is not installed, and how it is; '' where it is there."""
    if find_spec("ripser"):
        return ""
    return f"needs ripser, which is not installed; {how_to_install('topology')}"


def few_shuffles(settings: Topology) -> str:
    """Say that so few shuffles cannot name a shape, however clear; '' if they can."""
    if settings.shuffles >= (needed := fewest_shuffles(settings.dimensions)):
        return ""
    return f"{settings.shuffles} shuffles cannot name a shape, at least {needed} are needed"
