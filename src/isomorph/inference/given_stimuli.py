"""Stimuli as somebody gives them, and RDMs over them in their order."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
import xarray as xr

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.rdms.lined_up import names_of, over, refuse_unnamed
from isomorph.rdms.named import first_twice, labels

Table = pd.DataFrame | Sequence[str]


def lined_up(
    data: Sequence[xr.Dataset], stimuli: Table | None, what: Sequence[str] | None = None
) -> tuple[pd.DataFrame, list[xr.Dataset]]:
    """Return the table of stimuli and all RDMs over them in its order.

    Parameters
    ----------
    data : sequence of Dataset
        RDMs of regions, then of every model.
    stimuli : DataFrame, sequence of str or None
    what : sequence of str, optional
        What each is called in messages.

    Raises
    ------
    IsomorphError
        When they are not over the same stimuli.
    """
    what = what or ["brain", *(f'model "{one["model"].item()}"' for one in data[1:])]
    if stimuli is None:
        refuse_unnamed(data, what)
        named = next((at for at, one in enumerate(data) if names_of(one) is not None), 0)
        names, others = list(map(str, data[named]["stimulus"].values.tolist())), what[named]
        table = pd.DataFrame({"stimulus": names})
    else:
        table = _table(stimuli)
        names, others = table["stimulus"].tolist(), "stimuli"
        # RDMs without names stand in the order of the table, whatever that of the regions is.
        data = [
            over(one, names, own, others) if names_of(one) is None else one
            for one, own in zip(data, what, strict=True)
        ]
        if names_of(data[0]) is not None and set(names) == set(names_of(data[0]) or ()):
            names = names_of(data[0]) or names
    lined = [
        over(one, names, own, others if own != others else "stimuli")
        for one, own in zip(data, what, strict=True)
    ]
    return table.set_index("stimulus", drop=False).loc[names], lined


def _table(stimuli: Table) -> pd.DataFrame:
    """Return a table of stimuli, from one or from their names alone."""
    if not isinstance(stimuli, pd.DataFrame):
        stimuli = pd.DataFrame({"stimulus": labels(stimuli, "stimuli")})
    if "stimulus" not in stimuli.columns:
        raise IsomorphError(
            'stimuli: has no column "stimulus", '
            f"{did_you_mean('stimulus', map(str, stimuli.columns))}"
        )
    names = labels(stimuli, "stimuli: stimulus")
    if twice := first_twice(names):
        raise IsomorphError(f'stimuli: "{twice}" comes twice, expected each once')
    return stimuli.assign(stimulus=names).reset_index(drop=True)
