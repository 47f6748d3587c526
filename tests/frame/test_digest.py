import shutil
from pathlib import Path

import pytest

import isomorph
from isomorph import digest
from isomorph.cli.stages import STAGES
from isomorph.making import DECLARED

FORMULA = '''"""A room."""
from isomorph.deep import constant


def area(radius):
    """Area of a circle."""
    # a comment
    return constant() * radius**2
'''
WORDS = FORMULA + "\n\nCIRCLE = dict(of=area, avoid='Where nothing is round.')\n"
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


def test_words_about_a_measure_change_nothing_and_what_it_computes_does(package):
    room = package / "room" / "__init__.py"
    room.write_text(WORDS)
    before = now()
    room.write_text(WORDS.replace("round", "a square").replace("avoid", "definition"))
    assert now() == before
    room.write_text(WORDS.replace("of=area", "of=constant"))
    assert now() != before


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
        if entry and not entry.startswith("isomorph.stages.fetch")  # bytes depend on no code
    }
)


NO_STAGE = (
    *("inference." + one for one in ("asking", "beyond", "compare", "given", "keywords")),
    *("inference." + one for one in ("lined_up", "result", "similarity_map", "vectors")),
    *("inference." + one for one in ("many_given", "measured", "predict.in_hand")),
    *("inference." + one for one in ("drawings", "given_controls", "given_stimuli", "view")),
    *("rdms." + one for one in ("exchange", "layers_in_hand", "lined_up", "rdm", "spheres")),
    "rdms.unnamed",
)
"""What notebooks and tools beside the stages use; no artefact depends on it."""


OF_OTHERS = {
    "isomorph.stages.stimuli": {
        *("isomorph.stimuli." + one for one in ("film", "film.frames_by_film", "variable")),
    },
    "isomorph.stages.rdms": {"isomorph.rdms.features", "isomorph.rdms.unit_responses"},
    "isomorph.stages.compare": {"isomorph.inference.random_effects"},
}
"""Modules of a room that other stages alone use."""


