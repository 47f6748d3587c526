"""A remote HDF5 file may name other files; none of this machine's is ever read for it."""

import h5py
import numpy as np
import pytest
from dandi_study import refused

from isomorph.archives.streaming import choose, copy_choice


@pytest.fixture
def own(tmp_path):
    """A file of the user's own."""
    with h5py.File(tmp_path / "own.h5", "w") as file:
        file["group/secret"] = np.arange(8)
    (tmp_path / "own.bin").write_bytes(b"password")
    return tmp_path


def raw(file, own):
    storage = [(str(own / "own.bin"), 0, 8)]
    file.create_dataset("units/leak", (8,), "u1", external=storage)


def virtual(file, own):
    layout = h5py.VirtualLayout((8,), "i8")
    layout[:] = h5py.VirtualSource(str(own / "own.h5"), "group/secret", (8,))
    file.create_virtual_dataset("units/leak", layout)


def link_over_a_link(file, own):
    file["other"] = h5py.ExternalLink(str(own / "own.h5"), "/group")
    file["units/leak"] = h5py.SoftLink("/other/secret")


@pytest.mark.parametrize("write", [raw, virtual, link_over_a_link])
def test_values_that_stand_in_another_file_are_refused(own, write):
    with h5py.File(own / "remote.h5", "w") as file:
        file.create_group("units")
        write(file, own)
    with h5py.File(own / "remote.h5") as file:
        assert file["units/leak"].shape == (8,)  # so would they be read
        refused(lambda: choose(file, ["units/leak"], "a.nwb"), "a.nwb", "in another file")


def test_a_link_to_another_file_is_passed_over(own):
    with h5py.File(own / "remote.h5", "w") as file:
        file["units/id"] = [1]
        file["units/leak"] = h5py.ExternalLink(str(own / "own.h5"), "/group/secret")
    with h5py.File(own / "remote.h5") as file, h5py.File(own / "slim.h5", "w") as slim:
        copy_choice(file, choose(file, ["units"], "a.nwb"), slim)
        assert list(slim["units"]) == ["id"]
