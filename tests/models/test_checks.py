"""Files and functions that a model names are looked for before anything runs."""

import re
import sys

import pytest
import yaml

from isomorph.cli import open_study
from isomorph.errors import IsomorphError
from isomorph.models import SOURCES
from isomorph.study import StudyError

HEAVY = """
import os.path as paths
from elsewhere import borrowed
raise RuntimeError("a module of a user is not imported")
def net(seed=None):
    def inner(): ...
class Net: ...
try:
    other = net
except ImportError:
    async def late(): ...
first, (second, *rest) = net, (net,)
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "heavy.py").write_text(HEAVY)
    (tmp_path / "package" / "deep").mkdir(parents=True)
    (tmp_path / "package" / "__init__.py").write_text("raise RuntimeError\nfrom x import made\n")
    (tmp_path / "package" / "deep" / "nets.py").write_text("from x import *\n")
    (tmp_path / "package" / "by_name.py").write_text("globals()['net'] = print\n")
    (tmp_path / "package" / "asked.py").write_text("def __getattr__(name): ...\n")
    (tmp_path / "torn.py").write_text("def net(:\n")
    (tmp_path / "latin.py").write_bytes("name = 'caf\xe9'\n".encode("latin-1"))
    return tmp_path


def check(folder, source):
    SOURCES[source].check(source.partition("/")[2], folder)


@pytest.mark.parametrize(
    "name",
    [
        *("heavy:net", "heavy:Net", "heavy:other", "heavy:late", "heavy:rest", "heavy:borrowed"),
        *("heavy:paths", "package:made", "package.deep.nets:any", "package.by_name:net"),
        *("package.asked:net", "json:loads", "xml.dom.minidom:parse", "math:sqrt"),
    ],
)
def test_a_function_is_found_without_running_its_module(folder, name):
    before, path = set(sys.modules), list(sys.path)
    check(folder, f"python/{name}")
    assert sys.path == path
    assert not {"heavy", "package", "xml.dom.minidom"} & (set(sys.modules) - before)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("python/nowhere:net", r"no module nowhere, neither the file .*nowhere\.py nor among"),
        ("python/package.nowhere:net", r"no module package\.nowhere, neither the file .*nowhere"),
        ("python/heavy.part:net", r"no module heavy\.part, neither the file .*part\.py nor"),
        ("python/heavy:nett", r'no function "nett" in .*heavy\.py, did you mean "net"'),
        ("python/heavy:inner", r'no function "inner" in .*heavy\.py'),
        ("python/package.deep:net", r'no function "net" in .*deep, a folder'),
        ("python/torn:net", r"cannot be read: .*torn\.py, line 1: SyntaxError"),
        ("python/latin:net", r"cannot be read: .*latin\.py, line \d+: SyntaxError"),
        ("python/heavy", "expected python/<module>:<function>"),
        ("onnx/nowhere.onnx", r"nowhere\.onnx: no such ONNX file; a path is read from beside"),
        ("onnx/package", "is not an ONNX file; write onnx/<file>"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(folder, source, message):
    with pytest.raises(IsomorphError, match=message) as caught:
        check(folder, source)
    assert "\n" not in str(caught.value)


def test_an_onnx_file_beside_or_anywhere_is_found(tmp_path):
    (tmp_path / "net.onnx").write_bytes(b"")
    (tmp_path / "models").mkdir()
    check(tmp_path, "onnx/net.onnx")
    check(tmp_path / "models", "onnx/../net.onnx")
    check(tmp_path / "models", f"onnx/{tmp_path}/net.onnx")


DATASET = {
    "name": "d", "title": "D", "citation": "none", "licence": "none", "species": "none",
    "subjects": ["one"],
    "archive": {"kind": "local", "path": "files"},
    "stimuli": {"kind": "folder", "files": "*.png"},
    "responses": {"kind": "arrays", "responses": "r.npy", "presentations": "p.csv",
                  "units": "u.csv"},
}  # fmt: skip


def test_each_model_of_a_study_is_looked_for_beside_its_own_file(folder):
    pytest.importorskip("onnx", reason="onnx is not installed")
    size = {"size": 8, "mean": [0.5, 0.5, 0.5], "std": [1, 1, 1]}
    files = {
        "graph": {"source": "onnx/net.onnx", "preprocessing": size, "layers": "all"},
        "mine": {"source": "python/heavy:net"},  # stands beside the study, not beside this file
        "near": {"source": "python/near:net"},
    }
    for name in ("models", "datasets"):
        (folder / name).mkdir()
    (folder / "models" / "near.py").write_text("def net(): ...\n")
    (folder / "datasets" / "d.yaml").write_text(yaml.safe_dump(DATASET))
    for name, spec in files.items():
        text = yaml.safe_dump({"name": name, "title": name, **spec})
        (folder / "models" / f"{name}.yaml").write_text(text)
    study = folder / "study.yaml"
    models = [*files, "python/heavy:net"]
    study.write_text(yaml.safe_dump({"name": "s", "title": "S", "datasets": ["d"],
                                     "models": models}))  # fmt: skip
    open_study(study)
    with pytest.raises(StudyError) as caught:
        open_study(study, thorough=True)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert re.search(r"graph\.yaml.*net\.onnx: no such ONNX file", lines[0])
    assert re.search(r"mine\.yaml.*no module heavy", lines[1])
