"""NWB files as they come: links, references, versions, extensions, damage."""

from __future__ import annotations

import re
import sys
from datetime import UTC, datetime
from pathlib import Path

import h5py
import numpy as np
import pytest
from pynwb import NWBHDF5IO, NWBFile

from isomorph.errors import IsomorphError
from isomorph.foreign.nwb import column, images_in_order, open_nwb, paths, ragged, values_of

sys.path.insert(0, str(Path(__file__).parents[1] / "replicas"))

from recordings import create, images, table, typed


@pytest.fixture
def recording(tmp_path):
    """A recording of four units in two groups of electrodes, written by pynwb."""
    nwb = NWBFile(
        session_description="test",
        identifier="r",
        session_start_time=datetime(2020, 1, 1, tzinfo=UTC),
    )
    device = nwb.create_device(name="probe")
    groups = [
        nwb.create_electrode_group(name, description="g", location=where, device=device)
        for name, where in (("g0", "V1"), ("g1", "IT"))
    ]
    for place in range(3):
        nwb.add_electrode(location=f"layer {place}", group=groups[place // 2])
    for unit in range(4):
        nwb.add_unit(
            spike_times=np.arange(unit + 1.0),
            electrode_group=groups[unit // 2],
            electrodes=[unit % 3],
        )
    file = tmp_path / "r.nwb"
    with NWBHDF5IO(str(file), mode="w") as io:
        io.write(nwb)
    return file


def test_what_a_column_refers_to_is_followed_behind_a_dot(recording):
    with open_nwb(recording) as nwb:
        units = nwb.container("units")
        assert column(units, "electrode_group.location", "u").tolist() == ["V1", "V1", "IT", "IT"]
        assert column(units, "electrode_group.name", "u").tolist() == ["g0", "g0", "g1", "g1"]
        values, ends = ragged(units, "electrodes", "u")
        assert ends.tolist() == [1, 2, 3, 4]
        assert column(values.table, "group.location", "e").tolist() == ["V1", "V1", "IT"]
        spikes, ends = ragged(units, "spike_times", "u")
        assert isinstance(spikes.data, h5py.Dataset)  # nothing is read
        assert ends.tolist() == [1, 3, 6, 10]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("electrode_group",
         'u: column "electrode_group" refers to other objects of the file and holds no values; say '
         "what of them: electrode_group.description, electrode_group.location, "),
        ("electrode_group.locatoin", 'which has no "locatoin"; did you mean "location"?'),
        ("electrode_group.device", '"device" is an object; say what of it: device.name'),
        ("spike_times", 'column "spike_times" has several values per row'),
        ("electrodes", 'column "electrodes" has several values per row'),
        ("locations", 'u: no column "locations", known: electrode_group.description'),
    ],
)  # fmt: skip
def test_a_reference_never_becomes_a_value(recording, name, message):
    with (
        open_nwb(recording) as nwb,
        pytest.raises(IsomorphError, match=re.escape(message)) as caught,
    ):
        column(nwb.container("units"), name, "u")
    assert "object reference" not in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_may_be_named_are_columns_and_what_they_lead_to(recording):
    with open_nwb(recording) as nwb:
        known = list(paths(nwb.container("units"), "u"))
    assert known == [
        "spike_times", "electrodes.location", "electrodes.group", "electrodes.group_name",
        "electrode_group.description", "electrode_group.location", "electrode_group.name",
    ]  # fmt: skip


def test_a_row_that_is_none_of_its_table_is_refused(recording):
    """Ids in place of rows would lead to other electrodes, or to none."""
    with h5py.File(recording, "a") as file:
        file["units/electrodes"][3] = 7
    from isomorph.responses.nwb.units import unit_regions

    with open_nwb(recording) as nwb, pytest.raises(IsomorphError) as caught:
        unit_regions(nwb, nwb.container("units"), "location", None, "units")
    assert "electrodes points at row 7 of electrodes, which has 3; expected rows" in str(
        caught.value
    )


def test_images_stand_in_the_order_their_file_states(tmp_path):
    pictures = {name: np.zeros((2, 2), np.uint8) for name in ("apple", "mug", "tree")}
    with create(tmp_path / "r.nwb", "r", "test") as file:
        images(file, "stimulus/templates/ordered", pictures, order=["tree", "apple", "mug"])
        images(file, "stimulus/templates/heap", pictures)
    with open_nwb(tmp_path / "r.nwb") as nwb:
        ordered = nwb.container("stimulus/templates/ordered")
        assert images_in_order(ordered, "o") == ["tree", "apple", "mug"]
        assert images_in_order(nwb.container("stimulus/templates/heap"), "h") is None
        listed = nwb.dataset("stimulus/templates/ordered/order_of_images")
        assert values_of(listed, "l").tolist() == ["tree", "apple", "mug"]


def test_only_what_is_asked_for_has_to_be_readable(recording):
    """An object of an unknown extension, and a table without its required column."""
    with h5py.File(recording, "a") as file:
        typed(file.create_group("general/lab"), "LabThing", "ndx-lab")
        table(file, "intervals/trials", np.arange(2), {"start_time": np.arange(2.0)},
              kind="TimeIntervals")  # fmt: skip
    with open_nwb(recording) as nwb:
        assert len(nwb.container("units").id) == 4
        with pytest.raises(IsomorphError, match='LabThing of the extension "ndx-lab", which the'):
            nwb.container("general/lab")
        message = r"trials: cannot be read as NWB \S+ \(Could not construct TimeIntervals object"
        with pytest.raises(IsomorphError, match=message) as caught:
            nwb.container("intervals/trials")
        assert len(str(caught.value)) < 400
        with pytest.raises(
            IsomorphError, match=r'nothing called "unit" in /; did you mean "units"'
        ):
            nwb.container("unit")
        with pytest.raises(IsomorphError, match="so it is not an object of NWB"):
            nwb.container("general")


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1.0.6", "is NWB 1.0.6, which pynwb does not read; expected NWB 2 or later"),
        ("NWB-1.0.6", "is NWB 1.0.6, which pynwb does not read"),
        (None, "is not an NWB file (it has no nwb_version, and at its top "),
        ("new", "is NWB new, which pynwb does not read"),
    ],
)
def test_other_versions_are_one_sentence(recording, version, message):
    with h5py.File(recording, "a") as file:
        del file.attrs["nwb_version"]
        if version is not None:
            file.attrs["nwb_version"] = version
    with pytest.raises(IsomorphError, match=re.escape(message)), open_nwb(recording):
        pass


