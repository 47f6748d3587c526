"""What comes with isomorph: found in the repository and in a package, and named from anywhere."""

import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from isomorph import built_in
from isomorph.errors import IsomorphError
from isomorph.runs import command_line
from isomorph.study import StudyError, load_study

ROOT = Path(__file__).parents[2]
STUDY = """
name: mine
title: Mine
datasets: [haxby2001]
models: [pixels, {model}]
"""
PIXELS = (ROOT / "config" / "models" / "pixels.yaml").read_text(encoding="utf-8")


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """An empty folder of somebody's, in which they stand."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_wheel_of_the_sdist_brings_the_workflow_and_what_it_reads(tmp_path):
    hatch = [sys.executable, "-m", "hatchling", "build", "-d", str(tmp_path), "-t"]
    subprocess.run([*hatch, "sdist"], cwd=ROOT, check=True, capture_output=True)
    (sdist,) = tmp_path.glob("*.tar.gz")
    subprocess.run(["tar", "xzf", sdist, "-C", tmp_path], check=True)
    inside = sdist.with_suffix("").with_suffix("")
    subprocess.run([*hatch, "wheel"], cwd=inside, check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    names = set(zipfile.ZipFile(wheel).namelist())
    asked = [
        *("Snakefile", "profiles/default/config.yaml", "profiles/slurm/config.yaml"),
        *(str(file.relative_to(ROOT)) for file in ROOT.glob("workflow/**/*.smk")),
        *(str(file.relative_to(ROOT)) for file in (ROOT / "config").rglob("*") if file.is_file()),
    ]
    assert {f"isomorph/_built_in/{name}" for name in asked} <= names
    package = {
        file.relative_to(ROOT / "src").as_posix()
        for file in (ROOT / "src").rglob("*")
        if file.is_file() and "__pycache__" not in file.parts
    }
    assert package <= names
    assert not [name for name in names if name.startswith(("tests/", "docs/", "data/"))]


def test_a_package_is_asked_before_a_repository(tmp_path, monkeypatch):
    assert built_in.place() == ROOT
    packaged = tmp_path / "_built_in"
    (packaged / "config").mkdir(parents=True)
    (packaged / "Snakefile").touch()
    monkeypatch.setattr(built_in, "PACKAGED", packaged)
    assert built_in.place() == packaged
    monkeypatch.setattr(built_in, "PACKAGED", tmp_path / "none")
    monkeypatch.setattr(built_in, "CHECKOUT", tmp_path / "none")
    with pytest.raises(IsomorphError, match="missing from this installation"):
        built_in.place()
    # whose study needs none of them is read all the same
    config = tmp_path / "config"
    for kind, name in (("datasets", "haxby2001"), ("models", "pixels")):
        shutil.copytree(ROOT / "config" / kind, config / kind)
        assert (config / kind / f"{name}.yaml").is_file()
    (config / "mine.yaml").write_text(STUDY.format(model="gabor"))
    assert load_study(built_in.named_study(str(config / "mine.yaml"))).name == "mine"


# ---------------------------------------------------------------- members of a study


def test_a_study_anywhere_names_what_is_built_in(elsewhere):
    (elsewhere / "mine.yaml").write_text(STUDY.format(model="baseline/gabor"))
    study = load_study("mine.yaml")
    assert study.dataset_files["haxby2001"] == ROOT / "config" / "datasets" / "haxby2001.yaml"
    assert study.model_files["pixels"] == ROOT / "config" / "models" / "pixels.yaml"


def test_what_stands_beside_a_study_goes_before_what_is_built_in(elsewhere):
    (elsewhere / "models").mkdir()
    (elsewhere / "models" / "pixels.yaml").write_text(PIXELS.replace("title: ", "title: My "))
    (elsewhere / "mine.yaml").write_text(STUDY.format(model="gabor"))
    study = load_study(elsewhere / "mine.yaml")
    assert study.model_files["pixels"] == elsewhere / "models" / "pixels.yaml"
    assert study.models["pixels"].title.startswith("My ")


def test_a_name_that_is_nowhere_is_refused_with_both_places(elsewhere):
    (elsewhere / "mine.yaml").write_text(STUDY.format(model="gabr"))
    with pytest.raises(StudyError, match='no model "gabr"') as refused:
        load_study(elsewhere / "mine.yaml")
    (mistake,) = refused.value.mistakes
    assert str(elsewhere / "models") in mistake
    assert f"among the built-in models ({ROOT / 'config' / 'models'})" in mistake
    assert mistake.endswith('did you mean "gabor"?')


# ---------------------------------------------------------------- which study


def test_a_study_is_named_by_its_file_or_by_its_name(elsewhere):
    demo = ROOT / "config" / "demo.yaml"
    assert built_in.named_study("demo") == demo
    assert built_in.named_study("config/demo.yaml") == demo
    assert built_in.named_study("mine.yaml") == Path("mine.yaml")  # whoever reads it says so
    for folder in ("config", "demo"):
        (elsewhere / folder).mkdir()
    assert built_in.named_study("demo") == demo
    assert built_in.named_study("config") == demo.with_stem("config")
    (elsewhere / "config" / "demo.yaml").write_text(STUDY)
    assert built_in.named_study("demo") == Path("config/demo.yaml")
    with pytest.raises(IsomorphError, match=r'no built-in study "demmo", did you mean "demo"\?'):
        built_in.named_study("demmo")


def test_in_the_repository_a_study_is_named_from_where_one_stands(monkeypatch):
    monkeypatch.chdir(ROOT)
    assert built_in.named_study("more") == Path("config/more.yaml")
    assert command_line.study_file({}) == "config/config.yaml"


def test_the_only_study_is_meant_where_none_is_named(elsewhere):
    with pytest.raises(IsomorphError, match=r"there is no study in .*: config, demo, more"):
        built_in.only_study()
    (elsewhere / "mine.yaml").write_text(STUDY)
    (elsewhere / "environment.yml").write_text("name: mine\ndependencies: [pip]\n")
    (elsewhere / "folder.yaml").mkdir()
    assert built_in.only_study() == Path("mine.yaml")
    (elsewhere / "config").mkdir()
    (elsewhere / "config" / "other.yaml").write_text(STUDY)
    with pytest.raises(IsomorphError, match=r"2 studies here, name one: config/other.*, mine"):
        built_in.only_study()
    (elsewhere / "config" / "config.yaml").write_text(STUDY)
    assert command_line.study_file({}) == "config/config.yaml"


def test_a_profile_is_a_folder_or_a_name(elsewhere):
    assert built_in.profile("slurm") == str(ROOT / "profiles" / "slurm")
    assert built_in.profile(str(elsewhere)) == str(elsewhere)
    with pytest.raises(IsomorphError, match=r'--profile slum: .* did you mean "slurm"\?'):
        built_in.profile("slum")
