"""Stimuli that nobody named: they are called by their places, and RDMs say so."""

from __future__ import annotations

UNNAMED = "unnamed_stimuli"
"""Attribute of RDMs of arrays that came without names: what their stimuli are called is made up."""

AS_SHOWN = "stimuli_as_shown"
"""Attribute of RDMs of a recording of which nobody said the order of the stimuli: they stand in the
order in which they were first shown."""


def made_up_names(n_stimuli: int) -> list[str]:
    """Return names for stimuli that came without: their places, from 1."""
    width = len(str(n_stimuli))
    return [f"stimulus {place:0{width}}" for place in range(1, n_stimuli + 1)]
