import errno
import subprocess
import sys

import numpy as np
import pytest
import xarray as xr

from isomorph.artefacts import (
    Provenance,
    artefact_kind,
    provenance,
    read_array,
    read_attributes,
    read_provenance,
    read_responses,
    replacing,
    sha256,
    write_array,
    write_responses,
)
from isomorph.errors import IsomorphError
from isomorph.foreign.hdf5 import try_together


def rdms(n_stimuli=4, n_rdms=2):
    names = np.array([f"s{i}" for i in range(n_stimuli)], dtype=object)
    a, b = np.triu_indices(n_stimuli, 1)

    def each(value):
        return ("representation", np.array([value] * n_rdms, dtype=object))

    rng = np.random.default_rng(0)
    return xr.Dataset(
        {
            "correlation": (("representation", "pair"), rng.random((n_rdms, a.size))),
            "correlation_status": each("ok"), "correlation_reason": each(""),
        },
        coords={
            "region": each("V1"),
            "subject": ("representation", np.array([f"s{i}" for i in range(n_rdms)], "O")),
            "n_units": ("representation", np.full(n_rdms, 7)),
            "stimulus": ("stimulus", names),
            "stimulus_a": ("pair", names[a]), "stimulus_b": ("pair", names[b]),
        },
        attrs={"left_out": "{}"},
    )  # fmt: skip


def session(n_presentations=6, n_units=3):
    rng = np.random.default_rng(1)
    return xr.Dataset(
        {"response": (("presentation", "unit"), rng.poisson(3, (n_presentations, n_units)) * 1.0)},
        coords={
            "stimulus": ("presentation", np.array(["a", "b", "c"] * 2, dtype=object)),
            "repetition": ("presentation", np.repeat([0, 1], 3)),
            "unit": ("unit", np.array(["01", "02", "3"], dtype=object)),
            "region": ("unit", np.array(["V1", "V1", "IT"], dtype=object)),
        },
        attrs={"session": "1"},
    )


STAMP = Provenance("rdms", source="somewhere", seed=3)


def test_what_is_written_is_read_back(tmp_path):
    file = tmp_path / "deep" / "er" / "brain.nc"
    write_array(file, rdms(), "rdms", STAMP)
    back = read_array(file, "rdms")
    np.testing.assert_array_equal(back["correlation"], rdms()["correlation"])
    assert back["stimulus"].values.tolist() == ["s0", "s1", "s2", "s3"]
    stamp = read_provenance(file)
    assert stamp == STAMP.holding(stamp.contents)
    assert artefact_kind(file) == "rdms"


def test_any_tool_can_open_it(tmp_path):
    import h5py

    write_array(tmp_path / "a.nc", rdms(), "rdms", STAMP)
    with h5py.File(tmp_path / "a.nc") as file:
        assert file["correlation"].shape == (2, 6)


def test_sessions_are_read_back_with_ids_that_look_like_numbers(tmp_path):
    file = tmp_path / "x.nc"
    attributes = {"dataset": "d", "subject": "x"}
    write_responses(file, {"1": session(), "2": session()}, attributes, STAMP)
    back = read_responses(file)
    assert list(back) == ["1", "2"]
    assert back["2"]["unit"].values.tolist() == ["01", "02", "3"]
    np.testing.assert_array_equal(back["1"]["response"], session()["response"])
    assert read_attributes(file)["subject"] == "x"


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_an_rdm_that_is_finite_in_part_is_refused(tmp_path, bad):
    data = rdms()
    data["correlation"][0, :3] = bad
    with pytest.raises(IsomorphError, match='in 1 of 2 RDMs "correlation" is not what its status'):
        write_array(tmp_path / "a.nc", data, "rdms", STAMP)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("status", ["undefined", "absent"])
def test_what_has_no_rdm_is_missing_throughout(tmp_path, status):
    data = rdms()
    data["correlation_status"][0] = status
    with pytest.raises(IsomorphError, match="expected numbers alone, or none where there is no"):
        write_array(tmp_path / "a.nc", data, "rdms", STAMP)
    data["correlation"][0] = np.nan
    write_array(tmp_path / "a.nc", data, "rdms", STAMP)
    data["correlation_status"][0] = "no_halves"
    with pytest.raises(IsomorphError, match="in 1 of 2 RDMs"):
        write_array(tmp_path / "a.nc", data, "rdms", STAMP)