BEHIND = {
    "isomorph.stages.compare": "isomorph.inference",
    "isomorph.stages.explain": "isomorph.inference.explain",
    "isomorph.stages.predict": "isomorph.inference.predict",
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
    expected = {
        name for name in expected if not any(f"{name}.".startswith(f"{one}.") for one in others)
    }
    seen: dict[str, str] = {}
    digest._collect(stage, seen)
    expected = expected - {room} - OF_OTHERS.get(stage, set()) | {stage}
    assert expected
    assert expected - set(seen) == set()


def test_the_digest_of_activations_sees_every_module_about_models():
    root = Path(isomorph.__file__).parent
    files = [
        file.relative_to(root).with_suffix("").parts
        for file in root.glob("models/**/*.py")
        if "import" in file.read_text()  # a package may be no more than its name
    ]
    expected = {".".join(["isomorph", *parts]).removesuffix(".__init__") for parts in files}
    seen: dict[str, str] = {}
    digest._collect("isomorph.stages.activations", seen)
    # Of networks in hand alone, and what check tells.
    unused = {f"isomorph.models.{one}" for one in ("named_layers", "outline", "tangent")}
    assert expected - set(seen) == unused


RDMS, FEATURES = {"brain_rdms", "model_rdms"}, {"compare", "predict"}
INFERENCE = {"compare", "explain", "predict", "recover"}
SPIKES = {"population", "tuning"}
SHAPES = {"brain_topology", "model_topology", "topology"}
TESTED = {*INFERENCE, *SHAPES, "tuning"}
MADE_BY = {
    "archives/manifest.py": {"stimuli", "responses", "activations", "report", *SPIKES},
    "archives/download.py": set(),
    "archives/package.py": set(),
    "archives/__init__.py": set(),
    "stimuli/near_duplicates.py": {"stimuli"},
    "responses/nwb/counts.py": {"responses", *SPIKES},
    "responses/bids/glm.py": {"responses"},
    "responses/notebook.py": set(),
    "responses/splits.py": {"reliability", *RDMS, *FEATURES, *SHAPES},
    "models/fold.py": {"activations"},
    "geometry/covariance.py": {"responses", *RDMS, *TESTED},
    "geometry/dimensionality.py": {"activations", *RDMS, *TESTED},
    "rdms/brain.py": {*RDMS, *FEATURES, *SHAPES},
    "measures/kendall.py": TESTED,
    "measures/tiled/roots.py": TESTED,
    "inference/clusters.py": {"compare"},
    "inference/planted.py": {"compare"},
    "inference/explain/weighted_models.py": {"explain"},
    "inference/trust/rates.py": {"recover"},
    "inference/asking.py": set(),
    "simulation/gaussian.py": {"recover"},
    "figures/power.py": {"figures", "report"},
    "report/best.py": {"report"},
    "catalogue/compared.py": {"report"},
    "results.py": set(),
    "saved.py": set(),
    "cli/tools.py": set(),
}
"""Stages whose artefacts are stale when a module is edited, among those that decide numbers."""

WORDED = {"figures", "summarise", "report"}
"""Stages that no number comes from: they know the names of distances and measures."""


@pytest.fixture(scope="module")
def copied(tmp_path_factory):
    """A copy of the whole package, to be edited."""
    root = tmp_path_factory.mktemp("copied") / "isomorph"
    shutil.copytree(Path(isomorph.__file__).parent, root, ignore=shutil.ignore_patterns("*.pyc"))
    return root


def digests():
    stages = (stage for stage in DECLARED if stage != "fetch")
    return {stage: digest.code_digest(*DECLARED[stage].code()) for stage in stages}


@pytest.mark.parametrize("module", MADE_BY)
def test_an_edited_module_makes_stale_what_it_decides_and_nothing_else(copied, monkeypatch, module):
    monkeypatch.setattr(digest, "__file__", str(copied / "digest.py"))
    before, text = digests(), (copied / module).read_text()
    (copied / module).write_text(text + "\nEDITED = 1\n")
    after = digests()
    (copied / module).write_text(text)
    stale = {stage for stage, one in before.items() if after[stage] != one}
    if MADE_BY[module] & WORDED:
        assert stale == MADE_BY[module]
    else:
        assert stale - WORDED == MADE_BY[module]


def test_a_new_settings_key_makes_nothing_stale(package):
    room = package / "room" / "__init__.py"
    room.write_text("from isomorph.study import Study\n" + room.read_text())
    (package / "study").mkdir()
    settings = package / "study" / "__init__.py"
    settings.write_text("class Study: key = 1\n")
    before = now()
    settings.write_text("class Study: key = 1; another = 2\n")
    assert now() == before


# ---------------------------------------------------------------- what is kept of sources


@pytest.fixture
def parsed(monkeypatch):
    """The syntax trees that are looked through; every process is a new one."""
    trees, imports = [], digest._imports

    def noted(tree):
        trees.append(tree)
        return imports(tree)

    monkeypatch.setattr(digest, "_imports", noted)
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    return trees


def anew():
    """The digest as a new process finds it."""
    digest._read.cache_clear()
    digest._parsed.cache_clear()
    return now()


def test_what_is_kept_spares_parsing_and_changes_nothing(package, parsed):
    first = anew()
    assert len(parsed) == 2
    assert anew() == first
    assert len(parsed) == 2
    kept = list(package.rglob("__pycache__/*"))
    assert [file.suffix for file in kept] == [".json"]
    assert digest.files_digest("isomorph.room") == digest.files_digest("isomorph.other")


def test_only_what_changed_is_parsed_again(package, parsed):
    first = anew()
    (package / "deep.py").write_text(DEEP.replace("3.14", "3.15"))
    second = anew()
    assert len(parsed) == 3
    assert second != first
    (package / "deep.py").write_text(DEEP)
    assert anew() == first


@pytest.mark.parametrize("broken", [b"", b"{", b"[1]", b'{"a": 1}', b'{"a": ["b", 2]}', b"\xff"])
def test_a_broken_note_is_made_again(package, parsed, broken):
    first = anew()
    (kept,) = package.rglob("__pycache__/*")
    kept.write_bytes(broken)
    assert anew() == first
    assert len(parsed) == 4
    assert anew() == first
    assert len(parsed) == 4


def test_nothing_is_kept_where_nothing_may_be_written(package, parsed, monkeypatch):
    monkeypatch.setattr("sys.dont_write_bytecode", True)
    assert anew() == anew()
    assert not list(package.rglob("__pycache__"))
    monkeypatch.setattr("sys.dont_write_bytecode", False)
    (package / "__pycache__").write_text("a file in its place")
    assert anew() == anew()


def test_a_name_that_becomes_a_module_is_followed(package):
    before = anew()
    (package / "deep.py").unlink()
    (package / "deep").mkdir()
    (package / "deep" / "__init__.py").write_text(DEEP)
    assert anew() == before
    (package / "deep" / "constant.py").write_text("x = 1\n")
    assert anew() != before
