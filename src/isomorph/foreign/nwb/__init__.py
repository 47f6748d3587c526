"""Recordings in Neurodata Without Borders (NWB): opened by pynwb, read no further than asked."""

from isomorph.foreign.nwb.file import (
    WAY_OUT_OF_ZARR,
    ZARR,
    Nwb,
    NwbContainer,
    as_text,
    open_nwb,
    part,
    stored,
)
from isomorph.foreign.nwb.image_containers import images_in_order
from isomorph.foreign.nwb.series import (
    TOLERANCE,
    Clock,
    check_ascending,
    measured,
    read_clock,
    series_at,
    series_values,
)
from isomorph.foreign.nwb.table_columns import (
    column,
    column_names,
    paths,
    ragged,
    row_ids,
    rows_of,
    said,
    split,
    text,
    values_of,
)

__all__ = [
    "TOLERANCE",
    "WAY_OUT_OF_ZARR",
    "ZARR",
    "Clock",
    "Nwb",
    "NwbContainer",
    "as_text",
    "check_ascending",
    "column",
    "column_names",
    "images_in_order",
    "measured",
    "open_nwb",
    "part",
    "paths",
    "ragged",
    "read_clock",
    "row_ids",
    "rows_of",
    "said",
    "series_at",
    "series_values",
    "split",
    "stored",
    "text",
    "values_of",
]
