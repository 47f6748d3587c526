"""The container's recipe: it builds what the Makefile builds, from the files of a checkout."""

import fnmatch
import re
import subprocess
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
RECIPE = (ROOT / "Dockerfile").read_text(encoding="utf-8")
PAGE = (ROOT / "docs" / "cluster.md").read_text(encoding="utf-8")


def instructions():
    text = re.sub(r"^#.*\n", "", RECIPE, flags=re.MULTILINE).replace("\\\n", " ")
    return [line.split(maxsplit=1) for line in text.splitlines() if line]


def pod():
    manifest = yaml.safe_load(re.search(r"```yaml\n(.*?)```", PAGE, flags=re.DOTALL)[1])
    (container,) = manifest["spec"]["template"]["spec"]["containers"]
    return manifest, container


def test_its_python_is_the_oldest_that_is_promised():
    (image,) = [rest for word, rest in instructions() if word == "FROM"]
    assert f'requires-python = ">={re.match("python:([0-9.]+)-", image)[1]}"' in (
        ROOT / "pyproject.toml"
    ).read_text(encoding="utf-8")


def test_what_it_makes_the_makefile_knows():
    made = [rest for word, rest in instructions() if word == "RUN" and rest.startswith("make ")]
    assert made == ["make .venv/installed"]
    done = subprocess.run(
        [*made[0].split(), "--dry-run", "--always-make"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "pip install" in done.stdout, done.stderr


def test_nothing_of_the_project_is_left_out():
    done = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        pytest.skip("not a checkout of git")
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    left_out = [line.removeprefix("**/") for line in lines if line[:1] not in ("#", "!")]
    kept = {line[1:] for line in lines if line.startswith("!")}
    files = [file for file in done.stdout.splitlines() if file not in kept]
    assert len(files) > 100
    patterns = [pattern for one in left_out for pattern in (one, f"{one}/*")]
    assert [file for file in files if any(fnmatch.fnmatch(file, one) for one in patterns)] == []


def test_the_pod_runs_what_the_recipe_says_of_itself():
    manifest, container = pod()
    said = " ".join(re.findall(r"^#\s+(.*?)\\?$", RECIPE, flags=re.MULTILINE))
    snakefile = "snakemake --snakefile /isomorph/Snakefile --cores 8"
    assert snakefile in said
    assert " ".join(container["args"]).startswith(snakefile)
    mounts = {one["mountPath"] for one in container["volumeMounts"]}
    assert container["workingDir"] in mounts
    volumes = {one["name"] for one in manifest["spec"]["template"]["spec"]["volumes"]}
    assert volumes == {one["name"] for one in container["volumeMounts"]}


def test_the_folder_of_the_checkout_is_where_the_pod_looks_for_it():
    (folder,) = [rest for word, rest in instructions() if word == "WORKDIR"]
    _, container = pod()
    place = container["args"][container["args"].index("--snakefile") + 1]
    assert Path(place).parent == Path(folder)
    assert (ROOT / Path(place).name).is_file()
