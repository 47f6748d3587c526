"""What the files of finished results hold, beside what the data dictionary explains."""

import pandas as pd
import xarray as xr

from isomorph.catalogue import ARRAYS, CATALOGUE
from isomorph.catalogue.entries import DISTANCE
from isomorph.rdms import DISTANCES

OF_THE_DATASET = {"stimuli"}
"""Tables that may hold what a dataset says of its stimuli."""
EVERYWHERE = {"artefact", "provenance"}


def unexplained(results):
    """Return what stands in tables and netCDF files below a folder and nothing explains."""
    found = []
    for file in sorted(results.rglob("*.csv")):
        if "figures" in file.parts:  # what a figure draws, beside it
            continue
        if file.stem in CATALOGUE and file.stem not in OF_THE_DATASET:
            known = {one.name for one in CATALOGUE[file.stem].columns}
            found += [(file.name, name) for name in pd.read_csv(file, nrows=0) if name not in known]
    for file in sorted(results.rglob("*.nc")):
        with xr.open_datatree(file) as tree:
            kind = tree.attrs["artefact"]
            for node in tree.subtree:
                found += [(file.name, name) for name in _strange(node, ARRAYS[kind])]
    return found


def _strange(node, schema):
    known = {one.name for one in schema.holds}
    for ending in [one.removeprefix(DISTANCE) for one in known if one.startswith(DISTANCE)]:
        known |= {f"{name}{ending}" for name in DISTANCES}
    attributes = {*schema.attributes, *schema.also, *EVERYWHERE}
    yield from {str(name) for name in node.to_dataset(inherit=False).variables} - known
    yield from set(node.attrs) - attributes
