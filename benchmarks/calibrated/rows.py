"""All rows of the table, in order."""

from __future__ import annotations

from calibrated import (
    across,
    autocorrelated,
    chance,
    chosen,
    costly,
    explained,
    families,
    noise,
    predicted,
    recovered,
    reliable,
    runs,
    sets,
    shapes,
    spread,
    subjects,
    tuned,
)
from calibrated.table import World

THEMES = (
    *(across, autocorrelated, chance, chosen, costly, explained, families, noise, predicted),
    *(recovered, reliable, runs, sets, shapes, spread, subjects, tuned),
)

WORLDS: tuple[World, ...] = tuple(
    sorted(
        (world for theme in THEMES for world in theme.WORLDS),
        key=lambda world: (not world.row.isdigit(), world.row.zfill(2)),
    )
)
