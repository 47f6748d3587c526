import copy
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from isomorph.errors import IsomorphError, did_you_mean
from isomorph.registry import Registry
from isomorph.study import StudyError, load_study, read_spec
from isomorph.study.dataset import DatasetSpec
from isomorph.study.model import ModelSpec
from isomorph.study.schema import SCHEMAS

CONFIG = Path(__file__).parents[2] / "config"
DEMO = yaml.safe_load((CONFIG / "demo.yaml").read_text(encoding="utf-8"))


@pytest.fixture
def config(tmp_path):
    """A copy of the configuration to spoil."""
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    return folder


def change(file, **changes):
    """Rewrite top-level keys of a YAML file; None removes one."""
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    content.update(changes)
    content = {key: value for key, value in content.items() if value is not None}
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return file


def mistakes(path, vocabulary=None):
    with pytest.raises(StudyError) as caught:
        load_study(path, vocabulary)
    return list(caught.value.mistakes)


def test_the_demo_study_is_read_whole():
    study = load_study(CONFIG / "demo.yaml")
    assert list(study.datasets) == ["kriegeskorte92", "haxby2001", "planted"]
    assert study.stimulus_set("planted") == "kriegeskorte92"
    assert study.dataset("planted").simulated
    instances = [name for name, _, _ in study.instances()]
    assert instances.count("efficientnet-lite0") == 1
    assert sum(name.startswith("efficientnet-lite0-untrained-seed") for name in instances) == 5
    assert study.instance("efficientnet-lite0-untrained-seed3")[1] == 3


def test_all_mistakes_of_one_file_come_at_once(config):
    file = change(config / "demo.yaml", models=None, titel="x", distances=[], colour="red")
    found = mistakes(file)
    assert any(line.startswith("models: is required") for line in found)
    assert 'titel: unknown key, did you mean "title"?' in found
    assert any(line.startswith("colour: unknown key, known: ") for line in found)
    assert any(line.startswith("distances:") for line in found)


def test_mistakes_of_every_file_come_at_once_with_the_file_named(config):
    change(config / "datasets" / "planted.yaml", subjects=[])
    change(config / "models" / "pixels.yaml", sourze="x")
    file = change(
        config / "demo.yaml",
        measures=["roh_a"],
        models=[*DEMO["models"], "gabbor"],
    )
    found = mistakes(file, {"measures": {"rho_a", "cka"}})
    assert any("planted.yaml: subjects:" in line for line in found)
    assert any('pixels.yaml: sourze: unknown key, did you mean "source"?' in line for line in found)
    assert any('no model "gabbor"' in line and 'did you mean "gabor"?' in line for line in found)
    assert 'measures.0: unknown "roh_a", did you mean "rho_a"?' in found


def test_every_line_of_the_message_names_the_study(config):
    file = change(config / "demo.yaml", models=None, colour="red")
    with pytest.raises(StudyError) as caught:
        load_study(file)
    lines = str(caught.value).splitlines()
    assert len(lines) == 2
    assert all(line.startswith(str(file)) for line in lines)


@pytest.mark.parametrize(
    ("setting", "change_to", "expected"),
    [
        ("distances", {"distances": ["correlaton"]}, 'did you mean "correlation"?'),
        (
            "distances",
            {"distances": [{"brain": "correlation", "model": "correlaton"}]},
            '.0.model: unknown "correlaton", did you mean "correlation"?',
        ),
        ("measures", {"measures": ["zzz"]}, "known: correlation"),
        ("inference.correction", {"inference": {"correction": "corelation"}}, "did you mean"),
    ],
)
def test_a_name_no_registry_knows(config, setting, change_to, expected):
    found = mistakes(change(config / "demo.yaml", **change_to), {setting: ["correlation"]})
    assert len(found) == 1
    assert found[0].startswith(setting)
    assert expected in found[0]