def test_dimensions_that_may_be_absent_come_in_their_order(tmp_path):
    kinds = ("correlation", "correlation_status", "correlation_reason")
    data = rdms().assign({name: rdms()[name].expand_dims(time=2, axis=1) for name in kinds})
    write_array(tmp_path / "a.nc", data, "rdms", STAMP)
    turned = data.assign({name: data[name].transpose("time", ...) for name in kinds})
    with pytest.raises(IsomorphError, match=r"time, representation, pair\), expected"):
        write_array(tmp_path / "a.nc", turned, "rdms", STAMP)


def test_wrong_dimensions_are_named_beside_the_right_ones(tmp_path):
    data = rdms().rename_dims(pair="couple")
    with pytest.raises(IsomorphError, match=r"\(couple\), expected \(pair\)") as e:
        write_array(tmp_path / "a.nc", data, "rdms", STAMP)
    assert str(tmp_path / "a.nc") in str(e.value)


@pytest.mark.parametrize("name", ["correlation_status", "stimulus_a", "region"])
def test_a_missing_variable_is_named(tmp_path, name):
    with pytest.raises(IsomorphError, match=f'no .*"{name}"'):
        write_array(tmp_path / "a.nc", rdms().drop_vars(name), "rdms", STAMP)


def test_a_missing_attribute_is_named(tmp_path):
    data = rdms()
    del data.attrs["left_out"]
    with pytest.raises(IsomorphError, match='no attribute "left_out"'):
        write_array(tmp_path / "a.nc", data, "rdms", STAMP)


def test_an_optional_variable_may_be_absent_but_not_of_another_shape(tmp_path):
    data = rdms()
    data["correlation_half"] = (("representation", "pair"), data["correlation"].values)
    with pytest.raises(IsomorphError, match="correlation_half"):
        write_array(tmp_path / "a.nc", data, "rdms", STAMP)


def test_a_bad_session_is_named(tmp_path):
    bad = session()
    bad["response"][0, 0] = np.nan
    with pytest.raises(IsomorphError, match=r"session 2.*1 values that are not finite"):
        write_responses(tmp_path / "x.nc", {"1": session(), "2": bad}, {}, STAMP)
    assert list(tmp_path.iterdir()) == []


def test_reading_says_what_a_file_is_instead(tmp_path):
    write_array(tmp_path / "a.nc", rdms(), "rdms", STAMP)
    with pytest.raises(IsomorphError, match="holds rdms, not activations"):
        read_array(tmp_path / "a.nc", "activations")
    with pytest.raises(IsomorphError, match="holds rdms, not responses"):
        read_responses(tmp_path / "a.nc")
    with pytest.raises(IsomorphError, match="no such file"):
        read_array(tmp_path / "b.nc", "rdms")
    (tmp_path / "c.nc").write_bytes(b"not HDF5 at all")
    with pytest.raises(IsomorphError, match="cannot be read as an HDF5 file"):
        read_array(tmp_path / "c.nc", "rdms")
    xr.Dataset().to_netcdf(tmp_path / "d.nc", engine="h5netcdf")
    with pytest.raises(IsomorphError, match="no artefact of isomorph"):
        read_array(tmp_path / "d.nc", "rdms")


# ---------------------------------------------------------------- nothing half-written


def test_a_failed_writer_leaves_what_was_there(tmp_path):
    file = tmp_path / "a.txt"
    file.write_text("old")

    def write():
        with replacing(file) as temporary:
            temporary.write_text("half")
            raise ValueError

    with pytest.raises(ValueError, match=r"^$"):
        write()
    assert file.read_text() == "old"
    assert list(tmp_path.iterdir()) == [file]


def test_an_interrupted_writer_leaves_nothing(tmp_path):
    def write():
        with replacing(tmp_path / "a.txt") as temporary:
            temporary.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("number", "said"),
    [(errno.ENOSPC, "disk is full"), (errno.EDQUOT, "quota"), (errno.EROFS, "read-only")],
)
def test_a_full_disk_is_one_sentence_and_nothing_is_left(tmp_path, monkeypatch, number, said):
    def full(path, _content):
        with open(path, "wb") as file:
            file.write(b"half")
        raise OSError(number, "from the system")

    monkeypatch.setattr(type(tmp_path), "write_bytes", full)
    with pytest.raises(IsomorphError, match=said) as caught:
        write_array(tmp_path / "a.nc", rdms(), "rdms", STAMP)
    assert str(tmp_path / "a.nc") in str(caught.value)
    assert list(tmp_path.iterdir()) == []


