"""What each stage depends on, and what it does not."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from isomorph import jobs, slices
from isomorph.layout import Layout
from isomorph.making.declared import DECLARED, reading_modules
from isomorph.study import load_study
from isomorph.study.pinned import DandiArchive

CONFIG = Path(__file__).parents[2] / "config"


@pytest.fixture
def config(tmp_path):
    shutil.copytree(CONFIG, tmp_path / "config")
    return tmp_path / "config"


STAGES = (
    "fetch", "responses", "reliability", "brain_rdms", "comparisons", "explain", "recover",
    "figures",
)  # fmt: skip


def every_slice(config):
    """Return every slice of the demo study by stage and name."""
    study = load_study(config / "demo.yaml")
    found = {("report", ""): slices.report(study)}
    for dataset in study.datasets:
        for stage in STAGES:
            subject = study.dataset(dataset).subjects[:1] if stage == "responses" else []
            found[stage, dataset] = getattr(slices, stage)(study, dataset, *subject)
    for dataset in jobs.stimulus_sets(study):
        found["stimuli", dataset] = slices.stimuli(study, dataset)
        found["model_rdms", dataset] = slices.model_rdms(study, dataset)
    for instance, _, _ in study.instances():
        found["activations", instance] = slices.activations(study, "kriegeskorte92", instance)
    return {key: slices.text(value) for key, value in found.items()}


def edit(file, place, value):
    content = yaml.safe_load(file.read_text(encoding="utf-8"))
    *way, last = place
    inner = content
    for key in way:
        inner = inner[key]
    inner[last] = value
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")


DRAWN = {
    ("figures", "kriegeskorte92"), ("figures", "haxby2001"), ("figures", "planted"), ("report", ""),
}  # fmt: skip
DATASETS = ("kriegeskorte92", "haxby2001", "planted")
COMPARED = {(stage, dataset) for stage in ("comparisons", "explain") for dataset in DATASETS}
RECOVERED = {("recover", dataset) for dataset in DATASETS}
PLANTED = ("datasets", "planted.yaml")

CASES = {
    "a measure": (("demo.yaml",), ("measures",), ["pearson"], COMPARED | RECOVERED | DRAWN),
    "how much is simulated": (
        ("demo.yaml",),
        ("inference", "recovery"),
        {"simulations": 3},
        RECOVERED | DRAWN,
    ),
    "resamples": (("demo.yaml",), ("inference", "resamples"), 99, COMPARED | DRAWN),
    "what stays together": (
        ("demo.yaml",),
        ("inference", "keep_together"),
        ["category"],
        COMPARED | RECOVERED | DRAWN,
    ),
    "how similarities are explained": (
        ("demo.yaml",),
        ("inference", "explain"),
        {"components": 5},
        {("explain", dataset) for dataset in DATASETS} | DRAWN,
    ),
    "the title of the study": (("demo.yaml",), ("title",), "x", DRAWN),
    "a distance": (
        ("demo.yaml",),
        ("distances",),
        ["correlation"],
        {("brain_rdms", dataset) for dataset in DATASETS}
        | {("model_rdms", dataset) for dataset in DATASETS[:2]}
        | COMPARED
        | RECOVERED
        | DRAWN,
    ),
    "a response window": (
        PLANTED,
        ("responses", "window"),
        [0.0, 0.2],
        {("responses", "planted"), ("figures", "planted"), ("figures", "planted"), ("report", "")},
    ),
    "a citation": (PLANTED, ("citation",), "x", {("figures", "planted"), ("report", "")}),
    "repetitions of a simulation": (
        PLANTED,
        ("archive", "repetitions"),
        4,
        {("fetch", "planted"), ("comparisons", "planted"), ("figures", "planted"), ("report", "")},
    ),
    "a transform": (
        PLANTED,
        ("transform",),
        "square_root",
        {
            ("brain_rdms", "planted"),
            ("comparisons", "planted"),
            ("figures", "planted"),
            ("report", ""),
        },
    ),
    "which units count": (
        PLANTED,
        ("units",),
        {"minimum_reliability": 0.2},
        {
            ("brain_rdms", "planted"),
            ("comparisons", "planted"),
            ("recover", "planted"),
            ("figures", "planted"),
            ("report", ""),
        },
    ),
    "the preprocessing of a model": (
        ("models", "pixels.yaml"),
        ("preprocessing", "size"),
        32,
        {("activations", "pixels")} | DRAWN,
    ),
    "the title of a model": (("models", "pixels.yaml"), ("title",), "x", DRAWN),
    "a level": (
        ("datasets", "kriegeskorte92.yaml"),
        ("level",),
        "category",
        {
            ("brain_rdms", "kriegeskorte92"),
            ("brain_rdms", "planted"),
            ("model_rdms", "kriegeskorte92"),
            ("recover", "kriegeskorte92"),
            ("recover", "planted"),
            ("figures", "kriegeskorte92"),
            ("report", ""),
        },
    ),
    "a field of the stimuli": (
        ("datasets", "kriegeskorte92.yaml"),
        ("stimuli", "fields"),
        ["category"],
        {("stimuli", "kriegeskorte92"), ("figures", "kriegeskorte92"), ("report", "")},
    ),
}


def test_a_table_beside_a_datasets_file_counts_where_it_is_read(config):
    before = every_slice(config)
    table = config / "datasets" / "haxby2001.stimuli.csv"
    table.write_text(table.read_text() + "\n")
    after = every_slice(config)
    assert {key for key in before if before[key] != after[key]} == {("stimuli", "haxby2001")}


def responses_of(config, *subjects):
    study = load_study(config / "demo.yaml")
    return [slices.responses(study, "haxby2001", subject)["tables"] for subject in subjects]


def test_a_mask_beside_a_datasets_file_counts_for_its_own_subject_alone(config):
    folder = config / "datasets"
    edit(
        folder / "haxby2001.yaml",
        ("responses", "regions"),
        {"kind": "masks", "named": {"roi": ["m/{subject}/roi.nii.gz", "m/both/roi.nii.gz"]}},
    )
    for place in ("1", "2", "both"):
        (folder / "m" / place).mkdir(parents=True)
        (folder / "m" / place / "roi.nii.gz").write_text(place)
    first, second = responses_of(config, "1", "2")
    assert list(first) == ["m/1/roi.nii.gz", "m/both/roi.nii.gz"]
    assert list(second) == ["m/2/roi.nii.gz", "m/both/roi.nii.gz"]
    (folder / "m" / "1" / "roi.nii.gz").write_text("edited")
    now = responses_of(config, "1", "2")
    assert now[0] != first
    assert now[1] == second


def test_masks_of_the_archive_alone_stand_in_no_slice(config):
    edit(
        config / "datasets" / "haxby2001.yaml",
        ("responses", "regions"),
        {"kind": "masks", "files": "**/*.yaml"},
    )
    assert responses_of(config, "1") == [{}]


@pytest.mark.parametrize("name", ["labels.csv.gz", "labels.txt", "../labels.tsv"])
def test_a_table_beside_a_datasets_file_counts_whatever_its_ending(config, name):
    table = config / "datasets" / name
    edit(config / "datasets" / "haxby2001.yaml", ("stimuli", "descriptions"), name)
    without = every_slice(config)
    table.write_text("stimulus,animate\n")
    before = every_slice(config)
    table.write_text("stimulus,animate\nface,1\n")
    after = every_slice(config)
    for one, other in ((without, before), (before, after)):
        assert {key for key in one if one[key] != other[key]} == {("stimuli", "haxby2001")}
    study = load_study(config / "demo.yaml")
    assert list(slices.stimuli(study, "haxby2001")["tables"]) == [name]


def test_a_setting_that_only_looks_like_a_file_beside_is_none(config):
    folder = config / "datasets"
    (folder / "notes.csv").write_text("a")
    edit(folder / "haxby2001.yaml", ("stimuli", "column"), "notes.csv")
    assert (
        "notes.csv" not in slices.stimuli(load_study(config / "demo.yaml"), "haxby2001")["tables"]
    )


@pytest.mark.parametrize("case", list(CASES))
def test_an_edit_changes_the_slices_of_what_depends_on_it_and_no_other(config, case):
    file, place, value, expected = CASES[case]
    before = every_slice(config)
    edit(config.joinpath(*file), place, value)
    after = every_slice(config)
    assert before.keys() == after.keys()
    assert {key for key in before if before[key] != after[key]} == expected


def test_comments_and_the_order_of_keys_change_nothing(config):
    before = every_slice(config)
    for file in config.rglob("*.yaml"):
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        text = yaml.safe_dump(dict(reversed(content.items())), sort_keys=False)
        file.write_text("# another word\n" + text, encoding="utf-8")
    assert every_slice(config) == before


def test_a_slice_is_one_line_of_json(config):
    for text in every_slice(config).values():
        assert "\n" not in text
        json.loads(text)


def test_instances_differ_by_their_seed_alone(config):
    study = load_study(config / "demo.yaml")
    first, second = (
        slices.activations(study, "kriegeskorte92", f"efficientnet-lite0-untrained-seed{seed}")
        for seed in (0, 1)
    )
    assert first.pop("seed") == 0
    assert second.pop("seed") == 1
    assert first == second


def test_which_rdm_a_seed_takes_counts_and_the_files_of_a_folder_too(config):
    study = load_study(config / "demo.yaml")
    name = "efficientnet-lite0-untrained"
    folder = study.model_files[name].parent

    def slice_of(**changes):
        spec = study.models[name].model_copy(update=changes)
        changed = replace(study, models={**study.models, name: spec})
        return slices.activations(changed, "kriegeskorte92", f"{name}-seed1")

    stacked = {"source": "rdms/a.mat", "options": {"stack": "seeds"}}
    first, second = (slice_of(seeds=seeds, **stacked) for seeds in ((0, 1), (1, 0)))
    assert first != second  # the second RDM of the file, and the first
    (folder / "words" / "0").mkdir(parents=True)
    own = folder / "words" / "0" / "model.safetensors"
    own.write_text("1")
    first = slice_of(source="sentence_transformers/words")
    own.write_text("2 and more")
    assert slice_of(source="sentence_transformers/words") != first


def test_code_counts_where_isomorph_writes_the_files_itself(config):
    study = load_study(config / "demo.yaml")
    modules = DECLARED["fetch"].code
    assert modules(study, "haxby2001") == ("isomorph.archives.labelled",)
    assert modules(study, "kriegeskorte92") == ()
    assert modules(study, "planted") == ("isomorph.archives.simulated",)
    stream = DandiArchive(
        kind="dandi", dandiset="000001", version="draft", include=("*",), access="stream",
        keep=("units/*",),
    )  # fmt: skip
    assert "isomorph.archives.streaming.copying" in reading_modules(stream)
    whole = stream.model_copy(update={"access": "download", "keep": ()})
    assert reading_modules(whole) == ()


# ---------------------------------------------------------------- jobs


def test_jobs_are_named_once_and_shared_stimuli_are_computed_once(config):
    study = load_study(config / "demo.yaml")
    listed = list(jobs.jobs(study))
    assert len(listed) == len(set(listed))
    owners = ["kriegeskorte92", "haxby2001"]
    assert [job.names[0] for job in listed if job.stage == "stimuli"] == owners
    on_haxby = [job.names[1] for job in listed if job.stage == "activations"
                and job.names[0] == "haxby2001"]  # fmt: skip
    assert on_haxby == ["categories-haxby"]  # there are no images for the others


def test_archives_are_told_apart(config):
    study = load_study(config / "demo.yaml")
    assert jobs.simulated(study) == ["planted"]
    assert jobs.planted_models(study, "planted") == ["gabor", "efficientnet-lite0"]
    assert jobs.planted_models(study, "kriegeskorte92") == []


def test_patterns_filled_in_are_the_paths_of_the_layout(config):
    study = load_study(config / "demo.yaml")
    layout, pattern = Layout(study), jobs.patterns(study)
    name, model = "kriegeskorte92", "gabor"
    for method in (
        "archive", "manifest", "stimuli", "reliability", "brain_rdms", "comparisons", "regions",
        "contrasts", "recovery", "confusion", "power", "agreement", "figures",
    ):  # fmt: skip
        filled = str(getattr(pattern, method)("{dataset}")).format(dataset=name)
        assert filled == str(getattr(layout, method)(name))
    for method in ("activations", "model_rdms"):
        filled = str(getattr(pattern, method)("{dataset}", "{model}"))
        expected = getattr(layout, method)(name, model)
        key = layout.key(name, model)
        assert filled.format(dataset=name, model=model, key=key) == str(expected)
    simulated = jobs.patterns(study, simulated=True).manifest("{dataset}")
    assert str(simulated).format(dataset="planted") == str(layout.manifest("planted"))


def test_activations_stand_where_every_study_that_sets_them_alike_finds_them(config):
    def gabor(study="demo", model=(), dataset=()):
        for file, changed in (("models/gabor", model), ("datasets/kriegeskorte92", dataset)):
            path = config / f"{file}.yaml"
            written = yaml.safe_load(path.read_text(encoding="utf-8"))
            path.write_text(yaml.safe_dump({**written, **dict(changed)}), encoding="utf-8")
        return Layout(load_study(config / f"{study}.yaml")).activations("kriegeskorte92", "gabor")

    first = gabor()
    assert first.parts[:4] == ("data", "activations", "kriegeskorte92", "gabor")
    other = yaml.safe_load((config / "demo.yaml").read_text(encoding="utf-8"))
    other |= {"name": "other", "distances": ["correlation", "cosine"], "measures": ["pearson"]}
    (config / "other.yaml").write_text(yaml.safe_dump(other), encoding="utf-8")
    assert gabor("other") == gabor(model={"title": "Other words"}) == first
    assert gabor(dataset={"transform": "z_score"}) == first
    kept = gabor(model={"features": 30})
    assert kept != first
    assert kept.parents[1] == first.parents[1]  # beside it, neither in the place of the other
    assert gabor(model={"features": None}) == first


def test_logs_and_benchmarks_stand_by_stage(config):
    layout = Layout(load_study(config / "demo.yaml"), "top")
    assert layout.log("report") == Path("top/results/demo/logs/report.log")
    path = layout.log("responses", "planted", "sim.1")
    assert path == Path("top/results/demo/logs/responses/planted/sim.1.log")
    path = layout.log("activations", "kriegeskorte92", "gabor")
    assert path.name == f"gabor-{layout.key('kriegeskorte92', 'gabor')}.log"
    path = layout.benchmark("brain_rdms", "planted")
    assert path == Path("top/results/demo/benchmarks/brain_rdms/planted.tsv")