def test_a_source_no_registry_knows_names_the_models_file(config):
    change(config / "models" / "pixels.yaml", source="baseline/pixel")
    known = {"source": ["baseline/pixels", "baseline/gabor", "baseline/category"]}
    found = mistakes(config / "demo.yaml", known)
    assert any("pixels.yaml: source" in line and "baseline/pixels" in line for line in found)


BETWEEN = [
    ("models", ["efficientnet-lite0-untrained"], 'the untrained control of "efficientnet-lite0"'),
    ("datasets", ["planted"], 'stimuli are those of "kriegeskorte92"'),
    ("models", ["pixels", "gabor"], 'no model "efficientnet-lite0" in the study'),
    ("distances", ["euclidean"], 'comes as correlation RDMs only; add "correlation"'),
    (
        "distances",
        [{"brain": "euclidean", "model": "correlation"}],
        'add "correlation", or {brain: correlation, model: ...}',
    ),
    ("distances", [{"brain": "cosine", "modle": "cosine"}], "distances.0.modle: unknown key, did"),
    ("distances", ["cosine", {"brain": "cosine", "model": "cosine"}], '"cosine" is named twice'),
    ("models", ["pixels", "pixels"], '"pixels" is named twice'),
]


@pytest.mark.parametrize(("key", "value", "expected"), BETWEEN)
def test_mistakes_between_files_that_are_each_right(config, key, value, expected):
    found = mistakes(change(config / "demo.yaml", **{key: value}))
    assert any(expected in line for line in found)


@pytest.mark.parametrize("name", ["brain"])
def test_a_model_may_not_take_the_name_of_a_file_of_the_pipeline(config, name):
    change(config / "models" / "pixels.yaml", name=name)
    found = mistakes(config / "demo.yaml")
    assert any(f'"{name}" is a name the pipeline uses itself' in line for line in found)


@pytest.mark.parametrize("name", ["figures", "logs", "benchmarks"])
def test_a_dataset_may_not_take_the_name_of_a_folder_of_the_pipeline(config, name):
    change(config / "datasets" / "planted.yaml", name=name)
    found = mistakes(config / "demo.yaml")
    assert any(f'"{name}" is a name the pipeline uses itself' in line for line in found)


DATASET = [
    ({"archive": {"kind": "dandy"}}, 'archive.kind: unknown "dandy"'),
    ({"archive": {}}, "archive.kind: is required"),
    ({"archive": {"kind": "local"}}, "archive.path: is required"),
    ({"archive": {"kind": "local", "path": "x", "pth": 1}}, 'did you mean "path"?'),
    ({"subjects": ["a/b"]}, "subjects.0"),
    ({"name": "../up"}, "name"),
    ({"subjects": ["someone", "else"]}, "differ from those of the RDM sources"),
]


@pytest.mark.parametrize(("changes", "expected"), DATASET)
def test_a_wrong_dataset_says_where(config, changes, expected):
    file = change(config / "datasets" / "kriegeskorte92.yaml", **changes)
    with pytest.raises(StudyError, match=f"{file.name}: ") as caught:
        read_spec(file, DatasetSpec)
    assert any(expected in line for line in caught.value.mistakes)


def test_a_window_must_start_before_it_stops(config):
    file = config / "datasets" / "planted.yaml"
    responses = yaml.safe_load(file.read_text(encoding="utf-8"))["responses"]
    change(file, responses={**responses, "window": [0.3, 0.05], "quality": {"snr": {}}})
    with pytest.raises(StudyError) as caught:
        read_spec(file, DatasetSpec)
    lines = "\n".join(caught.value.mistakes)
    assert "responses.window: must start before it stops" in lines
    assert "responses.quality.snr: give at least one of min, max, allowed" in lines


def test_a_simulated_dataset_says_so_whatever_its_file_says(config):
    file = change(config / "datasets" / "planted.yaml", simulated=False)
    assert read_spec(file, DatasetSpec).simulated


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1,\n", "is not YAML at line"),
        ("- a\n- b\n", "must be a mapping"),
        ("", "must be a mapping"),
    ],
)
def test_a_file_that_is_no_study(tmp_path, text, expected):
    file = tmp_path / "study.yaml"
    file.write_text(text, encoding="utf-8")
    assert expected in mistakes(file)[0]


