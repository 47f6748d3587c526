"""All rows of the table, in order."""

from __future__ import annotations

from calibrated import chosen, families, noise, sets, spread, subjects
from calibrated.table import World

WORLDS: tuple[World, ...] = tuple(
    sorted(
        (
            world
            for theme in (chosen, families, noise, sets, spread, subjects)
            for world in theme.WORLDS
        ),
        key=lambda world: (not world.row.isdigit(), world.row.zfill(2)),
    )
)
