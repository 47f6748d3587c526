"""Identity: which uses of names in recordings are one stimulus, and what it is called."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from isomorph.errors import IsomorphError
from isomorph.foreign.natural import by_number
from isomorph.saying import say
from isomorph.stimuli.frames import Frame
from isomorph.stimuli.looks import Look
from isomorph.stimuli.naming import path_id

Described = dict[str, str]


@dataclass(frozen=True)
class Use:
    """One name that one file gives to one image.

    Attributes
    ----------
    file : str
        Relative to the root of the archive's files.
    name : str
    digest : str
        Of the pixels.
    frame : Frame
        Where they stand, the first time.
    look : Look
    described : list of dict
        Descriptive columns, one for each presentation that had some.
    """

    file: str
    name: str
    digest: str
    frame: Frame
    look: Look
    described: list[Described] = field(default_factory=list)


def group_uses(uses: Sequence[Use]) -> dict[str, list[Use]]:
    """Return the uses that make up each stimulus, by id, numbers in the order of their value."""
    groups = [group for same in _by_digest(uses).values() for group in told_apart(same)]
    ids = dict(zip(names_of(groups), groups, strict=True))
    return dict(sorted(ids.items(), key=lambda one: by_number(one[0])))


def _by_digest(uses: Sequence[Use]) -> Mapping[str, list[Use]]:
    found: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        found[use.digest].append(use)
    return found


def told_apart(uses: Sequence[Use]) -> list[list[Use]]:
    """Return the stimuli among uses of one and the same pixels.

    Two names in one file are two stimuli, however equal their pixels: somebody told them apart.
    Names in different files are one, first of all where they agree.

    Parameters
    ----------
    uses : sequence of Use
        All of one digest.

    Returns
    -------
    list of list of Use
        A list for each stimulus.
    """
    by_file: dict[str, list[Use]] = defaultdict(list)
    for use in uses:
        by_file[use.file].append(use)
    stimuli: list[list[Use]] = []
    for own in sorted(by_file.values(), key=len, reverse=True):
        free = list(stimuli)
        others = []
        for use in own:
            same = next((s for s in free if any(use.name == one.name for one in s)), None)
            if same is None:
                others.append(use)
                continue
            free = [one for one in free if one is not same]
            same.append(use)
        for place, use in enumerate(others):
            if place < len(free):
                free[place].append(use)
            else:
                stimuli.append([use])
    return stimuli


def names_of(groups: Sequence[Sequence[Use]]) -> list[str]:
    """Return an id for each stimulus: its commonest name, with part of the hash if that is taken.

    Parameters
    ----------
    groups : sequence of sequence of Use
        The uses of each stimulus.
    """
    wanted = [Counter(path_id(use.name) for use in group).most_common(1)[0] for group in groups]
    holder: dict[str, int] = {}
    for place, (name, count) in enumerate(wanted):
        if name not in holder or count > wanted[holder[name]][1]:
            holder[name] = place
    return [
        name if holder[name] == place else f"{name}-{group[0].digest[:8]}"
        for place, ((name, _), group) in enumerate(zip(wanted, groups, strict=True))
    ]


def held_by_enough(
    stimuli: Mapping[str, list[Use]], n_files: int, share: float, where: str
) -> dict[str, list[Use]]:
    """Return the stimuli that enough files hold, and say how many others there are.

    Parameters
    ----------
    stimuli : mapping of str to list of Use
        Uses by id.
    n_files : int
        How many files there are.
    share : float
        Least share of them that must hold an image.
    where : str
        File and key, for messages.

    Raises
    ------
    IsomorphError
        When no image is held by enough.
    """
    held = {name: len({use.file for use in uses}) for name, uses in stimuli.items()}
    needed = math.ceil(share * n_files - 1e-9)
    kept = {name: uses for name, uses in stimuli.items() if held[name] >= needed}
    if stimuli and not kept:
        raise IsomorphError(
            f"{where}: no image is held by {needed} of the {n_files} files, the commonest by "
            f"{max(held.values())}; lower it"
        )
    if len(kept) < len(stimuli):
        say(
            f"{where}: {len(stimuli) - len(kept)} of {len(stimuli)} images are held by fewer than "
            f"{needed} of the {n_files} files and left out"
        )
    return kept


def constant_fields(group: Sequence[Use], where: str) -> dict[str, object]:
    """Return the descriptive columns of a stimulus, which every presentation must agree on.

    Parameters
    ----------
    group : sequence of Use
        The uses of the stimulus.
    where : str
        File, key and stimulus, for messages.

    Raises
    ------
    IsomorphError
        Naming the first column with more than one value.
    """
    values: dict[str, set[str]] = defaultdict(set)
    for use in group:
        for fields in use.described:
            for column, value in fields.items():
                values[column].add(value)
    for column, several in values.items():
        if len(several) > 1:
            one, other = sorted(several)[:2]
            raise IsomorphError(
                f'{where}: "{column}" is not constant, it is "{one}" and "{other}"; leave it out'
            )
    return {column: next(iter(several)) for column, several in values.items()}