def test_a_real_full_device_is_recognised(tmp_path):
    if not (full := type(tmp_path)("/dev/full")).exists():
        pytest.skip("this system has no /dev/full")

    def write():
        with replacing(tmp_path / "a.txt"), open(full, "w") as device:
            device.write("x" * 100_000)

    with pytest.raises(IsomorphError, match="disk is full"):
        write()
    assert list(tmp_path.iterdir()) == []


LIMITED = """
import resource, sys
from pathlib import Path
import numpy as np
import xarray as xr
from isomorph.artefacts import Provenance, write_array, write_responses
from isomorph.cli import command
sys.path.insert(0, {tests!r})
from test_arrays import rdms, session

def too_much(layout):
    file = layout.root / "a.nc"
    if {kind!r} == "rdms":
        write_array(file, rdms(200), "rdms", Provenance("rdms"))
    else:
        wide = xr.concat([session()] * 400, "unit", data_vars="all", coords="minimal")
        write_responses(file, {{"1": wide}}, {{}}, Provenance("responses"))

command.load = lambda entry: too_much
command.refuse_nothing = lambda layout: None
resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000))
sys.exit(command.main(["report", "--study", {study!r}, "--root", {root!r}]))
"""


@pytest.mark.parametrize("kind", ["rdms", "responses"])
def test_a_limit_of_the_system_is_one_sentence_and_nothing_is_left(tmp_path, repository, kind):
    code = LIMITED.format(
        tests=str(repository / "tests" / "artefacts"),
        study=str(repository / "config" / "demo.yaml"),
        root=str(tmp_path),
        kind=kind,
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.returncode == 1, ran.stderr
    (line,) = ran.stderr.splitlines()
    assert line.startswith(f"isomorph: {tmp_path / 'a.nc'}: cannot be written, it grows larger")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("prepare", "said"),
    [
        (lambda top: (top / "results").write_text("x"), "a file stands where its folder should"),
        (lambda top: (top / "results" / "a.nc").mkdir(parents=True), "a folder of that name"),
    ],
)
def test_what_stands_in_the_way_is_one_sentence(tmp_path, prepare, said):
    prepare(tmp_path)
    file = tmp_path / "results" / "a.nc"
    with pytest.raises(IsomorphError, match=r"a\.nc: cannot be written") as caught:
        write_array(file, rdms(), "rdms", STAMP)
    assert said in str(caught.value)


def test_a_file_in_place_of_the_folder_is_one_sentence(tmp_path):
    (tmp_path / "results").write_text("x")
    with pytest.raises(IsomorphError, match="part of its path is a file"):
        write_array(tmp_path / "results" / "deep" / "a.nc", rdms(), "rdms", STAMP)


def test_hdf5_that_is_not_ours_is_told_apart_without_a_warning(tmp_path):
    import h5py

    with h5py.File(tmp_path / "a.nc", "w") as file:
        file["x"] = np.zeros(3)
    assert artefact_kind(tmp_path / "a.nc") == ""


# ---------------------------------------------------------------- provenance


def test_provenance_hashes_what_was_read(tmp_path):
    file = tmp_path / "in.txt"
    file.write_bytes(b"abc")
    stamp = provenance("rdms", inputs=[file], settings={"a": [1]}, code="c", seed=5)
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert stamp.inputs == {str(file): known}
    assert sha256(file) == known
    assert stamp.packages["numpy"] == np.__version__
    assert Provenance.from_json(stamp.to_json()) == stamp


@pytest.mark.parametrize("name", ["V1\x1b[2J", "V1\x00", "V1\n"])
def test_a_name_that_cannot_be_seen_is_refused(tmp_path, name):
    data = session()
    data["region"] = ("unit", np.array(["V1", name, "IT"], dtype=object))
    with pytest.raises(IsomorphError, match=r"(?s)the region \"V1.*cannot be seen"):
        write_responses(tmp_path / "a.nc", {"1": data}, {}, provenance("responses"))
    assert not (tmp_path / "a.nc").exists()


# ---------------------------------------------------------------- what a file holds