def test_an_absent_file_and_a_folder(tmp_path):
    assert mistakes(tmp_path / "none.yaml") == ["no such file"]
    assert mistakes(tmp_path) == ["is a folder; name a YAML file"]


def test_asking_for_what_is_not_there_suggests_what_is():
    study = load_study(CONFIG / "demo.yaml")
    with pytest.raises(StudyError, match='did you mean "planted"'):
        study.dataset("plantd")
    with pytest.raises(StudyError, match='did you mean "gabor"'):
        study.instance("gabr")


def test_models_and_datasets_can_be_given_by_path(config, tmp_path):
    elsewhere = tmp_path / "mine.yaml"
    shutil.copy(config / "models" / "pixels.yaml", elsewhere)
    change(elsewhere, name="mine")
    file = change(config / "demo.yaml", models=[*DEMO["models"], "../mine.yaml"])
    assert "mine" in load_study(file).models


# ---------------------------------------------------------------- what would count twice


REPEATED = [
    ("demo.yaml", {"datasets": ["planted", "kriegeskorte92", "planted"]}, 'datasets: "planted"'),
    ("demo.yaml", {"distances": ["correlation", "correlation"]}, 'distances: "correlation"'),
    ("demo.yaml", {"measures": ["rho_a", "rho_a"]}, 'measures: "rho_a"'),
    ("datasets/planted.yaml", {"subjects": ["a", "b", "a"]}, 'subjects: "a"'),
    ("models/efficientnet-lite0-untrained.yaml", {"seeds": [0, 0]}, "seeds: 0"),
]


@pytest.mark.parametrize(("name", "changes", "expected"), REPEATED)
def test_what_is_named_twice_is_refused(config, name, changes, expected):
    change(config / name, **changes)
    found = mistakes(config / "demo.yaml")
    assert any(f"{expected} is named twice; name each once" in line for line in found)


@pytest.mark.parametrize("key", ["subjects", "sessions"])
def test_a_subject_or_session_of_ready_rdms_is_named_once(config, key):
    file = config / "datasets" / "kriegeskorte92.yaml"
    responses = yaml.safe_load(file.read_text(encoding="utf-8"))["responses"]
    responses["sources"][1][key] = ["x", "x"]
    change(file, responses=responses)
    found = mistakes(config / "demo.yaml")
    assert any(f'responses.sources.1.{key}: "x" is named twice' in line for line in found)


def test_two_files_may_not_hold_one_name_but_a_model_may_be_named_like_a_dataset(config):
    shutil.copy(config / "models" / "pixels.yaml", config / "models" / "copy.yaml")
    file = change(config / "demo.yaml", models=[*DEMO["models"], "copy"])
    (line,) = mistakes(file)
    assert '"pixels" is named twice' in line
    assert "copy.yaml" in line
    change(config / "models" / "copy.yaml", name="planted")
    study = load_study(file)
    assert study.dataset_files["planted"].name == "planted.yaml"
    assert study.model_files["planted"].name == "copy.yaml"


def test_two_models_may_not_make_one_instance(config):
    shutil.copy(config / "models" / "pixels.yaml", config / "models" / "copy.yaml")
    change(config / "models" / "copy.yaml", name="pixels-seed0")
    change(config / "models" / "pixels.yaml", seeds=[0])
    (line,) = mistakes(change(config / "demo.yaml", models=[*DEMO["models"], "copy"]))
    assert line == 'models: "pixels" and "pixels-seed0" both make "pixels-seed0"; rename one'


