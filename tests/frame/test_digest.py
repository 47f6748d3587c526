from pathlib import Path

import pytest

import isomorph
from isomorph import digest
from isomorph.cli.stages import STAGES

FORMULA = '''"""A room."""
from isomorph.deep import constant


def area(radius):
    """Area of a circle."""
    # a comment
    return constant() * radius**2
'''
DEEP = '''"""Deep below."""


def constant():
    return 3.14
'''


@pytest.fixture
def package(tmp_path, monkeypatch):
    """A package of the same name with a room that imports a deeper one."""
    root = tmp_path / "isomorph"
    (root / "room").mkdir(parents=True)
    (root / "room" / "__init__.py").write_text(FORMULA)
    (root / "deep.py").write_text(DEEP)
    (root / "other.py").write_text("x = 1\n")
    monkeypatch.setattr(digest, "__file__", str(root / "digest.py"))
    return root


def now():
    return digest.code_digest("isomorph.room")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("    # a comment\n", ""),
        ("Area of a circle.", "What a circle covers."),
        ('"""A room."""', '"""Another word for it."""'),
        ("return constant()", "return  constant( )"),
    ],
)
def test_comments_docstrings_and_spaces_change_nothing(package, old, new):
    before = now()
    room = package / "room" / "__init__.py"
    assert old in room.read_text()
    room.write_text(room.read_text().replace(old, new))
    assert now() == before


@pytest.mark.parametrize(("old", "new"), [("**2", "**3"), ("radius", "r"), ("area", "surface")])
def test_a_changed_formula_changes_it(package, old, new):
    before = now()
    room = package / "room" / "__init__.py"
    room.write_text(room.read_text().replace(old, new))
    assert now() != before


def test_what_is_imported_is_followed_and_what_is_not_is_left_out(package):
    before = now()
    (package / "other.py").write_text("x = 2\n")
    assert now() == before
    (package / "deep.py").write_text(DEEP.replace("3.14", "3.15"))
    assert now() != before


def test_an_import_inside_a_function_is_followed(package):
    room = package / "room" / "__init__.py"
    room.write_text(FORMULA.replace("from isomorph.deep", "from math"))
    without = now()
    room.write_text("def f():\n    from isomorph import deep\n    return deep.constant()\n")
    before = now()
    assert before != without
    (package / "deep.py").write_text(DEEP.replace("3.14", "3.15"))
    assert now() != before


def test_what_is_named_to_be_imported_when_it_is_called_is_followed(package):
    room = package / "room" / "__init__.py"
    room.write_text('f = lazily("isomorph.deep:constant")\n')
    before = now()
    (package / "deep.py").write_text(DEEP.replace("3.14", "3.15"))
    assert now() != before


def test_circular_imports_end(package):
    (package / "deep.py").write_text("from isomorph.room import area\n" + DEEP)
    assert len(now()) == 16


def test_templates_count_by_name_and_content_and_code_does_not(package):
    page = package / "room" / "page.html"
    page.write_text("<p>")
    before = digest.files_digest("isomorph.room")
    (package / "room" / "more.py").write_text("x = 1\n")
    assert digest.files_digest("isomorph.room") == before
    page.write_text("<b>")
    changed = digest.files_digest("isomorph.room")
    assert changed != before
    page.rename(package / "room" / "other.html")
    assert digest.files_digest("isomorph.room") != changed


ROOMS = sorted(
    {
        entry.split(":")[0]
        for stage in STAGES.values()
        for entry in (stage.entry, stage.brain_entry)
        if entry
    }
)


NO_STAGE = (
    "archives.locking",
    "archives.on_disk",
    "archives.readiness",
    "archives.resolve",
    "inference.asking",
    "inference.beyond",
    "inference.compare",
    "inference.given",
    "inference.keywords",
    "inference.lined_up",
    "inference.result",
    "inference.similarity_map",
    "rdms.searchlight",
)
"""What tools beside the stages and notebooks use; no artefact depends on it."""


BEHIND = {
    "isomorph.stages.compare": "isomorph.inference",
    "isomorph.stages.explain": "isomorph.inference.explain",
    "isomorph.stages.fetch": "isomorph.archives",
    "isomorph.stages.rdms": "isomorph.rdms",
    "isomorph.stages.recover": "isomorph.inference.trust",
    "isomorph.stages.stimuli": "isomorph.stimuli",
}
"""The packages that modules of stages call."""


@pytest.mark.parametrize("stage", ROOMS)
def test_the_digest_of_a_stage_sees_every_module_of_its_room(stage):
    root, room = Path(isomorph.__file__).parent, BEHIND.get(stage, stage)
    folder = root.joinpath(*room.split(".")[1:])
    files = [*folder.rglob("*.py")] if folder.is_dir() else [folder.with_suffix(".py")]
    expected = {
        ".".join(["isomorph", *file.relative_to(root).with_suffix("").parts]).removesuffix(
            ".__init__"
        )
        for file in files
    }
    # a room within a room is a stage of its own, with a digest of its own
    inner = [one for one in (*ROOMS, *BEHIND.values()) if one.startswith(f"{room}.")]
    others = (*(f"isomorph.{one}" for one in NO_STAGE), *inner)
    below = tuple(f"{one}." for one in others)
    expected = {name for name in expected if name not in others and not name.startswith(below)}
    seen: dict[str, str] = {}
    digest._collect(stage, seen)
    expected = expected - {room} | {stage}
    assert expected
    assert expected - set(seen) == set()


def test_the_digest_of_activations_sees_every_module_about_models():
    root = Path(isomorph.__file__).parent
    files = [file.relative_to(root).with_suffix("").parts for file in root.glob("models/**/*.py")]
    expected = {".".join(["isomorph", *parts]).removesuffix(".__init__") for parts in files}
    seen: dict[str, str] = {}
    digest._collect("isomorph.stages.activations", seen)
    assert expected - set(seen) == set()


@pytest.mark.parametrize("stage", ["responses", "stimuli"])
def test_what_downloads_is_no_part_of_what_reads(stage, monkeypatch):
    # else a better retry would count every spike again
    read = []
    monkeypatch.setattr(digest, "_read", lambda file, _: (read.append(file), original(file, 0))[1])
    digest.code_digest(f"isomorph.stages.{stage}")
    names = {file.relative_to(Path(isomorph.__file__).parent).as_posix() for file in read}
    assert "archives/manifest.py" in names
    assert not names & {"archives/download.py", "archives/package.py", "archives/__init__.py"}


original = digest._read


def test_a_new_settings_key_makes_nothing_stale(package):
    room = package / "room" / "__init__.py"
    room.write_text("from isomorph.study import Study\n" + room.read_text())
    (package / "study").mkdir()
    settings = package / "study" / "__init__.py"
    settings.write_text("class Study: key = 1\n")
    before = now()
    settings.write_text("class Study: key = 1; another = 2\n")
    assert now() == before
