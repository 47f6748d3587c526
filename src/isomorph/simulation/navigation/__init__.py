"""Cells that follow a heading, a position, a line or a state, and paths for them to follow.

Never real data. Variables have shape (sample,) or (sample, dimension) in steps of equal length;
rates have shape (sample, unit), spikes per second.
"""

from isomorph.simulation.navigation.cells import (
    grid_cells,
    grid_phases,
    heading_cells,
    hexagonal_waves,
    line_cells,
    line_preferences,
    peak_rates,
    rhombus,
    state_cells,
)
from isomorph.simulation.navigation.paths import random_heading, random_path, random_states
from isomorph.simulation.navigation.spikes import poisson_spikes

__all__ = [
    "grid_cells",
    "grid_phases",
    "heading_cells",
    "hexagonal_waves",
    "line_cells",
    "line_preferences",
    "peak_rates",
    "poisson_spikes",
    "random_heading",
    "random_path",
    "random_states",
    "rhombus",
    "state_cells",
]
