"""Arrays in files of others: read as they are, or refused before they take time or memory."""

import io
import signal
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse
from scipy.io import loadmat, savemat

from isomorph.errors import IsomorphError
from isomorph.foreign import _loadmat
from isomorph.foreign.budget import afford
from isomorph.foreign.child import in_child
from isomorph.foreign.matlab import read_mat
from isomorph.foreign.numpy_files import read_npy, read_npz

ARRAYS = {
    "matrix": np.arange(6.0).reshape(2, 3),
    "fortran": np.asfortranarray(np.arange(6).reshape(2, 3)),
    "text": np.array(["a", "bb"]),
    "empty": np.zeros((0, 3)),
    "one": np.array(3.5),
    "rows": np.array([(1, 2.0)], dtype=[("a", int), ("b", float)]),
}


def refused(run, *said):
    with pytest.raises(IsomorphError) as caught:
        run()
    for words in said:
        assert words in str(caught.value)


# ---------------------------------------------------------------- NumPy's


def test_arrays_come_back_as_they_are(tmp_path):
    np.savez_compressed(tmp_path / "a.npz", **ARRAYS)
    found = read_npz(tmp_path / "a.npz")
    assert list(found) == list(ARRAYS)
    for name, values in ARRAYS.items():
        np.save(tmp_path / "a.npy", values)
        for one in (found[name], read_npy(tmp_path / "a.npy")):
            assert one.dtype == values.dtype
            np.testing.assert_array_equal(one, values)


def header(shape="(2,)", descr="'<f8'"):
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (63 - (len(text) + 10) % 64) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


DAMAGED = {
    "absent": (None, "no such file"),
    "empty": (b"", "cannot be read as an .npy array"),
    "half a header": (header()[:30], "cannot be read as an .npy array"),
    "no Python": (header(shape="(2,"), "cannot be read as an .npy array"),
    "an open bracket": (header(descr="'<f8"), "cannot be read as an .npy array"),
    "a shape of texts": (header(shape="('a',)"), "cannot be read as an .npy array"),
    "much cut short": (header(shape="(999,)"), "is cut short, it announces 7,992 bytes"),
    "less than nothing": (header(shape="(-1,)"), "no array has"),
    "cut short": (header() + bytes(8), "cannot be read as an .npy array"),
    "a terabyte": (header(shape="(1000000, 125000)"), "would take 1,000.0 GB of memory"),
    "objects": (header(descr="'|O'"), "holds Python objects"),
    "objects in rows": (header(descr="[('a', '|O')]"), "holds Python objects"),
}


@pytest.mark.parametrize("damage", DAMAGED)
def test_damaged_npy_is_a_sentence(tmp_path, damage):
    content, said = DAMAGED[damage]
    file = tmp_path / "a.npy"
    if content is not None:
        file.write_bytes(content)
    refused(lambda: read_npy(file), "a.npy", said)


def npz(**members):
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(f"{name}.npy", content)
    return buffer.getvalue()


def test_damaged_npz_is_a_sentence(tmp_path):
    file = tmp_path / "a.npz"
    whole = npz(
        a=header() + bytes(16), b=header(descr="'<u1'", shape="(4000,)") + bytes(range(250)) * 16
    )
    for content in (whole[:100], whole[:-30], b"", b"PK\x03\x04", whole.replace(b"\xc0", b"\x3f")):
        file.write_bytes(content)
        refused(lambda: read_npz(file), "a.npz")
    file.write_bytes(npz(a=header(descr="'|O'")))
    refused(lambda: read_npz(file), "a.npz: a: holds Python objects")


def test_compressed_zeros_are_refused_by_their_size(tmp_path, monkeypatch):
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "10")
    file = tmp_path / "a.npz"
    file.write_bytes(npz(a=header(shape="(2000000,)") + bytes(16_000_000)))
    assert file.stat().st_size < 20_000
    refused(lambda: read_npz(file), "1 arrays would take 16.0 MB of memory, more than the 10.0 MB")
    file.write_bytes(npz(a=header(shape="(2000000,)") + bytes(16)))
    refused(lambda: read_npz(file), "a.npz: a: an array of shape (2000000,)", "16.0 MB")


def test_budget_is_a_number(monkeypatch):
    afford("a", "it", 4_000_000_000)
    refused(
        lambda: afford("a", "it", 4_000_000_001), "a: it would take 4.0 GB", "ISOMORPH_MEMORY_MB"
    )
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "8000")
    afford("a", "it", 8_000_000_000)
    for text in ("lots", "-1", "0", "²"):
        monkeypatch.setenv("ISOMORPH_MEMORY_MB", text)
        refused(lambda: afford("a", "it", 1), f'ISOMORPH_MEMORY_MB: is "{text}"')


# ---------------------------------------------------------------- MATLAB's


@pytest.fixture(scope="module")
def mat(tmp_path_factory):
    file = tmp_path_factory.mktemp("mat") / "a.mat"
    struct = np.array(
        [(1, "ab", np.ones((2, 2))), (2, "c", scipy.sparse.eye(2).tocsc())],
        dtype=[("a", object), ("b", object), ("c", object)],
    )
    cell = np.empty((2, 1), object)
    cell[:, 0] = ["text", scipy.sparse.eye(3).tocsc()]
    savemat(
        file,
        {"x": ARRAYS["matrix"], "s": struct, "cell": cell, "sparse": scipy.sparse.eye(3).tocsc()},
    )
    return file


