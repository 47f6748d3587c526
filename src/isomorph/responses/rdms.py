"""Ready RDMs: published dissimilarities whose responses are not."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xarray as xr

from isomorph.errors import IsomorphError
from isomorph.responses.array_values import fields_of, variable_of
from isomorph.responses.named_arrays import Variables, read_variables
from isomorph.responses.order import (
    named_order,
    order_of,
    refuse_unsure,
    stated_order,
    subjects_first,
)
from isomorph.responses.stacks import TOLERANCE, at_index, condensed, outer_first, reordered
from isomorph.responses.subject_files import Read, SubjectFiles
from isomorph.study.responses import RdmResponses, RdmSource
from isomorph.study.stored import StoredRdms

Array = npt.NDArray

DIMS = ("representation", "pair")

MOST = {"correlation": 2.0}
"""The largest dissimilarity there can be, by distance."""

SAID = {
    "correlation": ("correlation",),
    "squared euclidean": ("squared_euclidean",),
    "euclidean": ("euclidean", "euclidean_norm", "squared_euclidean"),
    "euclidean norm": ("euclidean_norm",),
}
"""Distances by what a file of rsatoolbox calls them; it calls squared ones euclidean, too, where
stimuli come unequally often, and over time."""


def read(files: SubjectFiles, settings: RdmResponses) -> Read:
    """Read one subject's ready RDMs, a representation per region and session.

    Parameters
    ----------
    files : SubjectFiles
    settings : RdmResponses
        Which RDM stands where.

    Raises
    ------
    IsomorphError
        When a file or variable is not there, or is not an RDM of the dataset's stimuli.
    """
    stimuli = files.names.stimuli
    rows, vectors, inputs = _gather(files, settings)
    data = rdm_data(rows, np.stack(vectors), files.subject, stimuli)
    files.say(
        f"{len(rows)} ready RDMs of {len(stimuli)} stimuli "
        f"({', '.join(unique([source.region for source, _ in rows]))})"
    )
    return Read({"": data}, unique(inputs))


def look(files: SubjectFiles, settings: RdmResponses) -> None:
    """Read a subject's ready RDMs and refuse what `read` would.

    RDMs of several subjects in one place are read with the first of them. Where nobody knows the
    stimuli yet, nothing can be said of them.
    """
    if files.names.naming is None:
        return

    def is_first(source: RdmSource) -> bool:
        return next(one for one in files.subjects if one in source.subjects) == files.subject

    _gather(files, settings, is_first)


def _gather(
    files: SubjectFiles,
    settings: RdmResponses,
    wanted: Callable[[RdmSource], bool] = lambda _: True,
) -> tuple[list[tuple[RdmSource, str]], list[Array], list[Path]]:
    """Return where each RDM came from, its dissimilarities (pair,), and the files read.

    Parameters
    ----------
    files : SubjectFiles
    settings : RdmResponses
    wanted : callable, optional
        Tells of a source with RDMs of the subject whether it is read; all are unless given.
    """
    subject, stimuli, table = files.subject, files.names.stimuli, files.names.table
    rows: list[tuple[RdmSource, str]] = []
    vectors: list[Array] = []
    inputs: list[Path] = []
    for source in settings.sources:
        if subject not in source.subjects:
            continue
        stated, read_from = stated_order(files, source, stimuli, table)
        inputs += read_from
        for file in files.find(source.file):
            inputs.append(file)
            rows += [(source, session) for session in source.sessions]
            if wanted(source):
                stack = read_source(file, source, stimuli, table, stated)
                vectors += list(stack[source.subjects.index(subject)])
    keys = [(source.region, source.distance, session) for source, session in rows]
    if len(set(keys)) < len(keys):
        again = next(key for key in keys if keys.count(key) > 1)
        raise IsomorphError(
            f"{files.where}: responses.sources: {again[0]} of "
            f"{subject}, session {again[2]}, comes twice as {again[1]} RDM; name each once"
        )
    return rows, vectors, inputs


def unique(items: Sequence) -> list:
    """Return items without repeats, in their order."""
    return list(dict.fromkeys(items))


def rdm_data(
    rows: Sequence[tuple[RdmSource, str]], vectors: Array, subject: str, stimuli: Array
) -> xr.Dataset:
    """Gather ready RDMs of one subject as the dataset that is written, a variable per distance.

    Parameters
    ----------
    rows : sequence of (RdmSource, session)
        Where each RDM came from.
    vectors : array of shape (representation, pair)
        Dissimilarities.
    subject : str
        The subject.
    stimuli : array of str of shape (stimulus,)
        Stimulus ids in the order of the RDMs.

    Returns
    -------
    Dataset
        As `isomorph.catalogue.ARRAYS` describes it.
    """
    a, b = np.triu_indices(len(stimuli), k=1)
    by_session = any(len(source.sessions) > 1 for source, _ in rows)
    keys = [(source.region, session) for source, session in rows]
    places = {key: place for place, key in enumerate(unique(keys))}
    data: dict[str, tuple[tuple[str, ...], Array]] = {}
    for (source, _), key, vector in zip(rows, keys, vectors, strict=True):
        name = source.distance
        if name not in data:
            data[name] = (DIMS, np.full((len(places), len(a)), np.nan, dtype=np.float32))
            data[f"{name}_status"] = (DIMS[:1], np.full(len(places), "absent", dtype=object))
            data[f"{name}_reason"] = (DIMS[:1], np.full(len(places), "", dtype=object))
        data[name][1][places[key]] = vector
        data[f"{name}_status"][1][places[key]] = "ok"
    levels = {"region": [one for one, _ in places], "subject": [subject] * len(places)}
    if by_session:
        levels["session"] = [session for _, session in places]
    return xr.Dataset(
        data,
        coords={
            **{name: (DIMS[:1], np.array(one, dtype=object)) for name, one in levels.items()},
            "stimulus": ("stimulus", stimuli.astype(object)),
            "stimulus_a": ("pair", stimuli[a].astype(object)),
            "stimulus_b": ("pair", stimuli[b].astype(object)),
        },
        attrs={"left_out": json.dumps({})},
    )


def read_source(
    file: Path, source: RdmSource, stimuli: Array, table: str, stated: Array | None = None
) -> Array:
    """Read the ready RDMs of one region from one file.

    Parameters
    ----------
    file : Path
        `.mat`, `.npy`, `.npz` or HDF5 file.
    source : RdmSource
        What stands where in it.
    stimuli : array of str of shape (stimulus,)
        Ids of the stimulus table.
    table : str
        The stimulus table, for messages.
    stated : array of str of shape (stimulus,), optional
        The stimuli in the order the study states.

    Returns
    -------
    array of shape (subject, session, pair)
        Upper triangles, row by row, in the order of the stimulus table.

    Raises
    ------
    IsomorphError
        When the variable is not there, has another number of stimuli, subjects or sessions, is
        not symmetric with a zero diagonal, lacks a pair, is of another distance, or nothing says
        in which order it has its stimuli.
    """
    outer = (len(source.subjects), len(source.sessions))
    variables, vectors, order = read_vectors(file, source, outer, stimuli, table, stated)
    places = subjects_first(variables, source.subjects)
    return reordered(vectors if places is None else vectors[places], order, stimuli)


def read_vectors(
    file: Path,
    source: StoredRdms,
    outer: tuple[int, int] | None,
    stimuli: Array,
    table: str,
    stated: Array | None = None,
) -> tuple[Variables, Array, Array]:
    """Read the RDMs of one variable as they stand in a file, and check them.

    Parameters
    ----------
    file, stimuli, table, stated
        See `read_source`.
    source : StoredRdms
        What stands where in it.
    outer : tuple (subjects, sessions) or None
        How many there should be; as many as there are where nobody says it.

    Returns
    -------
    variables : Variables
        The arrays of the file.
    vectors : array of shape (subject, session, pair) or (rdm, pair)
        Upper triangles, row by row.
    order : array of str of shape (stimulus,)
        The stimuli in their order.
    """
    variables = read_variables(file)
    name, values = variable_of(variables, source.variable, str(file))
    where = f"{file}: {name}"
    _check_distance(variables, source, str(file))
    values = at_index(values, source.index, where)
    if values.dtype.names is not None:
        values = fields_of(values, source.field, where)
    elif source.field is not None:
        raise IsomorphError(f'{where}: is not a struct, so it has no field "{source.field}"')
    if values.dtype.kind not in "iuf":
        raise IsomorphError(f"{where}: holds {values.dtype}, expected numbers")
    stack = outer_first(values.astype(np.float64), outer, len(stimuli), where, table)
    named = named_order(variables, name, source.names, stimuli, str(file), table)
    if named is None and stated is None:
        refuse_unsure(variables, name, stimuli, str(file))
    order = order_of(stated, named, stimuli, str(file))
    vectors = condensed(stack, order, where)
    largest, most = float(vectors.max()), MOST.get(source.distance or "", np.inf)
    if largest > most * (1 + TOLERANCE):
        raise IsomorphError(
            f"{where}: holds {largest:g}, but a {source.distance} distance, 1 - r, is at most "
            f"{most:g}; fix `distance`, or divide where it is given in percent"
        )
    return variables, vectors, order


def _check_distance(variables: Variables, source: StoredRdms, where: str) -> None:
    """Refuse RDMs whose file says that they are of another distance than the study does."""
    said = variables.measure.lower().replace("_", " ")
    if not said or source.distance is None:
        return
    if said not in SAID:
        known = dict.fromkeys(name for names in SAID.values() for name in names)
        raise IsomorphError(
            f'{where}: says that its distance is "{variables.measure}", which ready RDMs cannot be '
            f"of, expected one of {', '.join(known)}"
        )
    if source.distance not in SAID[said]:
        raise IsomorphError(
            f'{where}: says that its distance is "{variables.measure}", where `distance` says '
            f"{source.distance}; fix `distance`, expected {' or '.join(SAID[said])}"
        )