def test_no_model_is_its_own_control(config):
    change(config / "models" / "efficientnet-lite0.yaml", control_of="efficientnet-lite0")
    (line,) = mistakes(config / "demo.yaml")
    assert 'control_of: "efficientnet-lite0" is the model itself' in line


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("name: a\ntitle: b\nname: c\n", "name: is written twice, at lines 1 and 3; keep one"),
        ("a:\n- b: 1\n  c: 2\n  b: 3\n", "b: is written twice, at lines 2 and 4; keep one"),
        ("a: &x {b: &y {c: 1, c: 2}}\nd: *x\n", "c: is written twice, at lines 1 and 1"),
    ],
)
def test_a_key_written_twice_is_named_with_its_lines(tmp_path, text, expected):
    file = tmp_path / "study.yaml"
    file.write_text(text, encoding="utf-8")
    (line,) = mistakes(file)
    assert line.startswith(expected)


def test_what_a_merge_brings_may_be_written_anew(tmp_path):
    from isomorph.study._yaml import load_yaml

    content = load_yaml("a: &a {x: 1, y: 2}\nb: &b {<<: *a, x: 3}\nc: {<<: *b, y: 4}\n")
    assert content == {"a": {"x": 1, "y": 2}, "b": {"x": 3, "y": 2}, "c": {"x": 3, "y": 4}}


# ---------------------------------------------------------------- text that is none


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("name: é".encode("latin-1"), "is not UTF-8 text (byte 6); save it as UTF-8"),
        ("name: a".encode("utf-16"), "is not UTF-8 text (byte 0); save it as UTF-8"),
        (b"a: 1\nname: a\0b\n", "is not YAML at line 2: holds the character #x0000, which"),
        (b"a: 1\nname: 2020-99-99\n", 'line 2: "2020-99-99" looks like a date or number but'),
        (b"a: [" * 4000, "is nested too deeply for a settings file"),
    ],
)
def test_text_that_cannot_be_read_is_one_line(tmp_path, content, expected):
    file = tmp_path / "study.yaml"
    file.write_bytes(content)
    (line,) = mistakes(file)
    assert line.startswith(expected)
    assert "\n" not in line


def test_a_byte_order_mark_is_no_mistake(tmp_path, config):
    file = config / "demo.yaml"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert load_study(file).name == "demo"


def test_a_dataset_that_is_a_folder(config):
    (config / "datasets" / "mine.yaml").mkdir()
    for name in ("mine", "datasets/mine.yaml"):
        (line,) = mistakes(change(config / "demo.yaml", datasets=[*DEMO["datasets"], name]))
        assert line.endswith("mine.yaml: is a folder; name a YAML file")


@pytest.mark.parametrize("name", ["x" * 300, "x" * 300 + ".yaml", "a\0b.yaml"])
def test_a_name_no_disk_can_hold(config, name):
    (line,) = mistakes(change(config / "demo.yaml", datasets=[*DEMO["datasets"], name]))
    assert line


WORDS = [
    ("demo.yaml", {"datasets": "d"}, 'datasets: must be a list, as in [a, b], not "d"'),
    ("demo.yaml", {"datasets": []}, "datasets: must name at least one"),
    ("demo.yaml", {"datasets": [5]}, "datasets.0: must be text, not 5; put it in quotes"),
    ("demo.yaml", {"inference": {"seed": -1}}, "inference.seed: must be at least 0, not -1"),
    ("demo.yaml", {"inference": {"resamples": "x"}}, "resamples: must be a whole number, not "),
    ("demo.yaml", {"inference": 3}, "inference: must be a mapping of keys to values, not 3"),
    (
        "demo.yaml",
        {"name": "-x"},
        "name: must be letters, digits, dot, dash and underscore, beginning with a letter or "
        'digit, not "-x"',
    ),
    (
        "models/efficientnet-lite0-untrained.yaml",
        {"seeds": [-1]},
        "seeds.0: must be at least 0, not -1",
    ),
    (
        "models/pixels.yaml",
        {"preprocessing": {"size": 8, "std": [1, 0, 1]}},
        "preprocessing.std.1: must be greater than 0",
    ),
    (
        "models/pixels.yaml",
        {"preprocessing": {"size": 8, "mean": [123.675, 116.28, 103.53]}},
        "mean: 123.675 is of pixels in [0, 255], expected those in [0, 1]; write 0.485",
    ),
    (
        "models/pixels.yaml",
        {"preprocessing": {"size": 8, "std": [1, 1, 58.395]}},
        "std: 58.395 is of pixels in [0, 255], expected those in [0, 1]; write 0.229",
    ),
]


