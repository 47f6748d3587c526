"""RDMs of brain regions, from responses or as their authors published them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import xarray as xr

from isomorph.rdms.distances import DISTANCES, UndefinedDistanceError
from isomorph.rdms.geometry import Floats, Geometry, fold_gram, geometry_of_features
from isomorph.rdms.table import RdmRow
from isomorph.rdms.transforms import TRANSFORMS


def rdms_of_responses(
    sessions: Mapping[str, xr.Dataset],
    stimuli: Sequence[str],
    distances: Sequence[str],
    *,
    subject: str,
    transform: str,
) -> tuple[list[RdmRow], dict[str, str]]:
    """Return the RDMs of every region of one subject, sessions pooled.

    The units of all sessions stand side by side in one population, each described by its own
    session's presentations.

    Parameters
    ----------
    sessions : mapping of str to Dataset
        `response (presentation, unit)` by session.
    stimuli : sequence of str
        The stimuli in order; a session that lacks one is left out.
    distances : sequence of str
        Names in `DISTANCES`.
    subject : str
    transform : str
        Name in `TRANSFORMS`.

    Returns
    -------
    rows : list of RdmRow
    left_out : dict of str to str
        What has no RDM, and why.
    """
    left_out: dict[str, str] = {}
    complete: dict[str, xr.Dataset] = {}
    for name, session in sessions.items():
        missing = sorted(set(stimuli) - set(session["stimulus"].values.tolist()))
        if missing:
            left_out[f"{subject} | session {name}"] = (
                f"{len(missing)} of {len(stimuli)} stimuli were never shown, such as {missing[0]}"
            )
        else:
            complete[name] = session
    label = next(iter(complete)) if len(complete) == 1 else f"{len(complete)} pooled"
    regions = sorted({str(r) for s in complete.values() for r in s["region"].values})
    rows = []
    for region in regions:
        folds = [
            _folds(session, region, stimuli, transform)
            for session in complete.values()
            if (session["region"] == region).any()
        ]
        whole = _pooled_geometry([fold for fold, _ in folds], [seen for _, seen in folds])
        assert whole is not None, "complete sessions show every stimulus"
        halves = [
            _pooled_geometry([f[half::2] for f, _ in folds], [s[half::2] for _, s in folds])
            for half in (0, 1)
        ]
        for name in distances:
            where = f"{region} | {subject} | {name}"
            try:
                rdm = DISTANCES[name].compute(whole)
            except UndefinedDistanceError as error:
                left_out[where] = str(error)
                continue
            rows.append(
                RdmRow(
                    representation=f"{region} | {subject}",
                    distance=name,
                    rdm=rdm,
                    region=region,
                    subject=subject,
                    session=label,
                    n_units=whole.n_features,
                    halves=_both_halves(name, halves),
                )
            )
    return rows, left_out


def _folds(
    session: xr.Dataset, region: str, stimuli: Sequence[str], transform: str
) -> tuple[Floats, np.ndarray]:
    """Return responses by repetition `(repetition, stimulus, unit)` and which were shown."""
    response = session["response"].values[:, (session["region"] == region).values]
    values = TRANSFORMS[transform](response.astype(float))
    position = {stimulus: index for index, stimulus in enumerate(stimuli)}
    shown = np.array([position.get(s, -1) for s in session["stimulus"].values.tolist()])
    known = shown >= 0
    repetition = session["repetition"].values[known].astype(int)
    folds = np.zeros((repetition.max() + 1, len(stimuli), values.shape[1]))
    seen = np.zeros(folds.shape[:2], dtype=bool)
    folds[repetition, shown[known]] = values[known]
    seen[repetition, shown[known]] = True
    return folds, seen


def _pooled_geometry(folds: Sequence[Floats], seen: Sequence[np.ndarray]) -> Geometry | None:
    """Return the geometry of sessions side by side, None when a stimulus has no showing."""
    if any(not s.any(axis=0).all() for s in seen):
        return None
    means = [f.sum(axis=0) / s.sum(axis=0)[:, None] for f, s in zip(folds, seen, strict=True)]
    crossed = sum(fold_gram(f, s) for f, s in zip(folds, seen, strict=True))
    return geometry_of_features(np.concatenate(means, axis=1), np.asarray(crossed))


def _both_halves(distance: str, halves: Sequence[Geometry | None]) -> Floats | None:
    """Return the RDMs of odd and even repetitions `(half, pair)`, None if either has none."""
    first, second = halves
    if first is None or second is None:
        return None
    try:
        return np.stack([DISTANCES[distance].compute(half) for half in (first, second)])
    except UndefinedDistanceError:
        return None
