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
    "WAY_OUT_OF_ZARR",
    "ZARR",
    "Nwb",
    "NwbContainer",
    "as_text",
    "column",
    "column_names",
    "images_in_order",
    "open_nwb",
    "part",
    "paths",
    "ragged",
    "row_ids",
    "rows_of",
    "said",
    "split",
    "stored",
    "text",
    "values_of",
]