def test_a_variable_left_on_the_disk_costs_nothing_and_the_rest_is_checked(tmp_path):
    file = tmp_path / "x.nc"
    write_responses(file, {"1": session()}, {"dataset": "d", "subject": "x"}, STAMP)
    (back,) = read_responses(file, without=("response",)).values()
    assert "response" not in back
    assert back["unit"].values.tolist() == ["01", "02", "3"]
    write_array(tmp_path / "a.nc", rdms(), "rdms", STAMP)
    file = tmp_path / "a.nc"
    assert "correlation" not in read_array(file, "rdms", without=("correlation",))


@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "i8", "?", "U3", "O"])
@pytest.mark.parametrize("shape", [(), (0,), (3,), (2, 3)])
def test_what_is_hashed_is_the_same_before_writing_and_after_reading(tmp_path, dtype, shape):
    values = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype if dtype != "O" else "U3")
    data = rdms()
    data["more"] = (tuple(f"axis{i}" for i in range(len(shape))), values.astype(dtype))
    data["more"].attrs["units"] = "none"
    data = data.assign_attrs(number=3, text="", several=["a", "b"])
    write_array(tmp_path / "a.nc", data, "rdms", STAMP)
    back = read_array(tmp_path / "a.nc", "rdms")
    assert back["more"].shape == shape


def test_a_variable_or_an_attribute_that_came_or_went_is_told(tmp_path):
    import h5py

    def change(what):
        file = tmp_path / "a.nc"
        write_array(file, rdms(), "rdms", STAMP)
        with h5py.File(file, "r+") as data:
            what(data)
        with pytest.raises(IsomorphError, match=r"a\.nc") as caught:
            read_array(file, "rdms")
        return str(caught.value)

    def went(data):
        data["n_units"].attrs["units"] = "steps"

    def other(data):
        data.attrs["left_out"] = '{"V1": "nothing"}'

    def unsealed(data):
        data.attrs["provenance"] = data.attrs["provenance"].replace("somewhere", "elsewhere")

    assert '"n_units" has changed since the file was written' in change(went)
    assert '"attributes" has changed since the file was written' in change(other)
    assert "its provenance has changed since it was written" in change(unsealed)


def endless(file):
    """Let the free space of a heap of texts be 0 bytes long, over which HDF5 never gets."""
    content = bytearray(file.read_bytes())
    heap = content.index(b"GCOL")
    end = heap + int.from_bytes(content[heap + 8 : heap + 16], "little")
    place = heap + 16
    while int.from_bytes(content[place : place + 2], "little"):  # what is not in use has number 0
        size = int.from_bytes(content[place + 8 : place + 16], "little")
        place += 16 + -(-size // 8) * 8
        assert place < end
    content[place + 8 : place + 16] = bytes(8)
    file.write_bytes(content)


def test_a_header_in_which_hdf5_never_comes_to_an_end_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("isomorph.foreign.trial.SECONDS", 1)
    file = tmp_path / "a.nc"
    write_array(file, rdms(), "rdms", STAMP)
    endless(file)
    for read in (read_provenance, artefact_kind, lambda file: read_array(file, "rdms")):
        with pytest.raises(IsomorphError, match=r"a\.nc: cannot be read as .* processor's time"):
            read(file)


def test_a_file_is_tried_once_as_long_as_it_stays_the_same(tmp_path, monkeypatch):
    tried = []
    monkeypatch.setattr(
        "isomorph.foreign.hdf5.try_first", lambda look, file, what: tried.append(file) or True
    )
    file = tmp_path / "a.nc"
    write_array(file, rdms(), "rdms", STAMP)
    read_array(file, "rdms")
    read_provenance(file)
    assert tried == [file]
    write_array(file, rdms(), "rdms", STAMP)
    read_provenance(file)
    assert tried == [file, file]


def test_many_files_are_tried_together_and_each_alone_where_one_is_bad(tmp_path, monkeypatch):
    monkeypatch.setattr("isomorph.foreign.trial.SECONDS", 1)
    files = [tmp_path / f"{name}.nc" for name in "abc"]
    for file in files:
        write_array(file, rdms(), "rdms", STAMP)
    try_together([*files, tmp_path / "absent.nc", tmp_path])
    alone = []
    monkeypatch.setattr(
        "isomorph.foreign.hdf5.try_first", lambda look, file, what: alone.append(file) or True
    )
    for file in files:
        read_provenance(file)
    assert alone == []
    write_array(files[0], rdms(), "rdms", STAMP)
    endless(files[1])
    try_together(files)
    for file in (files[0], files[2]):  # to open the other here would never end
        read_provenance(file)
    assert alone == [files[0]]  # the third has not changed since it was tried
