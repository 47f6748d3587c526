"""Models that a study names by their sources alone."""

import pytest
import yaml

from isomorph.cli import open_study
from isomorph.models import SOURCES
from isomorph.study import StudyError, load_study
from isomorph.study.model import ModelSpec, is_source, named_by_source

DATASET = {
    "name": "d", "title": "D", "citation": "none", "licence": "none", "species": "none",
    "subjects": ["one"],
    "archive": {"kind": "local", "path": "files"},
    "stimuli": {"kind": "folder", "files": "*.png"},
    "responses": {"kind": "arrays", "responses": "r.npy", "presentations": "p.csv",
                  "units": "u.csv"},
}  # fmt: skip


@pytest.fixture
def write(tmp_path):
    """A study with some models, those given by name alone having files."""

    def written(*models, **files):
        for folder in ("datasets", "models"):
            (tmp_path / folder).mkdir(exist_ok=True)
        (tmp_path / "datasets" / "d.yaml").write_text(yaml.safe_dump(DATASET))
        for name, spec in files.items():
            text = yaml.safe_dump({"name": name, "title": name, **spec})
            (tmp_path / "models" / f"{name}.yaml").write_text(text)
        study = {"name": "s", "title": "S", "datasets": ["d"], "models": list(models)}
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(study))
        return tmp_path / "study.yaml"

    return written


def test_a_source_stands_for_itself(write):
    study = load_study(write("torchvision/resnet50", "baseline/pixels", "open_clip/RN50/openai"))
    assert list(study.models) == [
        "torchvision-resnet50",
        "baseline-pixels",
        "open_clip-RN50-openai",
    ]
    model = study.models["torchvision-resnet50"]
    assert (model.source, model.title) == ("torchvision/resnet50", "resnet50 (torchvision)")
    assert model.takes_images
    assert study.model_files["baseline-pixels"] == study.path


def test_an_untrained_network_has_five_seeds_unless_one_is_named(write):
    five = load_study(write("untrained/resnet50"))
    assert [name for name, _, _ in five.instances()] == [
        f"untrained-resnet50-seed{seed}" for seed in range(5)
    ]
    some = load_study(write("untrained/resnet50#3", "torchvision/resnet50", "untrained/resnet50#7"))
    assert [(name, seed) for name, _, seed in some.instances()] == [
        ("untrained-resnet50-seed3", 3), ("untrained-resnet50-seed7", 7),
        ("torchvision-resnet50", None),
    ]  # fmt: skip
    assert some.models["untrained-resnet50"].source == "untrained/resnet50"


@pytest.mark.parametrize(
    ("trained", "untrained"),
    [
        ("torchvision/resnet50.IMAGENET1K_V1", "untrained/resnet50"),
        ("timm/test_vit.r160_in1k", "untrained/timm/test_vit"),
        ("package/efficientnet-lite0", "untrained/efficientnet-lite0"),
    ],
)
def test_an_untrained_network_is_the_control_of_the_trained_one(write, trained, untrained):
    study = load_study(write(untrained, trained, "baseline/gabor"))
    (control,) = [model for model in study.models.values() if model.seeds]
    assert study.models[control.control_of].source == trained
    assert control.options == {"like": trained}
    alone = load_study(write(untrained))
    assert next(iter(alone.models.values())).control_of is None


def test_the_control_of_a_model_with_a_file_sees_and_is_read_as_it_is(write):
    seen = {"size": 96, "mean": [0.5, 0.5, 0.5]}
    spec = {"source": "torchvision/resnet18", "preprocessing": seen, "layers": ["layer*"]}
    study = load_study(write("net", "untrained/resnet18", net=spec))
    control = study.models["untrained-resnet18"]
    assert control.control_of == "net"
    assert control.preprocessing == study.models["net"].preprocessing
    assert tuple(control.layers) == ("layer*",)
    assert control.options == {}


@pytest.mark.parametrize(
    ("models", "message"),
    [
        (["untrained/resnet50#x"], r"models: .*after # comes a seed"),
        (["untrained/resnet50", "untrained/resnet50#3"], r'"untrained/resnet50#3" is named twice'),
        (["timm/a-b", "timm/a/b"], r'"timm/a/b" would be named "timm-a-b", as another model is'),
        (["pixel"], r'models\.0: no model "pixel" in .*, did you mean "pixels"'),
        (["torchvison/resnet50"], r'unknown "torchvison/resnet50", did you mean "torchvision/res'),
        (["language/gpt2"], "language models are future work"),
    ],
)
def test_mistakes_are_said_in_a_sentence(write, models, message):
    path = write(*models, pixels={"source": "baseline/pixels"})
    with pytest.raises(StudyError, match=message):
        load_study(path, {"source": SOURCES})


def test_a_name_of_a_file_in_a_folder_is_still_a_file(write, tmp_path):
    path = write("more/pixels")
    folder = tmp_path / "models" / "more"
    folder.mkdir()
    text = yaml.safe_dump({"name": "p", "title": "P", "source": "baseline/pixels"})
    (folder / "pixels.yaml").write_text(text)
    assert list(load_study(path).models) == ["p"]


def test_what_is_a_source_and_what_a_file():
    assert is_source("timm/vit_base_patch16_224.augreg_in21k")
    assert is_source("python/mine:net")
    assert not any(
        map(is_source, ["pixels", "../pixels.yaml", "./pixels", "a/b.yaml", "/a/b", "a/"])
    )


def test_opening_asks_libraries_for_their_names_only_when_thorough(write):
    path = write("torchvision/resnet5")
    open_study(path)
    with pytest.raises(StudyError, match=r'study\.yaml: models: no architecture "resnet5" in tor'):
        open_study(path, thorough=True)


@pytest.mark.parametrize(
    ("model", "sentence"),
    [
        ("torchvison/resnet50", 'models: unknown "torchvison/resnet50", did you mean "torchvision'),
        ("onnx/a.onnx", "models: onnx/a.onnx: preprocessing: is required"),
        (
            "baseline/category",
            "models: baseline/category: options.columns: baseline/category needs",
        ),
    ],
)
def test_a_mistake_in_a_source_is_said_of_the_study_that_names_it(write, model, sentence):
    path = write(model)
    with pytest.raises(StudyError) as told:
        open_study(path, thorough=True)
    assert str(told.value).startswith(f"{path}: {sentence}")


def test_explanations_that_name_a_source_are_told_the_name_of_the_model(write):
    path = write("baseline/pixels", "baseline/gist")
    spec = yaml.safe_load(path.read_text())
    spec["inference"] = {"explain": {"controls": ["baseline/gist"]}}
    path.write_text(yaml.safe_dump(spec))
    with pytest.raises(StudyError, match=r'no model "baseline/gist" .* mean "baseline-gist"\?$'):
        load_study(path)


@pytest.mark.parametrize(
    ("settings", "sentence"),
    [
        ({"explain": {"partition": list("abcde")}}, "must have at most 4 entries, not 5"),
    ],
)
def test_settings_that_cannot_be_met_are_refused(write, settings, sentence):
    path = write("baseline/pixels")
    spec = yaml.safe_load(path.read_text()) | {"inference": settings}
    path.write_text(yaml.safe_dump(spec))
    with pytest.raises(StudyError, match=sentence):
        load_study(path)


def test_models_that_see_no_images_are_those_of_tables():
    made = named_by_source(["baseline/category", "baseline/pixels"], [])
    assert [spec.takes_images for spec in made.values()] == [False, True]
    assert not ModelSpec(name="m", title="M", source="baseline/category").takes_images
