"""Regions of units: of their groups of electrodes, one for all, or from a table."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile

from isomorph.artefacts import read_responses
from isomorph.errors import IsomorphError
from isomorph.stages.responses import run


@pytest.fixture
def read(make_study, files, nwb_settings):
    """Return a reader of the regions of four units in two groups, by unit."""
    nwb = NWBFile(
        session_description="test",
        identifier="s1",
        session_start_time=datetime(2020, 1, 1, tzinfo=UTC),
    )
    device = nwb.create_device(name="probe")
    groups = [
        nwb.create_electrode_group(name, description="g", location=where, device=device)
        for name, where in (("g0", "V1"), ("g1", "IT"))
    ]
    for place, group in enumerate((0, 0, 1)):
        nwb.add_electrode(location=f"L{place}", group=groups[group])
    for unit, rows in enumerate(([0, 1], [2], [1, 2], [2])):
        train = np.arange(1.01, 6, 0.5)
        group = groups[unit // 2]
        nwb.add_unit(spike_times=train, electrode_group=group, electrodes=rows)
    nwb.add_trial_column("image", description="image")
    nwb.add_trial_column("on", description="onset")
    for row in range(5):
        nwb.add_trial(start_time=row + 1.0, stop_time=row + 1.5, image="ab"[row % 2], on=row + 1.0)
    with NWBHDF5IO(str(files / "s1.nwb"), mode="w") as io:
        io.write(nwb)

    def read(region):
        layout = make_study({**nwb_settings, "region": region}, ["a", "b"])
        run(layout, "toy", "s1")
        (data,) = read_responses(layout.responses("toy", "s1")).values()
        return dict(zip(data["unit"].values.tolist(), data["region"].values.tolist(), strict=True))

    return read


@pytest.mark.parametrize(
    ("region", "found"),
    [
        ("electrode_group.location", {"0": "V1", "1": "V1", "2": "IT", "3": "IT"}),
        ("electrode_group.name", {"0": "g0", "1": "g0", "2": "g1", "3": "g1"}),
        ("group.location", {"0": "V1", "1": "IT", "3": "IT"}),  # of the electrodes; 2 is in both
        ("electrodes.group.location", {"0": "V1", "1": "IT", "3": "IT"}),
        ("location", {"1": "L2", "3": "L2"}),
        ({"name": "cortex"}, dict.fromkeys("0123", "cortex")),
    ],
)
def test_a_region_stands_where_the_study_says(read, region, found):
    assert read(region) == found


@pytest.mark.parametrize(
    ("region", "message"),
    [
        ("electrode_group", 'column "electrode_group" refers to other objects of the file and'),
        ("group", 'electrodes: column "group" refers to other objects of the file and holds no'),
        ("area", 'units: no column "area" that names the region, neither there nor in the'),
    ],
)
def test_references_are_no_regions(read, region, message):
    with pytest.raises(IsomorphError, match=re.escape(message)) as caught:
        read(region)
    assert "HDF5 object reference" not in str(caught.value)
