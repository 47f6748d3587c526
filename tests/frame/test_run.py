"""The commands that hand over to Snakemake: what they make of what they are given."""

import os
import sys
from pathlib import Path

import pytest

from isomorph.cli import main
from isomorph.cli.run import command

ROOT = Path(__file__).parents[2]
DEMO = str(ROOT / "config" / "demo.yaml")


class HandedOverError(Exception):
    """In place of the process that Snakemake would become."""


@pytest.fixture
def handed_over(tmp_path, monkeypatch):
    """Return the function that gives the command line a command becomes, in an empty folder."""
    monkeypatch.chdir(tmp_path)

    def become(_, words):
        raise HandedOverError(words)

    monkeypatch.setattr(os, "execv", become)

    def words(*given):
        with pytest.raises(HandedOverError) as gone:
            main(given)
        return gone.value.args[0]

    return words


def refused(capsys, *given):
    assert main(given) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_a_study_runs_on_all_cores_of_this_environments_snakemake(handed_over):
    words = handed_over("run", "demo")
    assert words[:3] == [sys.executable, "-m", "snakemake"]
    assert words[3:5] == ["--snakefile", str(ROOT / "Snakefile")]
    assert words[-4:] == ["--cores", "all", "--config", f"study={DEMO}"]
    assert words == handed_over("demo")


def test_what_the_default_profile_asks_for_is_asked_for(handed_over, tmp_path):
    asked = handed_over("demo")
    for words in (["--keep-going"], ["--rerun-incomplete"], ["--quiet", "host", "rules"]):
        assert words[0] in asked
        at = asked.index(words[0])
        assert asked[at : at + len(words)] == words
    assert "--printshellcmds" not in asked
    (tmp_path / "profiles" / "default").mkdir(parents=True)  # somebody's own
    assert not {"--keep-going", "--workflow-profile"} & set(handed_over("demo"))


def test_what_is_asked_for_is_handed_on(handed_over, tmp_path, monkeypatch):
    (tmp_path / "mine.yaml").write_text("name: mine\ndatasets: [a]\nmodels: [b]\n")
    words = handed_over("run", "--cores", "3", "-n", "--verbose", "--", "--until", "compare")
    assert words.count("--quiet") == 1
    assert words[-9:] == [
        *("--cores", "3", "--dry-run", "--quiet", "host", "--until", "compare"),
        *("--config", "study=mine.yaml"),
    ]
    monkeypatch.setattr("isomorph.cli.run.find_spec", lambda name: name)
    words = handed_over("run", "--profile", "slurm")
    assert words[5:7] == ["--profile", str(ROOT / "profiles" / "slurm")]
    assert "--cores" not in words


def test_another_root_leaves_the_study_where_it_is(handed_over, tmp_path):
    (tmp_path / "mine.yaml").write_text("name: mine\ndatasets: [a]\nmodels: [b]\n")
    words = handed_over("run", "mine.yaml", "--root", "elsewhere")
    assert words[5:7] == ["--directory", "elsewhere"]
    assert words[-1] == f"study={tmp_path / 'mine.yaml'}"


def test_keys_of_ones_own_do_not_lose_the_study():
    passed_on = ["--config", "versions=remake", "--until", "compare"]
    words = command(Path("mine.yaml"), passed_on=passed_on)
    assert words[-5:] == ["--until", "compare", "--config", "study=mine.yaml", "versions=remake"]


def test_a_folder_is_unlocked(handed_over):
    words = handed_over("unlock", "demo")
    assert "--unlock" in words
    assert words[-1] == f"study={DEMO}"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("run",), "there is no study in"),
        (("run", "dmo"), 'did you mean "demo"?'),
        (("run", "mine.yaml"), "mine.yaml: no such file; name a study"),
        (("run", "demo", "--cores", "0"), "--cores 0: expected a number from 1 up, or all"),
        (("run", "demo", "--profile", "slum"), 'did you mean "slurm"?'),
        (("demo", "--root", __file__), "is a file; give the folder of data/ and results/"),
    ],
)
def test_a_mistake_is_one_sentence_and_starts_nothing(capsys, tmp_path, monkeypatch, given, said):
    monkeypatch.chdir(tmp_path)
    assert said in refused(capsys, *given)
    assert list(tmp_path.iterdir()) == []


def test_a_cluster_without_its_executor_is_said_with_what_brings_it(capsys, monkeypatch):
    monkeypatch.setattr("isomorph.cli.run.find_spec", lambda name: None)
    assert ".[cluster]" in refused(capsys, "run", "demo", "--profile", "slurm")


def test_the_version_is_said(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("isomorph 0.")
