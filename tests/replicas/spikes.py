"""Spike trains with a planted geometry, and the NWB tables that sorted units stand in."""

import json
from uuid import NAMESPACE_URL, uuid5

import h5py
import numpy as np


def planted_rates(images, n_units, seed, mean=8.0, tuning=0.6):
    """Return rates (image, unit) whose geometry is that of the images' coarse structure."""
    rng = np.random.default_rng(seed)
    n, height, width = images.shape[:3]
    rows, columns = np.arange(9) * height // 8, np.arange(9) * width // 8
    pixels = images.reshape(n, height, width, -1).astype(float)
    coarse = np.stack(
        [
            pixels[:, rows[i] : rows[i + 1], columns[j] : columns[j + 1]].mean(axis=(1, 2))
            for i in range(8)
            for j in range(8)
        ],
        axis=1,
    ).reshape(n, -1)
    drive = (coarse - coarse.mean(axis=0)) @ rng.standard_normal((coarse.shape[1], n_units))
    drive /= drive.std(axis=0)
    return mean * np.exp(tuning * drive - tuning**2 / 2)


def spike_trains(onset, shown, rates, window, seed):
    """Return sorted spike times of each unit: Poisson in a window after each onset.

    `onset` (presentation,) in seconds, `shown` (presentation,) places in `rates` (image, unit).
    """
    rng = np.random.default_rng(seed)
    start, stop = window
    counts = rng.poisson(rates[shown] * (stop - start))
    return [
        np.sort(np.repeat(onset + start, own) + rng.uniform(0, stop - start, own.sum()))
        for own in counts.T
    ]


def typed(item, kind, namespace="core", **attributes):
    """Mark an HDF5 object as what it is in NWB, with an id that is the same every time."""
    item.attrs["neurodata_type"] = kind
    item.attrs["namespace"] = namespace
    item.attrs["object_id"] = str(uuid5(NAMESPACE_URL, f"{item.file.attrs['seed']}{item.name}"))
    for name, value in attributes.items():
        item.attrs[name] = value
    return item


def new_nwb(path, session, subject, start="2000-01-01T00:00:00+00:00"):
    """Open a new NWB file with the groups every one has; it is not compressed and not large."""
    path.parent.mkdir(parents=True, exist_ok=True)
    nwb = h5py.File(path, "w")
    nwb.attrs["seed"] = path.name
    typed(nwb, "NWBFile", nwb_version="2.6.0")
    for group in ("acquisition", "analysis", "processing", "stimulus/presentation"):
        nwb.create_group(group)
    nwb.create_group("stimulus/templates")
    nwb["identifier"] = path.stem
    nwb["session_description"] = "a replica written for a test, not measured in anybody"
    nwb["session_start_time"] = start
    nwb["timestamps_reference_time"] = start
    nwb.create_dataset("file_create_date", data=[start], dtype=h5py.string_dtype())
    if session:
        nwb["general/session_id"] = session
    typed(nwb.create_group("general/subject"), "Subject")
    nwb["general/subject/subject_id"] = subject
    return nwb


def define(nwb, namespace, types):
    """Keep the definition of an extension in a file, as writers do."""
    version = {"name": namespace, "version": "0.1.0", "doc": namespace, "author": "nobody"}
    schema = {"schema": [{"namespace": "core"}, {"source": "types"}]}
    group = nwb.create_group(f"specifications/{namespace}/0.1.0")
    group["namespace"] = json.dumps({"namespaces": [version | schema]})
    group["types"] = json.dumps({"groups": types})
    nwb.attrs[".specloc"] = nwb["specifications"].ref


def write_table(nwb, path, columns, kind="DynamicTable", ids=None):
    """Write a table of columns with one value per row; text as text, truth as HDF5 keeps it."""
    namespace = "hdmf-common" if kind == "DynamicTable" else "core"
    group = typed(nwb.create_group(path), kind, namespace, description="")
    group.attrs.create("colnames", list(columns), dtype=h5py.string_dtype())
    n = len(next(iter(columns.values())))
    group["id"] = np.arange(n) if ids is None else np.asarray(ids)
    typed(group["id"], "ElementIdentifiers", "hdmf-common")
    for name, values in columns.items():
        text = isinstance(values[0], str)
        group.create_dataset(name, data=values, dtype=h5py.string_dtype() if text else None)
        typed(group[name], "VectorData", "hdmf-common", description="")
    return group


def write_electrodes(nwb, location, ids=None):
    """Write the table of electrodes; returns it."""
    columns = {"location": list(location), "group_name": ["probe"] * len(location)}
    return write_table(nwb, "general/extracellular_ephys/electrodes", columns, ids=ids)


def write_units(nwb, trains, columns, electrode=None, ids=None):
    """Write sorted units; `electrode` is the row of the electrode each unit stands at."""
    group = write_table(nwb, "units", columns, "Units", ids)
    names = [*group.attrs["colnames"], "spike_times"]
    _ragged(group, "spike_times", np.concatenate(trains), np.cumsum([len(one) for one in trains]))
    if electrode is not None:
        names.append("electrodes")
        ends = np.arange(1, len(electrode) + 1)
        _ragged(group, "electrodes", np.asarray(electrode, dtype=np.int32), ends)
        electrodes = nwb["general/extracellular_ephys/electrodes"]
        typed(group["electrodes"], "DynamicTableRegion", "hdmf-common", table=electrodes.ref)
    group.attrs.create("colnames", names, dtype=h5py.string_dtype())


def _ragged(group, name, values, ends):
    group[name] = values
    typed(group[name], "VectorData", "hdmf-common", description="")
    group[f"{name}_index"] = ends.astype(np.int32)
    index = typed(group[f"{name}_index"], "VectorIndex", "hdmf-common", description="")
    index.attrs["target"] = group[name].ref


def write_images(nwb, path, images, kind, order=None):
    """Write a container of named images, and the list of references some writers add."""
    group = typed(nwb.create_group(path), "Images", description="")
    for name, pixels in images.items():
        group[name] = pixels
        typed(group[name], kind)
    if order is not None:
        references = [group[name].ref for name in order]
        group.create_dataset("order_of_images", data=references, dtype=h5py.ref_dtype)
        typed(group["order_of_images"], "ImageReferences")
    return group


def write_series(nwb, path, kind, data, timestamps, namespace="core", **datasets):
    """Write a series with its own clock; returns its group."""
    group = typed(nwb.create_group(path), kind, namespace, description="")
    group["data"] = data
    group["data"].attrs["unit"] = "NA"
    group["timestamps"] = timestamps
    group["timestamps"].attrs["unit"] = "seconds"
    group["timestamps"].attrs["interval"] = np.int32(1)
    for name, values in datasets.items():
        text = isinstance(values[0], str)
        group.create_dataset(name, data=values, dtype=h5py.string_dtype() if text else None)
    return group
