"""A look at all files of a study that are here, before any stage runs; nothing is written."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import redirect_stderr
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from isomorph.errors import IsomorphError
from isomorph.saying import Seldom

if TYPE_CHECKING:
    from isomorph.archives.on_disk import Here
    from isomorph.layout import Layout
    from isomorph.stimuli.names import Names

SHOWN = 3
"""Names shown where there are many."""

T = TypeVar("T")


@dataclass
class Looked:
    """What a look at the files of some datasets found.

    Attributes
    ----------
    mistakes : list of str
        A sentence each.
    said : dict of str to str
        By dataset, a clause that says what was looked at.
    n_stimuli : dict of str to int
        How many stimuli there are, of datasets of which that is known and where it matters.
    columns : dict of str to set of str
        What describes these stimuli.
    """

    mistakes: list[str] = field(default_factory=list)
    said: dict[str, str] = field(default_factory=dict)
    n_stimuli: dict[str, int] = field(default_factory=dict)
    columns: dict[str, set[str]] = field(default_factory=dict)


def look_at(layout: Layout, datasets: Sequence[str]) -> Looked:
    """Look at the stimuli and at every subject of datasets, as far as their files are here.

    Parameters
    ----------
    layout : Layout
        The study's paths.
    datasets : sequence of str
        Names of datasets whose archives are as the study says.

    Returns
    -------
    Looked
        Every mistake a stage would refuse in the words of the stage; one that several subjects
        share is said once.
    """
    from isomorph.archives.manifest import OnDisk
    from isomorph.archives.on_disk import here
    from isomorph.stages import responses

    found = {name: one for name in datasets if (one := here(layout, name)) is not None}
    on_disk = OnDisk(layout, {name: one.manifest for name, one in found.items()})
    progress = _Progress(sum(len(one.subjects) for one in found.values()))
    looked, names = Looked(), _Stimuli(on_disk, found)
    for dataset, one in found.items():
        known, mistake = names.of(layout.study.stimulus_set(dataset))
        if mistake and layout.study.stimulus_set(dataset) == dataset:
            looked.mistakes.append(mistake)
        wrong: dict[str, str] = {}
        lacking: dict[str, None] = {}
        for subject in one.subjects:
            progress.say(dataset, subject)
            own = known.afresh()
            _, mistake = _quietly(partial(responses.look, on_disk, dataset, subject, own))
            if mistake:
                wrong[subject] = mistake
            lacking |= dict.fromkeys(own.lacking())
        owner = layout.study.stimulus_set(dataset)
        if (stimuli := names.described(owner)) is not None:
            looked.n_stimuli[owner], looked.columns[owner] = stimuli
        looked.mistakes += said_once(wrong)
        looked.said[dataset] = _said(one, len(layout.study.dataset(dataset).subjects), lacking)
    return looked


class _Stimuli:
    """What names stand for in each stimulus set, looked at once."""

    def __init__(self, layout: Layout, found: Mapping[str, Here]) -> None:
        self.layout = layout
        self.found = found
        self.known: dict[str, tuple[Names, str]] = {}

    def of(self, owner: str) -> tuple[Names, str]:
        """Return what names of the stimuli of a dataset stand for, and the mistake in them."""
        if owner not in self.known:
            self.known[owner] = self._look(owner)
        return self.known[owner]

    def described(self, owner: str) -> tuple[int, set[str]] | None:
        """Return how many stimuli a dataset has and what describes them, None if not known."""
        from isomorph.stages import stimuli

        one, (_, mistake) = self.found.get(owner), self.of(owner)
        if one is None or mistake:
            return None
        if len(one.subjects) < len(self.layout.study.dataset(owner).subjects):
            return None
        return _quietly(partial(stimuli.described, self.layout, owner))[0]

    def _look(self, owner: str) -> tuple[Names, str]:
        from isomorph.stages import stimuli
        from isomorph.stimuli.names import unknown

        one, names, mistake = self.found.get(owner), None, ""
        if one is not None and len(one.subjects) == len(self.layout.study.dataset(owner).subjects):
            names, mistake = _quietly(partial(stimuli.look, self.layout, owner))
            if mistake:
                names = unknown(str(self.layout.stimuli(owner)))
        return names or names_made(self.layout, owner), mistake


def names_made(layout: Layout, dataset: str) -> Names:
    """Return what names stand for by a stimulus table that may have been made.

    Where none has been, or one that is not what the study now says or was made of other files than
    those on the disk, nobody knows yet.
    """
    from isomorph.archives.on_disk import is_as_listed
    from isomorph.making import Fitting, job_of
    from isomorph.stages.datasets import names_of
    from isomorph.stimuli.names import unknown

    owner, file = layout.study.stimulus_set(dataset), layout.stimuli(dataset)
    made = file.is_file() and is_as_listed(layout, owner)
    if made and not Fitting(layout).first(job_of(layout.study, "stimuli", owner)):
        return names_of(layout, dataset)
    return unknown(str(file))


def _quietly(look: Callable[[], T]) -> tuple[T | None, str]:
    """Return what a look gives and the mistake it finds; what stages say on their way is left."""
    with redirect_stderr(io.StringIO()):
        try:
            return look(), ""
        except IsomorphError as error:
            return None, str(error)


def said_once(mistakes: Mapping[str, str]) -> list[str]:
    """Return the mistakes of subjects, one that several share once with who they are.

    Parameters
    ----------
    mistakes : mapping of str to str
        A sentence by subject. Sentences are the same where they differ in the subject's name alone.
    """
    shared: dict[str, list[str]] = {}
    for subject, sentence in mistakes.items():
        name = re.compile(rf"(?<![A-Za-z0-9]){re.escape(subject)}(?![A-Za-z0-9])")
        shared.setdefault(name.sub("\0", sentence), []).append(subject)
    lines = []
    for first, *others in shared.values():
        more = f" (likewise for {_some(others)})" if others else ""
        lines.append(mistakes[first] + more)
    return lines


def _said(one: Here, n_subjects: int, lacking: Mapping[str, None]) -> str:
    n = len(one.subjects)
    which = f"{n}" if n == n_subjects else f"{n} of {n_subjects}"
    said = f"{which} subject{'s' if n_subjects != 1 else ''} looked at"
    if lacking:
        count = "1 name is that" if len(lacking) == 1 else f"{len(lacking):,} names are those"
        names = _some([f'"{name}"' for name in lacking])
        said += f"; {count} of no stimulus and will not count: {names}"
    return said


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN:,} more" if len(names) > SHOWN else "")


class _Progress:
    """Says now and then how far the look has come."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0
        self._seldom = Seldom()

    def say(self, dataset: str, subject: str) -> None:
        self._seldom(f"looking at {dataset} {subject}, {self.done} of {self.total} subjects done")
        self.done += 1
