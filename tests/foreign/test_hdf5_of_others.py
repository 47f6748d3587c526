"""HDF5 of others leads to no file outside its own folder."""

import time

import h5py
import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.foreign.hdf5 import afford_dataset, open_hdf5
from isomorph.foreign.hdf5_links import refuse_outside
from isomorph.foreign.nwb import part

KEY = b"-----BEGIN OPENSSH PRIVATE KEY-----"


@pytest.fixture
def private(tmp_path):
    """A key of the user's, and an HDF5 file that holds it too."""
    folder = tmp_path / "home"
    folder.mkdir()
    (folder / "id_rsa").write_bytes(KEY)
    with h5py.File(folder / "own.h5", "w") as file:
        file["key"] = np.frombuffer(KEY, "u1")
    return folder


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "data set"
    folder.mkdir()
    return folder


def raw(file, folder):
    return file.create_dataset(
        "a/key", (len(KEY),), "u1", external=[(str(folder / "id_rsa"), 0, len(KEY))]
    )


def virtual(file, folder):
    layout = h5py.VirtualLayout((len(KEY),), "u1")
    layout[:] = h5py.VirtualSource(str(folder / "own.h5"), "key", (len(KEY),))
    return file.create_virtual_dataset("a/key", layout)


def link(file, folder):
    file["a/key"] = h5py.ExternalLink(str(folder / "own.h5"), "/key")


WAYS = [raw, virtual, link]


def refused(path, *said, within=None):
    with pytest.raises(IsomorphError) as error, open_hdf5(path, within):
        pass
    for words in said:
        assert words in str(error.value)


@pytest.mark.parametrize("way", WAYS)
def test_another_file_outside_is_refused(private, folder, way):
    path = folder / "rec.nwb"
    with h5py.File(path, "w") as file:
        way(file, private)
    with h5py.File(path) as file:
        assert file["a/key"][:].tobytes() == KEY  # so would it be read
        with pytest.raises(IsomorphError, match=r"rec.nwb: /a/key leads to another file"):
            refuse_outside(file, "rec.nwb")
    refused(path, "/a/key leads to another file", str(private))


@pytest.mark.parametrize("way", WAYS)
def test_another_file_inside_is_read(private, way):
    path = private / "rec.nwb"
    with h5py.File(path, "w") as file:
        way(file, private)
    with open_hdf5(path) as file:
        assert file["a/key"][:].tobytes() == KEY


@pytest.mark.parametrize("way", [virtual, link])
def test_name_counted_from_the_file_is_inside(private, way):
    path = private / "rec.nwb"
    with h5py.File(path, "w") as file:
        way(file, private.relative_to(private))
    with open_hdf5(path) as file:
        assert file["a/key"][:].tobytes() == KEY


@pytest.mark.parametrize("way", WAYS)
def test_within_is_the_folder_of_the_data_set(private, tmp_path, way):
    path = private / "sub" / "rec.nwb"
    path.parent.mkdir()
    with h5py.File(path, "w") as file:
        way(file, private)
    refused(path, "outside the folder")
    with open_hdf5(path, within=private) as file:
        assert file["a/key"][:].tobytes() == KEY


@pytest.mark.parametrize("way", [virtual, link])
def test_steps_up_and_links_lead_outside(private, folder, way, tmp_path):
    with h5py.File(folder / "up.h5", "w") as file:
        way(file, (tmp_path / "x").relative_to(tmp_path) / ".." / ".." / "home")
    refused(folder / "up.h5", "outside the folder")
    (folder / "own.h5").symlink_to(private / "own.h5")
    with h5py.File(folder / "over.h5", "w") as file:
        way(file, folder)
    refused(folder / "over.h5", "outside the folder")


@pytest.mark.parametrize("way", WAYS)
def test_file_inside_that_leads_outside_is_refused(private, folder, way):
    with h5py.File(folder / "own.h5", "w") as file:
        way(file, private)
    with h5py.File(folder / "rec.h5", "w") as file:
        file["a"] = h5py.ExternalLink("own.h5", "/a")
    refused(folder / "rec.h5", "own.h5: /a/key leads to another file")


