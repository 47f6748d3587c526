"""All rows of the table, in order."""

from __future__ import annotations

from calibrated import chosen
from calibrated.table import World

WORLDS: tuple[World, ...] = tuple(
    sorted(
        (world for theme in (chosen,) for world in theme.WORLDS),
        key=lambda world: (not world.row.isdigit(), world.row.zfill(2)),
    )
)