@pytest.mark.parametrize(("name", "changes", "expected"), WORDS)
def test_mistakes_are_said_in_peoples_words(config, name, changes, expected):
    change(config / name, **changes)
    found = mistakes(config / "demo.yaml")
    assert any(expected in line for line in found)


def test_a_window_without_end_is_refused(config):
    file = config / "datasets" / "planted.yaml"
    responses = yaml.safe_load(file.read_text(encoding="utf-8"))["responses"]
    change(file, responses={**responses, "window": [0, float("inf")]})
    found = mistakes(config / "demo.yaml")
    assert any("window.1: must be a finite number, not inf" in line for line in found)


# ---------------------------------------------------------------- whatever anybody writes


LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(), st.text(max_size=5),
    st.sampled_from(["simulated", "like", "rdms", "nwb", "local"]),
)  # fmt: skip
VALUES = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(st.sampled_from(["kind", "name", "files", "path", "x", ""]), inner),
    ),
    max_leaves=6,
)
FILES = [
    ("study", CONFIG / "demo.yaml"),
    ("dataset", CONFIG / "datasets" / "kriegeskorte92.yaml"),
    ("dataset", CONFIG / "datasets" / "planted.yaml"),
    ("model", CONFIG / "models" / "gabor.yaml"),
]


def places(content, path=()):
    """Yield the path of every value in a settings file."""
    items = content.items() if isinstance(content, dict) else enumerate(content)
    for key, value in items:
        yield (*path, key)
        if isinstance(value, (dict, list)):
            yield from places(value, (*path, key))


@given(st.data())
def test_a_spoilt_file_is_either_right_or_a_sentence_for_each_mistake(data):
    name, source = data.draw(st.sampled_from(FILES))
    content = copy.deepcopy(yaml.safe_load(source.read_text(encoding="utf-8")))
    *way, last = data.draw(st.sampled_from(list(places(content))))
    place = content
    for key in way:
        place = place[key]
    if isinstance(place, dict) and data.draw(st.booleans()):
        place[data.draw(st.text(max_size=6))] = place.pop(last)
    else:
        place[last] = data.draw(VALUES)
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "spoilt.yaml"
        file.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
        found: tuple[str, ...] = ("read whole",)
        try:
            read_spec(file, SCHEMAS[name])
        except StudyError as error:
            found = error.mistakes
    assert found
    assert all(line.strip() for line in found)


# ---------------------------------------------------------------- names


def test_the_nearest_name_is_suggested_or_all_are_listed():
    assert did_you_mean("pearsn", ["pearson", "cka"]) == 'did you mean "pearson"?'
    assert did_you_mean("zzz", ["pearson", "cka"]) == "known: cka, pearson"
    assert did_you_mean("zzz", []) == "known: none"


def test_a_registry_is_a_mapping_whose_misses_help():
    registry = Registry("measure", {"cka": 1, "pearson": 2})
    assert dict(registry) == {"cka": 1, "pearson": 2}
    assert "cka" in registry
    assert "ckb" not in registry
    with pytest.raises(IsomorphError, match=r'unknown measure "ckb": did you mean "cka"\?'):
        registry["ckb"]


def test_an_untrained_model_needs_seeds(config):
    file = change(config / "models" / "efficientnet-lite0-untrained.yaml", seeds=[])
    with pytest.raises(StudyError, match="needs seeds"):
        read_spec(file, ModelSpec)
