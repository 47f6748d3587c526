"""NWB files as HDF5, for replicas: tables, series and spikes laid out as the schema says."""

from __future__ import annotations

from uuid import NAMESPACE_URL, uuid5

import h5py
import numpy as np

TEXT = h5py.string_dtype()


def create(path, session, description):
    """Create the file of a session and return it open for writing."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = h5py.File(path, "w", track_order=False)
    file.attrs["nwb_version"] = "2.2.2"
    typed(file, "NWBFile", "core")
    for name, value in {
        "identifier": path.stem,
        "session_description": description,
        "session_start_time": "2019-01-19T00:54:18-08:00",
        "timestamps_reference_time": "2019-01-19T00:54:18-08:00",
        "general/session_id": session,
    }.items():
        file.create_dataset(name, data=value, dtype=TEXT)
    file.create_dataset("file_create_date", data=["2020-05-26T00:53:26-07:00"], dtype=TEXT)
    return file


def opened(path):
    """Open a file to write more into it, a new one where there is none."""
    return h5py.File(path, "a") if path.exists() else create(path, path.stem, "test")


def typed(item, kind, namespace="hdmf-common"):
    """Say what an object is, under an id that only depends on where it stands."""
    item.attrs["neurodata_type"] = kind
    item.attrs["namespace"] = namespace
    item.attrs["object_id"] = str(uuid5(NAMESPACE_URL, f"{item.file.filename}{item.name}"))


def table(file, path, ids, columns, kind="DynamicTable", ragged=()):
    """Write a table, column by column; ragged columns are lists of arrays."""
    group = file.create_group(path)
    typed(group, kind, "core" if kind != "DynamicTable" else "hdmf-common")
    group.attrs["description"] = path.rsplit("/", 1)[-1]
    group.attrs.create("colnames", list(columns), dtype=TEXT)
    typed(group.create_dataset("id", data=np.asarray(ids)), "ElementIdentifiers")
    for name, values in columns.items():
        if name in ragged:
            ends = np.cumsum([len(value) for value in values])
            index = group.create_dataset(f"{name}_index", data=ends.astype(np.int64))
        array = np.concatenate(values) if name in ragged else np.asarray(values)
        is_text = array.dtype.kind in "UO"
        column = group.create_dataset(
            name, data=array.astype(object) if is_text else array, dtype=TEXT if is_text else None
        )
        typed(column, "VectorData")
        column.attrs["description"] = name
        if name in ragged:
            typed(index, "VectorIndex")
            index.attrs["target"] = column.ref
    return group


def points_at(column, target):
    """Make a column one of rows of another table."""
    typed(column, "DynamicTableRegion")
    column.attrs["table"], column.attrs["description"] = target.ref, "rows"


def images(file, path, pictures, kind="GrayscaleImage", order=None):
    """Write a container of named images, with the order they are counted in if there is one."""
    group = file.create_group(path)
    typed(group, "Images", "core")
    group.attrs["description"] = path.rsplit("/", 1)[-1]
    for name, pixels in pictures.items():
        typed(group.create_dataset(name, data=pixels), kind, "core")
    if order is not None:
        references = [group[name].ref for name in order]
        listed = group.create_dataset("order_of_images", data=references, dtype=h5py.ref_dtype)
        typed(listed, "ImageReferences", "core")
    return group


def imaging_plane(file, path, location):
    """Write an imaging plane with all that one must have."""
    device = file.require_group("general/devices/microscope")
    typed(device, "Device", "core")
    plane = file.create_group(path)
    typed(plane, "ImagingPlane", "core")
    for name, value in {
        **{"description": "plane", "excitation_lambda": 920.0, "indicator": "GCaMP6f"},
        **{"imaging_rate": 30.0, "location": location},
    }.items():
        plane.create_dataset(name, data=value)
    plane["device"] = h5py.SoftLink(device.name)
    channel = plane.create_group("channel")
    typed(channel, "OpticalChannel", "core")
    channel.create_dataset("description", data="green")
    channel.create_dataset("emission_lambda", data=520.0)
    return plane


def series(
    file, path, data, kind, *, timestamps=None, rate=None, unit="n.a.", chunks=None, indexed=None
):
    """Write a time series, regular (rate) or with timestamps, which may be another's.

    An IndexSeries has to index images: those at a path, or one of its own.
    """
    group = file.create_group(path)
    typed(group, kind, "core")
    if kind == "IndexSeries":
        if indexed is None:
            indexed = f"stimulus/templates/of_{path.rsplit('/', 1)[-1]}"
            images(file, indexed, {"blank": np.zeros((2, 2), dtype=np.uint8)})
        group["indexed_images"] = h5py.SoftLink(f"/{indexed}")
    packed = None if chunks is None else "gzip"
    stored = group.create_dataset("data", data=data, chunks=chunks, compression=packed)
    stored.attrs["unit"] = unit
    if rate is not None:
        first = group.create_dataset("starting_time", data=0.0)
        first.attrs["rate"] = float(rate)
        first.attrs["unit"] = "seconds"
    elif isinstance(timestamps, str):
        group["timestamps"] = h5py.SoftLink(timestamps)
    elif timestamps is not None:
        group.create_dataset("timestamps", data=timestamps).attrs["unit"] = "seconds"
    return group


def schedule(rng, n_values, repetitions, *, start, period):
    """Return values `0 … n - 1` in shuffled rounds and their onsets (presentation,)."""
    values = np.concatenate([rng.permutation(n_values) for _ in range(repetitions)])
    return values, start + period * np.arange(len(values))


def tuning(rng, kinds, n_units, own=0.5):
    """Return log rates (stimulus, unit) in which stimuli of one kind are alike."""
    shared = rng.standard_normal((kinds.max() + 1, n_units))[kinds]
    return shared + own * rng.standard_normal((len(kinds), n_units))


def spikes(rng, onsets, log_gain, rate, duration):
    """Return one unit's ascending spike times: its rate follows the presentations."""
    counts = rng.poisson(rate * duration * np.exp(log_gain))
    times = np.repeat(onsets, counts) + rng.uniform(0.05, 0.05 + duration, counts.sum())
    return np.sort(times)
