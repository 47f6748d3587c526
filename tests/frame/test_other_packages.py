"""The packages of the pages on extensions, installed and used."""

import re
import subprocess
import sys
import tomllib
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Literal

import pytest
import yaml

sys.path.insert(0, str(Path(__file__).parents[1] / "archives"))

from one_dataset import write_study

from isomorph import registry
from isomorph.archives import ArchiveKind
from isomorph.errors import IsomorphError
from isomorph.registry import Registry
from isomorph.study import Spec, StudyError
from isomorph.study.archive import OWN, ArchiveSettings

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to"
PAGES = {kind: HOW_TO / f"new-{kind}.md" for kind in ("measure", "distance", "source", "archive")}

USE = """
import numpy as np
from isomorph.artefacts import provenance
from isomorph.measures import MEASURES
from isomorph.models import SOURCES
from isomorph.rdms import DISTANCES, geometry_of_features

draw = np.random.default_rng(0)
features = draw.normal(size=(2, 8, 20))
angles = np.stack([DISTANCES["angle"].compute(geometry_of_features(one)) for one in features])
first, second = features[0][:2]
cosine = first @ second / np.linalg.norm(first) / np.linalg.norm(second)
assert np.isclose(angles[0, 0], np.arccos(cosine))
found = MEASURES["log_pearson"].pair(angles[:1], angles[1:])
assert np.isclose(found, np.corrcoef(np.log1p(angles))[0, 1])
once = MEASURES["log_pearson"].resampled(angles[:1], angles[1:], np.ones((1, 8), dtype=int))
assert np.isclose(once[0, 0, 0], found)
squared = ((features[:, :, None] - features[:, None]) ** 2).sum(axis=-1)
rdms = squared[:, *np.triu_indices(8, 1)]
first, second = (np.linalg.svd(one - one.mean(axis=0))[0][:, 0] for one in features)
found = MEASURES["first_axis"].pair(rdms[:1], rdms[1:])
assert np.isclose(found, np.corrcoef(first, second)[0, 1] ** 2)
drawn = MEASURES["first_axis"].resampled(rdms[:1], rdms[1:], np.ones((2, 8)) + np.eye(2, 8))
assert np.isfinite(drawn).all()
assert not np.isclose(drawn[0], drawn[1]).all()
assert "extras/edges" in SOURCES
assert SOURCES["extras/edges"].network(None).module[0].weight.sum() == 0
versions = provenance("compare").packages
assert {versions[f"isomorph-{name}"] for name in ("angle", "edges", "logarithms")} == {"0.1"}
print("used")
"""


def block(page, language):
    """The first block of a page in a language, without the line that names its file."""
    code = re.search(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)[1]
    first, rest = code.split("\n", 1)
    return first.removeprefix("# "), rest


FETCH = """
import contextlib, io, sys
from pathlib import Path
from isomorph.archives import read_manifest
from isomorph.cli import main, open_study
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import Fitting
from isomorph.stages.datasets import files_of

root = Path(sys.argv[1])
study = root / "config" / "study.yaml"
options = ["--study", str(study), "--root", str(root)]


def told(command, *more):
    with contextlib.redirect_stdout(io.StringIO()) as out, contextlib.redirect_stderr(out):
        done = main([command, *options, *more])
    return done, out.getvalue()


def layout():
    return Layout(open_study(study), root)


def edit(old, new):
    file = root / "config" / "objects.yaml"
    assert old in file.read_text()
    file.write_text(file.read_text().replace(old, new))


done, said = told("check")
assert (done, "objects: 3 files of" in said) == (0, True), said
done, said = told("fetch", "--dataset", "objects")
assert done == 0, said
manifest = read_manifest(layout(), "objects")
assert [one.path for one in manifest.files] == ["1.png", "2.png", "one.nwb"]
assert manifest.archive["kind"] == "mirrorbox"
assert manifest.provenance.packages["isomorph-mirrorbox"] == "0.1"
(found,) = files_of(layout(), "objects").find("1.png")
assert found.read_bytes() == b"first"
job = Job("fetch", ("objects",))
assert Fitting(layout()).first(job) == ""

edit("- one", "- two")
said = Fitting(layout()).first(job)
assert "was made with subjects" in said, said
done, said = told("check")
assert (done, "there is no two.nwb in" in said) == (1, True), said
edit("- two", "- one")
edit("- 2.png", "- 3.png")
assert "was made with" in Fitting(layout()).first(job)
edit("- 3.png", "- 2.png")
assert Fitting(layout()).first(job) == ""

edit("box:", "bos:")
done, said = told("check")
assert (done, 'archive.bos: unknown key, did you mean "box"?' in said) == (1, True), said
assert "archive.box: is required" in said
edit("bos:", "box:")
edit("kind: mirrorbox", "kind: mirorbox")
done, said = told("check")
wanted = 'archive.kind: unknown "mirorbox", did you mean "mirrorbox"?'
assert (done, wanted in said) == (1, True), said
edit("kind: mirorbox", "kind: mirrorbox")

edit("- one", "- two")  # somebody whom nobody has fetched
(root / "box" / "two.nwb").write_bytes(b"more spikes")
done, said = told("check")
assert (done, "looked at" in said) == (0, False), said
done, said = told("fetch", "--dataset", "objects")
assert done == 0, said
assert [one.path for one in read_manifest(layout(), "objects").files][2] == "two.nwb"
print("fetched")
"""


