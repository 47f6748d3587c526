"""Kinds: the ways in which responses come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

from isomorph.registry import Registry
from isomorph.responses import betas, bids, epochs, rdms, ready_arrays
from isomorph.responses.nwb import subject as nwb
from isomorph.responses.rates import subject as rates
from isomorph.responses.subject_files import Read, SubjectFiles


@dataclass(frozen=True)
class ResponseKind:
    """A way in which responses come.

    Attributes
    ----------
    read : callable
        From the files of one subject and the settings to the responses.
    look : callable
        Opens the same files, makes nothing, and refuses what `read` would refuse, in the same
        words.
    gives : {"responses", "rdms"}
        Whether it gives responses by session, or RDMs in their place.
    """

    read: Callable[[SubjectFiles, Any], Read]
    look: Callable[[SubjectFiles, Any], None]
    gives: Literal["responses", "rdms"] = "responses"


RESPONSES: Registry[ResponseKind] = Registry(
    "kind of responses",
    {
        **dict.fromkeys(("nwb", "traces", "rasters"), ResponseKind(nwb.read, nwb.look)),
        "arrays": ResponseKind(ready_arrays.read, ready_arrays.look),
        "rdms": ResponseKind(rdms.read, rdms.look, "rdms"),
        "bids": ResponseKind(bids.read, bids.look),
        "betas": ResponseKind(betas.read, betas.look),
        "epochs": ResponseKind(epochs.read, epochs.look),
        "rates": ResponseKind(rates.read, rates.look),
    },
)
"""How responses come, by the `kind` in the dataset's file."""
