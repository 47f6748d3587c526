import json
import re
import subprocess
import sys
import tomllib
from importlib.metadata import distributions
from pathlib import Path

import pytest
import yaml
from packaging.specifiers import SpecifierSet

from isomorph.cli import open_study
from isomorph.study import read_spec
from isomorph.study.schema import SCHEMAS, schema_text

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "config"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
FILES = sorted(file for file in CONFIG.rglob("*.yaml"))


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def wanted():
    asked = [*PROJECT["project"]["dependencies"]]
    asked += [
        name for extra in PROJECT["project"]["optional-dependencies"].values() for name in extra
    ]
    names = {re.match(r"[\w.-]+", name)[0] for name in asked}
    return sorted(names - {PROJECT["project"]["name"]})  # extras made of other extras


@pytest.mark.parametrize("name", wanted())
def test_every_package_the_project_names_is_pinned(name):
    assert normal(name) in {normal(known) for known in pinned()}


def test_the_pins_fit_any_build_of_torch():
    assert pinned()["torch"] == "2.13.0"
    assert not any("+" in version for version in pinned().values())


def test_the_pins_install_on_the_oldest_python_promised():
    lowest = PROJECT["project"]["requires-python"].removeprefix(">=") + ".0"
    pins = {normal(name): version for name, version in pinned().items()}
    there = [d for d in distributions() if pins.get(normal(d.name)) == d.version]
    assert len(there) > 50  # of those installed here, at the version that is pinned
    refused = [
        f"{one.name} {one.version} needs Python {wants}"
        for one in there
        if (wants := one.metadata.get("Requires-Python"))
        and not SpecifierSet(wants).contains(lowest)
    ]
    assert refused == []


def test_the_conda_environment_is_thin_and_true():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    python, pip, packages = environment["dependencies"]
    assert pip == "pip"
    assert packages == {"pip": ["-c constraints.txt", "-e .[dev]"]}
    assert (ROOT / "constraints.txt").is_file()
    assert "dev" in PROJECT["project"]["optional-dependencies"]
    lowest = PROJECT["project"]["requires-python"].removeprefix(">=")
    assert python == f"python={lowest}"


def test_the_makefile_and_the_project_want_the_same_python():
    lowest = PROJECT["project"]["requires-python"].removeprefix(">=")
    text = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert f"isomorph needs Python {lowest} or newer" in text
    assert f"({', '.join(lowest.split('.'))})" in text


@pytest.mark.parametrize(
    "target",
    ["demo", "test", "test-kernels", "lint", "docs", "docs-test", "bench", "report", "clean"],
)
def test_the_makefile_knows_what_is_documented(target):
    done = subprocess.run(
        ["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()


def test_make_refuses_an_old_python_in_a_sentence(tmp_path):
    old = tmp_path / "python3"
    old.write_text('#!/bin/sh\n[ "$1" = -V ] && echo "Python 3.8.1" && exit 0\nexit 1\n')
    old.chmod(0o755)
    (tmp_path / "Makefile").write_text((ROOT / "Makefile").read_text(encoding="utf-8"))
    for name in ("pyproject.toml", "constraints.txt"):
        (tmp_path / name).write_text("")
    done = subprocess.run(
        ["make", "demo", f"PYTHON={old}"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "isomorph needs Python 3.11 or newer" in done.stderr
    assert "Python 3.8.1" in done.stderr
    assert not (tmp_path / ".venv").exists()


def test_the_citation_has_the_projects_version_and_licence():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["project"]["version"]
    assert citation["license"] == PROJECT["project"]["license"]
    assert "The isomorph developers" in (ROOT / "LICENSE").read_text(encoding="utf-8")


# ---------------------------------------------------------------- settings files


@pytest.mark.parametrize("name", list(SCHEMAS))
def test_the_schema_in_the_repository_is_that_of_the_code(name):
    there = (CONFIG / "schema" / f"{name}.json").read_text(encoding="utf-8")
    assert there == schema_text(SCHEMAS[name]), "run: isomorph schema"
    assert json.loads(there)["additionalProperties"] is False


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(CONFIG)))
def test_every_settings_file_is_right_and_tells_editors_its_schema(file):
    first = file.read_text(encoding="utf-8").splitlines()[0]
    hint = re.fullmatch(r"# yaml-language-server: \$schema=(\S+)", first)
    assert hint, f"{file}: the first line must name the schema"
    schema = (file.parent / hint[1]).resolve()
    assert schema.is_file()
    kind = schema.stem
    assert schema == CONFIG / "schema" / f"{kind}.json"
    spec = read_spec(file, SCHEMAS[kind])
    if kind != "study":
        assert spec.name == file.stem  # a study names the file, results carry the name


@pytest.mark.parametrize("study", ["demo.yaml", "config.yaml"])
def test_the_studies_of_the_repository_are_right(study):
    assert open_study(CONFIG / study).datasets


# ---------------------------------------------------------------- the code


def test_imports_point_downward():
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_package_stands_in_a_layer():
    contracts = PROJECT["tool"]["importlinter"]["contracts"]
    (contract,) = (one for one in contracts if one["type"] == "layers")
    layers = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    source = ROOT / "src" / "isomorph"
    there = {
        f"isomorph.{path.stem}"
        for path in source.iterdir()
        if path.suffix == ".py" or (path / "__init__.py").is_file()
    }
    assert there - layers == {"isomorph.__init__", "isomorph.__main__"}


def test_imports_inside_the_package_are_absolute():
    found = [
        f"{file}:{number}"
        for file in (ROOT / "src").rglob("*.py")
        for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1)
        if re.match(r"\s*from \.", line)
    ]
    assert found == []  # the digest of code follows absolute imports only
