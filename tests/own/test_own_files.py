"""Which files of a user's own decide a model, found without running its code."""

import sys

import numpy as np
import pytest

from isomorph.errors import IsomorphError
from isomorph.own import external_data, own_digests, own_files

NET = """
import pathlib
import torch
from layers import Net
from parts.blocks import block
def build():
    return Net(torch.load(pathlib.Path(__file__).with_name("mynet.pt")))
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "mynet.py").write_text(NET)
    (tmp_path / "layers.py").write_text("import helpers\nclass Net: ...\n")
    (tmp_path / "helpers.py").write_text("import json, numpy\n")
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "__init__.py").write_text("")
    (tmp_path / "parts" / "blocks.py").write_text("from . import deeper\nfrom .side import *\n")
    (tmp_path / "parts" / "deeper.py").write_text("")
    (tmp_path / "parts" / "side.py").write_text("from importlib import import_module\n"
                                                "import_module('late')\n")  # fmt: skip
    (tmp_path / "late.py").write_text("")
    (tmp_path / "other.py").write_text("")
    (tmp_path / "mynet.pt").write_bytes(b"weights")
    (tmp_path / "other.pt").write_bytes(b"of another")
    return tmp_path


def names(folder, source="python/mynet:build"):
    return set(own_digests(source, folder))


def test_a_module_what_it_imports_and_the_weights_it_names(folder):
    assert names(folder) == {
        "mynet.py", "mynet.pt", "layers.py", "helpers.py", "late.py",
        "parts/__init__.py", "parts/blocks.py", "parts/deeper.py", "parts/side.py",
    }  # fmt: skip


@pytest.mark.parametrize("name", ["mynet.py", "layers.py", "helpers.py", "late.py", "mynet.pt",
                                  "parts/__init__.py", "parts/deeper.py"])  # fmt: skip
def test_each_of_them_changes_the_digests_and_others_do_not(folder, name):
    before = own_digests("python/mynet:build", folder)
    (folder / "other.py").write_text("changed = 1")
    (folder / "other.pt").write_bytes(b"changed")
    assert own_digests("python/mynet:build", folder) == before
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n# more")
    after = own_digests("python/mynet:build", folder)
    assert [key for key in after if after[key] != before[key]] == [name]


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ('open(HERE / "weights" / "a.npy")', {"weights/a.npy", "weights/b.safetensors"}),
        ('load_file(HERE / "weights/b.safetensors")', {"weights/b.safetensors"}),
        ('load_file(HERE / "weights" / f"{size}.safetensors")',
         {"weights/a.npy", "weights/b.safetensors"}),
        ('torch.load(HERE / (name + ".pt"))', {"mynet.pt", "other.pt"}),
        ('torch.load(HERE / f"my{kind}.pt")', {"mynet.pt"}),
        ('torch.load("{}net.pt".format(kind))', {"mynet.pt"}),
        ('torch.load("%s.pt" % name)', {"mynet.pt", "other.pt"}),
        ('HERE.glob("*.pt")', {"mynet.pt", "other.pt"}),
        ('open("https://example.org/mynet.pt")', set()),
        ('print("nothing", ".", "..", "*", "/")', set()),
    ],
)  # fmt: skip
def test_data_by_any_way_its_name_is_written(folder, line, found):
    (folder / "weights").mkdir()
    (folder / "weights" / "a.npy").write_bytes(b"a")
    (folder / "weights" / "b.safetensors").write_bytes(b"b")
    (folder / "mynet.py").write_text(f"def build(name, kind, size):\n    {line}\n")
    assert names(folder) == {"mynet.py"} | found


def test_a_file_named_from_the_current_folder(folder, tmp_path, monkeypatch):
    (tmp_path / "run").mkdir()
    monkeypatch.chdir(tmp_path / "run")
    (tmp_path / "run" / "w.npy").write_bytes(b"w")
    (folder / "mynet.py").write_text('open("w.npy")')
    assert names(folder) == {"mynet.py", "run/w.npy"}


def test_code_elsewhere_counts_unless_it_is_installed(folder, tmp_path, monkeypatch):
    library = tmp_path / "mine" / "mylib"
    library.mkdir(parents=True)
    (library / "__init__.py").write_text("")
    (library / "nets.py").write_text("from .blocks import b\nimport torch, yaml, collections.abc\n")
    (library / "blocks.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path / "mine"))
    found = own_files("python/mylib.nets:build", folder)
    assert [file.name for file in found] == ["__init__.py", "nets.py", "blocks.py"]
    assert own_files("python/torch.nn:Linear", folder) == []
    assert own_files("python/nowhere.at_all:build", folder) == []
    assert own_files("baseline/pixels", folder) == []


def test_code_that_cannot_be_read_is_hashed_as_it_is(folder):
    (folder / "mynet.py").write_text("def build(:\n")
    assert names(folder) == {"mynet.py"}
    (folder / "mynet.py").write_bytes(b"\xff\x00")
    assert names(folder) == {"mynet.py"}
    sys.modules.pop("mynet", None)


def test_files_that_refer_to_each_other_end(folder):
    (folder / "layers.py").write_text("import mynet\n")
    assert "layers.py" in names(folder)


# ---------------------------------------------------------------- graphs


def graph(file, *, location="net.onnx.data", scale=1.0):
    onnx = pytest.importorskip("onnx")
    values = (scale * np.arange(12, dtype=np.float32)).reshape(3, 4)
    model = onnx.helper.make_model(
        onnx.helper.make_graph(
            [onnx.helper.make_node("MatMul", ["x", "w"], ["y"])],
            "g",
            [onnx.helper.make_tensor_value_info("x", 1, [1, 3])],
            [onnx.helper.make_tensor_value_info("y", 1, [1, 4])],
            [onnx.numpy_helper.from_array(values, "w")],
        )
    )
    onnx.save_model(
        model, file, save_as_external_data=True, location="net.onnx.data", size_threshold=0
    )
    if location != "net.onnx.data":
        made = onnx.load(file, load_external_data=False)
        made.graph.initializer[0].external_data[0].value = location
        file.write_bytes(made.SerializeToString())


def test_weights_beside_a_graph_count(tmp_path):
    graph(tmp_path / "net.onnx")
    before = own_digests("onnx/net.onnx", tmp_path)
    assert set(before) == {"net.onnx", "net.onnx.data"}
    (tmp_path / "net.onnx.data").unlink()
    graph(tmp_path / "net.onnx", scale=2.0)
    after = own_digests("onnx/net.onnx", tmp_path)
    assert after["net.onnx"] == before["net.onnx"]
    assert after["net.onnx.data"] != before["net.onnx.data"]


@pytest.mark.parametrize("place", ["../secret", "/etc/hostname", "link"])
def test_weights_of_a_graph_stand_in_its_folder(tmp_path, place):
    inner = tmp_path / "inner"
    inner.mkdir()
    (tmp_path / "secret").write_bytes(bytes(100))
    (inner / "link").symlink_to(tmp_path / "secret")
    graph(inner / "net.onnx", location=place)
    with pytest.raises(IsomorphError, match="outside the folder that it belongs to"):
        external_data(inner / "net.onnx")
    assert set(own_digests("onnx/net.onnx", inner)) == {"net.onnx"}


def test_weights_of_a_graph_that_are_gone_are_said(tmp_path):
    graph(tmp_path / "net.onnx")
    (tmp_path / "net.onnx.data").unlink()
    with pytest.raises(IsomorphError, match=r'"net\.onnx\.data", which is not there'):
        external_data(tmp_path / "net.onnx")