@pytest.fixture
def extras(tmp_path):
    """The pages' packages as an installer lays them out, in a folder to be put on the path."""
    for page in PAGES.values():
        module, code = block(page, "python")
        (tmp_path / module).write_text(code)
        project = tomllib.loads(block(page, "toml")[1])
        name, points = project["project"]["name"], project["project"]["entry-points"]
        folder = tmp_path / f"{name.replace('-', '_')}-0.1.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
        lines = [
            line
            for group, members in points.items()
            for line in (f"[{group}]", *(f"{key} = {what}" for key, what in members.items()))
        ]
        (folder / "entry_points.txt").write_text("\n".join(lines) + "\n")
    return tmp_path


def told_with(extras, script, *arguments):
    """What a script says in a process that has the pages' packages."""
    code = f"import sys; sys.path.insert(0, {str(extras)!r})\n{script}"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


def test_packages_of_the_pages_add_measures_a_distance_and_a_model(extras):
    assert told_with(extras, USE) == "used\n"


def test_package_of_the_pages_adds_an_archive_that_is_fetched_like_any_other(extras, tmp_path):
    box = tmp_path / "box"
    box.mkdir()
    for name, content in {"1.png": b"first", "2.png": b"second", "one.nwb": b"spikes"}.items():
        (box / name).write_bytes(content)
    archive = {"kind": "local", "path": str(box)}
    write_study(tmp_path, archive)
    file = tmp_path / "config" / "objects.yaml"
    settings = yaml.safe_load(file.read_text())
    settings["archive"] = {"kind": "mirrorbox", "box": str(box)}
    settings["archive"]["files"] = ["1.png", "2.png", "{subject}.nwb"]
    file.write_text(yaml.safe_dump(settings))
    assert told_with(extras, FETCH, str(tmp_path)) == "fetched\n"


def test_where_no_package_adds_it_a_kind_of_archive_is_unknown(tmp_path):
    with pytest.raises(StudyError, match=r'kind: unknown "mirrorbox", known: bucket, dandi'):
        write_study(tmp_path, {"kind": "mirrorbox"})


class Own(Spec):
    kind: Literal["lab"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (ArchiveKind(Own, fetch=print), 'calls itself "lab"; entry and member need the same'),
        (3, "is of type int, expected ArchiveSettings"),
    ],
)
def test_a_kind_of_archive_that_is_none_is_refused_in_the_dataset(
    monkeypatch, tmp_path, found, said
):
    entry = EntryPoint("labs", "isomorph_none:X", "isomorph.archives")
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    monkeypatch.setattr(registry.EntryPoint, "load", lambda self: found)
    monkeypatch.setattr("isomorph.study.archive.SETTINGS", fresh())
    with pytest.raises(StudyError, match=f"archive.kind: .*{said}"):
        write_study(tmp_path, {"kind": "labs"})


def fresh():
    return Registry("archive", OWN, "isomorph.archives", ArchiveSettings)


@pytest.mark.parametrize("spec", [int, "Own", Spec])
def test_a_kind_of_archive_needs_settings_that_name_it(spec):
    with pytest.raises(TypeError, match=r"spec: must be a class|needs a field kind"):
        ArchiveKind(spec, fetch=print)


def point(monkeypatch, name, value):
    entry = EntryPoint(name, value, "isomorph.numbers")
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    return Registry("number", {"one": 1}, "isomorph.numbers", int)


def test_members_of_others_are_imported_when_they_are_asked_for(monkeypatch):
    numbers = point(monkeypatch, "most", "sys:maxsize")
    assert list(numbers) == ["one", "most"]
    assert numbers["most"] == sys.maxsize


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        (
            "broken",
            "no_such_module:X",
            r'its number "broken" .* cannot be imported: ModuleNotFound',
        ),
        (
            "words",
            "sys:version",
            r'its number "words" \(sys:version\) is of type str, expected int',
        ),
    ],
)
def test_broken_members_of_others_are_told_when_they_are_asked_for(monkeypatch, name, value, said):
    numbers = point(monkeypatch, name, value)
    assert numbers["one"] == 1
    with pytest.raises(IsomorphError, match=said):
        numbers[name]


def test_two_members_of_one_name_are_refused(monkeypatch):
    with pytest.raises(IsomorphError, match='its number "one" has the name of another'):
        list(point(monkeypatch, "one", "sys:maxsize"))


def test_members_are_called_as_their_entries(monkeypatch):
    entry = EntryPoint("other", "isomorph.measures:MEASURES", "isomorph.numbers")
    monkeypatch.setattr(registry, "entry_points", lambda group: [entry])
    monkeypatch.setattr(registry.EntryPoint, "load", lambda self: type("M", (), {"name": "x"})())
    with pytest.raises(IsomorphError, match='calls itself "x"; entry and member need the same'):
        Registry("number", {}, "isomorph.numbers")["other"]