def test_variables_come_back_as_scipy_reads_them(mat):
    found, whole = read_mat(mat), loadmat(mat)
    np.testing.assert_array_equal(found["x"], whole["x"])
    assert found["s"].dtype == whole["s"].dtype
    assert found["s"].shape == whole["s"].shape
    assert found["s"]["b"][0, 1][0] == "c"
    np.testing.assert_array_equal(found["s"]["c"][0, 1], np.eye(2))
    np.testing.assert_array_equal(found["cell"][1, 0], np.eye(3))
    np.testing.assert_array_equal(found["sparse"], np.eye(3))
    assert list(read_mat(mat, ["x"])) == ["x"]
    refused(lambda: read_mat(mat, ["cel"]), 'a.mat: no variable "cel", did you mean "cell"')
    refused(lambda: read_mat(mat.with_name("no.mat")), "no.mat: no such file")


def test_damaged_mat_is_a_sentence(mat, tmp_path):
    content = mat.read_bytes()
    file = tmp_path / "a.mat"
    for damaged in (b"", content[:150], content[:200] + b"\xff" * 80 + content[280:]):
        file.write_bytes(damaged)
        refused(lambda: read_mat(file), "a.mat: cannot be read as a MATLAB file")


def test_a_mat_of_compressed_zeros_is_refused(tmp_path, monkeypatch):
    file = tmp_path / "a.mat"
    savemat(file, {"x": np.zeros(30_000_000)}, do_compression=True)
    assert file.stat().st_size < 300_000
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "100")
    refused(lambda: read_mat(file), "in 100.0 MB of memory", "ISOMORPH_MEMORY_MB")


@pytest.mark.parametrize(
    ("value", "size"),
    [
        (np.zeros((1000, 3)), 24_000),
        (np.zeros((1000, 3), np.float32), 12_000),
        (np.zeros((1000, 3), np.uint8), 3_000),
        (np.zeros((1000, 3), bool), 3_000),
        (np.array(["x" * 1000]), 4_000),
        (scipy.sparse.coo_array((1000, 3)), 24_000),
        (np.full((1000, 3), None), 24_000),
    ],
)
def test_what_a_variable_of_a_mat_takes_is_known_from_its_kind(tmp_path, value, size):
    file = tmp_path / "a.mat"
    if value.dtype == object:
        value[:] = 1.0
    savemat(file, {"x": value}, do_compression=True)
    assert _loadmat.load(str(file), None, size)[0] == ["x"]
    with pytest.raises(MemoryError):
        _loadmat.load(str(file), None, size - 1)
    assert _loadmat.load(str(file), [], size - 1) == (["x"], {})


def test_the_variables_of_a_mat_are_paid_for_together(tmp_path):
    file = tmp_path / "a.mat"
    savemat(file, {"x": np.zeros(1000), "y": np.zeros(1000)})
    assert set(_loadmat.load(str(file), None, 16_000)[1]) == {"x", "y"}
    with pytest.raises(MemoryError):
        _loadmat.load(str(file), None, 15_999)


# ---------------------------------------------------------------- another process


def test_what_ends_the_process_is_a_sentence(tmp_path):
    """The functions stand in a file of their own, as a child wants it."""
    source = tmp_path / "functions.py"
    source.write_text(
        "import os, signal, time\n"
        "import numpy as np\n"
        "def crash(): os.kill(os.getpid(), signal.SIGSEGV)\n"
        "def spin():\n"
        "    while True: pass\n"
        "def sleep(): time.sleep(60)\n"
        "def much(): return np.ones(10**8)\n"
        "def wrong(): raise KeyError('field')\n"
        "def leave(): os._exit(3)\n"
        "def odd(): return open\n"
        "def write(): print('noise'); os.write(1, b'noise'); return 1\n"
    )
    functions = {}
    exec(compile(source.read_text(), source, "exec"), functions)

    def run(name, seconds=1, size=10**8):
        return in_child(
            functions[name], where="a.mat", what="a MATLAB file", seconds=seconds, size=size
        )

    refused(lambda: run("crash"), "a.mat: cannot be read as a MATLAB file, its library crashes")
    refused(lambda: run("crash"), signal.SIGSEGV.name)
    began = time.monotonic()
    refused(lambda: run("spin"), "in 1 s of the processor's time")
    refused(lambda: run("much"), "in 100.0 MB of memory")
    refused(lambda: run("wrong"), "a.mat: cannot be read as a MATLAB file ('field')")
    refused(lambda: run("leave"), "a.mat: cannot be read as a MATLAB file")
    refused(lambda: run("odd"), "io.open is not an array")
    assert run("write") == 1
    assert time.monotonic() - began < 15


def test_the_childs_file_imports_nothing_of_isomorph():
    assert "import isomorph" not in (text := Path(_loadmat.__file__).read_text())
    assert "from isomorph" not in text
