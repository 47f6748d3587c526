"""What CONTRIBUTING.md says of other packages, done as it says."""

import re
import subprocess
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from isomorph import registry
from isomorph.errors import IsomorphError
from isomorph.registry import Registry

GUIDE = Path(__file__).parents[2] / "CONTRIBUTING.md"

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
assert "extras/edges" in SOURCES
assert SOURCES["extras/edges"].network(None).module[0].weight.sum() == 0
assert provenance("compare").packages["isomorph-extras"] == "0.1"
print("used")
"""


def blocks(language):
    return re.findall(rf"```{language}\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.fixture
def extras(tmp_path):
    """The guide's package as an installer lays it out, in a folder to be put on the path."""
    (project,) = blocks("toml")
    (code,) = blocks("python")
    (tmp_path / "isomorph_extras.py").write_text(code)
    folder = tmp_path / "isomorph_extras-0.1.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: isomorph-extras\nVersion: 0.1\n")
    points = re.sub(r'\[project.entry-points."(.*)"\]', r"[\1]", project.split("\n\n", 1)[1])
    (folder / "entry_points.txt").write_text(points.replace('"', ""))
    return tmp_path


def test_package_of_the_guide_adds_a_measure_a_distance_and_a_model(extras):
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(extras)!r})\n{USE}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout == "used\n", done.stderr


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