def test_nwb_1_keeps_its_version_in_a_dataset(tmp_path):
    with h5py.File(tmp_path / "old.nwb", "w") as file:
        file["nwb_version"] = "NWB-1.0.5_beta"
        file.create_group("epochs")
    with pytest.raises(IsomorphError, match=r"is NWB 1\.0\.5_beta"), open_nwb(tmp_path / "old.nwb"):
        pass


@pytest.mark.parametrize("inner", ["", "zarr.json"])
def test_the_zarr_form_is_one_sentence_with_the_way_out(tmp_path, inner):
    folder = tmp_path / "r.nwb.zarr"
    folder.mkdir()
    (folder / "zarr.json").write_text("{}")
    with pytest.raises(IsomorphError, match="of the Zarr form") as caught, open_nwb(folder / inner):
        pass
    assert "hdf5.export(src_io=zarr)" in str(caught.value)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_file_cut_short_is_one_sentence(recording, share):
    whole = recording.read_bytes()
    recording.write_bytes(whole[: int(share * len(whole))])
    message = r"r\.nwb: cannot be read as an HDF5 file"
    with pytest.raises(IsomorphError, match=message), open_nwb(recording):
        pass


def test_bytes_overwritten_anywhere_are_one_sentence_or_none(recording):
    """What HDF5 or pynwb raises over a damaged file is never a traceback."""
    whole = recording.read_bytes()
    rng = np.random.default_rng(0)
    refused = []
    for _ in range(25):
        broken = np.frombuffer(whole, np.uint8).copy()
        start = rng.integers(0, len(whole) - 64)
        broken[start : start + 64] = rng.integers(0, 256, 64)
        recording.write_bytes(broken.tobytes())
        try:
            with open_nwb(recording) as nwb:
                units = nwb.container("units")
                column(units, "electrode_group.location", "u")
                ragged(units, "spike_times", "u")
        except IsomorphError as error:
            refused.append(str(error))
    assert 0 < len(refused) < 25
    assert not [said for said in refused if "\n" in said]