def test_working_folder_counts_as_a_place(private, folder, monkeypatch):
    """HDF5 looks there for names it finds nowhere else, and there first for external storage."""
    monkeypatch.chdir(private)
    for way, name in ((raw, "raw.h5"), (virtual, "virtual.h5"), (link, "link.h5")):
        with h5py.File(folder / name, "w") as file:
            way(file, private.relative_to(private))
        with h5py.File(folder / name) as file:
            assert file["a/key"][:].tobytes() == KEY  # so would it be read
        refused(folder / name, "outside the folder")


def test_name_with_a_number_in_it(private, folder):
    (private / "own0.h5").write_bytes((private / "own.h5").read_bytes())
    n = len(KEY)
    space = h5py.h5s.create_simple((n,), (h5py.h5s.UNLIMITED,))
    space.select_hyperslab((0,), (h5py.h5s.UNLIMITED,), stride=(n,), block=(n,))
    plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
    source = str(private / "own%b.h5").encode()
    plan.set_virtual(space, source, b"key", h5py.h5s.create_simple((n,)))
    for place in (folder, private):
        with h5py.File(place / "rec.h5", "w") as file:
            h5py.h5d.create(file.id, b"key", h5py.h5t.NATIVE_UINT8, space, plan)
        with h5py.File(place / "rec.h5") as file:
            assert file["key"][:].tobytes() == KEY  # so would it be read
    refused(folder / "rec.h5", "outside the folder")
    with open_hdf5(private / "rec.h5"):
        pass


@pytest.mark.parametrize("trick", ["pattern", "circle"])
def test_a_name_that_cannot_be_looked_up_hides_nothing(private, folder, trick):
    """What such a name makes the look raise must not stand for having found nothing."""
    path = folder / "rec.h5"
    with h5py.File(path, "w") as file:
        raw(file, private)
        if trick == "pattern":
            n = len(KEY)
            space = h5py.h5s.create_simple((n,), (h5py.h5s.UNLIMITED,))
            space.select_hyperslab((0,), (h5py.h5s.UNLIMITED,), stride=(n,), block=(n,))
            plan = h5py.h5p.create(h5py.h5p.DATASET_CREATE)
            plan.set_virtual(space, b"**a%b[.h5", b"key", h5py.h5s.create_simple((n,)))
            h5py.h5d.create(file.id, b"zz", h5py.h5t.NATIVE_UINT8, space, plan)
        else:
            (folder / "loop").symlink_to("loop")
            file["zz"] = h5py.ExternalLink("loop", "/key")
    with pytest.raises(IsomorphError), open_hdf5(path):
        pass


@pytest.mark.parametrize("holder", ["attribute", "dataset", "compound"])
def test_object_that_only_a_reference_leads_to(private, folder, holder):
    """A dataset can stand in no group at all."""
    path = folder / "rec.h5"
    with h5py.File(path, "w") as file:
        reference = raw(file, private).ref
        if holder == "attribute":
            file.attrs["order"] = reference
        elif holder == "dataset":
            file.create_dataset("order", data=[None, reference], dtype=h5py.ref_dtype)
        else:
            file["order"] = np.array([(1, reference)], [("count", int), ("series", h5py.ref_dtype)])
        places = [h5py.h5o.get_info(one.id).addr for one in (file["a/key"], file)]
    data = path.read_bytes()
    key, root = (place.to_bytes(8, "little") for place in places)
    for at in range(len(data) - 3):  # the link leads back to the root, and the data set has none
        if data[at : at + 4] == b"SNOD" and (found := data.find(key, at, at + 328)) > 0:
            data = data[:found] + root + data[found + 8 :]
    path.write_bytes(data)
    with h5py.File(path) as file:
        assert file["a/key"] == file
        assert file[reference_in(file)][:].tobytes() == KEY
    refused(path, "an object without a name leads to another file")


def reference_in(file):
    if "order" in file.attrs:
        return file.attrs["order"]
    last = file["order"][-1]
    return last["series"] if file["order"].dtype.names else last


def test_cycles_end(folder):
    with h5py.File(folder / "rec.h5", "w") as file:
        inner = file.create_group("a/b")
        inner["up"] = file["a"]
        inner["top"] = file["/"]
        inner["soft"] = h5py.SoftLink("/a/b")
        inner["nowhere"] = h5py.SoftLink("/c")
        file["a/gone"] = h5py.ExternalLink("not-fetched.h5", "/x")
        inner.attrs["none"] = h5py.Empty("f4")
    with h5py.File(folder / "not-fetched.nwb", "w") as other:
        other["back"] = h5py.ExternalLink("rec.h5", "/")
    with h5py.File(folder / "rec.h5", "a") as file:
        file["other"] = h5py.ExternalLink("not-fetched.nwb", "/")
    with open_hdf5(folder / "rec.h5") as file:
        assert "a/b/up/b/top" in file


