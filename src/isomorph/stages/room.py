"""What the activations of a study take in room and time, told before anything runs."""

from __future__ import annotations

import math
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from isomorph.errors import IsomorphError
from isomorph.foreign import in_words
from isomorph.layout import Layout
from isomorph.models import SOURCES
from isomorph.models.packing import described
from isomorph.models.room import Room, no_room
from isomorph.study import ModelSpec


def room_of_activations(
    layout: Layout, n_stimuli: Mapping[str, int]
) -> tuple[list[str], list[str]]:
    """Return what models take whose images do not pass in one batch, and what is too much.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    n_stimuli : mapping of str to int
        Of the datasets of which it is known.

    Returns
    -------
    told : list of str
        A line for each such model and stimulus set.
    mistakes : list of str
        The sentences with which the stage refuses.
    """
    told, mistakes = [], []
    for dataset, instance, spec, n in _of_many(layout, n_stimuli):
        try:
            told += _told(layout.activations(dataset, instance).parent, instance, spec, n)
        except IsomorphError as error:
            mistakes.append(str(error))
    return told, mistakes


def _of_many(
    layout: Layout, n_stimuli: Mapping[str, int]
) -> Iterator[tuple[str, str, ModelSpec, int]]:
    """Yield the networks that see more images than a batch, one instance for all of a model."""
    study = layout.study
    for dataset, n in n_stimuli.items():
        seen: set[str] = set()
        for instance, spec, _ in study.instances_for(dataset):
            many = n > spec.batch_size and _runs_network(spec.source)
            if many and spec.name not in seen:
                seen.add(spec.name)
                yield dataset, instance, spec, n


def _runs_network(source: str) -> bool:
    """Tell whether a model's images pass through a network, whose layers take room."""
    return SOURCES[source].network is not None


def _told(folder: Path, instance: str, spec: ModelSpec, n: int) -> list[str]:
    """Return a line on what a network takes for some stimuli.

    Raises
    ------
    IsomorphError
        When it takes more than it may, than the disk has or than memory holds.
    """
    from isomorph.models.outline import outline

    room, found = Room.of(spec), outline(spec, n)
    if found is None:
        return [
            f"{instance}: {n:,} stimuli; the room that its layers take is known once it is built, "
            f"and more than {room.spool_gb:g} GB is refused"
        ]
    widths, n_layers = found.choice.distinct, len(found.choice.widths)
    if n <= found.at_once:
        return []
    if said := room.refusal(instance, found.choice, n):
        raise IsomorphError(said)
    needed = room.needed(widths, n)
    total = needed + room.results(widths, n)
    free = shutil.disk_usage(_there(folder)).free
    if total > free:
        raise IsomorphError(no_room(instance, n_layers, n, total, folder, free))
    which = " (the blocks)" if found.choice.patterns == "blocks" else ""
    seconds, bare = found.seconds(n, room)
    how = "" if room.spool == "float32" else f"; {described(room.spool, room.sketch_width)}"
    return [
        f"{instance}: {n_layers} layers{which} of {n:,} stimuli, {in_words(needed)} on disk "
        f"for a while, about {_minutes(seconds)} on one core of which {_minutes(bare)} are the "
        f"network's own{how}"
    ]


def _there(folder: Path) -> Path:
    """Return the folder, or the nearest above it that is there."""
    return next(one for one in (folder.absolute(), *folder.absolute().parents) if one.exists())


def _minutes(seconds: float) -> str:
    if seconds < 90 * 60:
        minutes = math.ceil(seconds / 60)
        return f"{minutes} minute{'s' if minutes != 1 else ''}"
    return f"{seconds / 3600:.1f} hours"