def test_thousands_of_objects_are_quick(folder):
    with h5py.File(folder / "rec.h5", "w") as file:
        for i in range(3000):
            group = file.create_group(f"g{i}")
            group.attrs["neurodata_type"] = "TimeSeries"
            group["data"] = np.zeros(2)
    began = time.perf_counter()
    with open_hdf5(folder / "rec.h5"):
        assert time.perf_counter() - began < 5


def test_many_references_are_quick(folder):
    with h5py.File(folder / "rec.h5", "w") as file:
        reference = file.create_dataset("a", data=[1]).ref
        file.create_dataset("plain", data=[reference] * 200_000, dtype=h5py.ref_dtype)
        rows = np.zeros(100, [("count", int), ("series", h5py.ref_dtype)])
        rows["series"] = reference
        file["rows"] = rows
        file.create_dataset("unwritten", (10**8,), h5py.ref_dtype, chunks=(10**6,))
    began = time.perf_counter()
    with open_hdf5(folder / "rec.h5"):
        assert time.perf_counter() - began < 1.5


def test_references_beyond_measure_are_refused(folder):
    with h5py.File(folder / "rec.h5", "w") as file:
        reference = file.create_dataset("a", data=[1]).ref
        many = file.create_dataset("b", (10**12,), h5py.ref_dtype, chunks=(1000,))
        many[0] = reference
    refused(folder / "rec.h5", "a list of references would take 8,000.0 GB")
    with h5py.File(folder / "rec.h5", "w") as file:
        file.create_dataset("b", (400, 400), h5py.ref_dtype)[0, 0] = file.ref
    refused(folder / "rec.h5", "160,000 references")


def test_dataset_beyond_the_budget_is_refused_before_it_is_read(folder):
    with h5py.File(folder / "rec.h5", "w") as file:
        data = file.create_dataset("a", (10**6, 10**6), "f8", chunks=(10, 10))
        with pytest.raises(IsomorphError, match=r"rec.h5: a: .* would take 8,000.0 GB of memory"):
            afford_dataset(data, "rec.h5: a")
        afford_dataset(data, "rec.h5: a", slice(100))
        afford_dataset(data, "rec.h5: a", (..., 3))


def test_values_of_a_recording_beyond_the_budget_are_not_read(folder):
    with h5py.File(folder / "rec.h5", "w") as file:
        data = file.create_dataset("a", (10**5, 10**5), "f8", chunks=(10, 10))
        with pytest.raises(IsomorphError, match=r"rec.h5: a: .* would take 80.0 GB of memory"):
            part(data, (), "rec.h5: a")
        assert part(data, (slice(2), 3), "rec.h5: a").tolist() == [0.0, 0.0]


def test_what_is_no_hdf5_is_a_sentence(folder):
    refused(folder / "no.h5", "no.h5: no such file")
    (folder / "a.h5").write_bytes(b"\x89HDF\r\n\x1a\n" + bytes(100))
    refused(folder / "a.h5", "cannot be read as an HDF5 file")


@pytest.mark.parametrize("written", [True, False])
def test_compressed_zeros_are_refused_as_the_file_is_opened(folder, monkeypatch, written):
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "20")
    with h5py.File(folder / "bomb.nwb", "w") as file:
        data = file.create_dataset("a/b", (30_000_000,), "u1", chunks=(10**6,), compression=9)
        if written:
            data[:] = 0
    assert (folder / "bomb.nwb").stat().st_size < 60_000
    refused(
        folder / "bomb.nwb", "bomb.nwb: /a/b: ", "would take 30.0 MB of memory, more than the 20.0"
    )
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "40")
    with open_hdf5(folder / "bomb.nwb"):
        pass


def test_large_data_that_are_there_are_opened(folder, monkeypatch):
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "1")
    with h5py.File(folder / "large.nwb", "w") as file:
        file.create_dataset("a", data=np.random.default_rng(0).random(200_000), compression=1)
        file.create_dataset("b", data=np.arange(300_000) // 100, compression=9)
    with open_hdf5(folder / "large.nwb") as file:
        assert file["a"].shape == (200_000,)
