"""The Snakefile run for real: interrupted, with a broken dataset, mended, and edited."""

import os
import re
import shutil
import signal
import sys
import zipfile
from pathlib import Path

import pytest
import tiny_study as tiny
import yaml

sys.path.append(str(Path(__file__).parents[1] / "catalogue"))
from explained_files import unexplained

NOTHING = "Nothing to be done"
AFTER_COMPARE = {"compare", "explain", "recover", "figures", "summarise", "report"}
ONCE = {"summarise": 1, "report": 1}
"""Of a study, whatever its datasets."""


@pytest.fixture(scope="module")
def story(tmp_path_factory):
    """One study through its life; what each run said, and what stood there after it."""
    folder = tmp_path_factory.mktemp("tiny study")  # a space in the path does not matter
    tiny.write(folder)
    told = {"folder": folder}
    told["interrupted"] = tiny.broken_off(folder, "stimuli small: done", signal.SIGINT)
    told["left"] = tiny.times(folder)
    told["hidden"] = [file for file in folder.rglob(".*") if ".snakemake" not in file.parts]
    told["killed"] = tiny.broken_off(folder, "responses small", signal.SIGKILL)
    told["locks"] = list((folder / ".snakemake" / "locks").glob("*.lock"))
    told["broken"] = tiny.snakemake(folder)
    told["saved"] = tiny.times(folder)
    tiny.settle()
    tiny.write_rdms(folder, tiny.N_STIMULI)
    told["mended"] = tiny.snakemake(folder)
    told["finished"] = tiny.times(folder)
    told["again"] = tiny.snakemake(folder)
    return told


@pytest.fixture
def finished(story, tmp_path):
    """A copy of the finished study to edit."""
    shutil.copytree(story["folder"], tmp_path / "study", dirs_exist_ok=True)
    return tmp_path / "study"


def planned(folder, **more):
    """Return which rules a dry run would run, with how many jobs each."""
    done = tiny.snakemake(folder, "--dry-run", **more)
    assert done.returncode == 0, done.stdout
    if NOTHING in done.stdout:
        return {}
    table = done.stdout.split("Job stats:")[1].split("total")[0]
    counts = dict(re.findall(r"^(\w+)\s+(\d+)$", table, flags=re.MULTILINE))
    counts.pop("all", None)
    return {name: int(count) for name, count in counts.items()}


# ---------------------------------------------------------------- the life of a study


def test_an_interruption_is_no_success_and_no_failure_of_a_job(story):
    status, said = story["interrupted"]
    assert status != 0, said
    assert story["hidden"] == []
    assert re.search(r"interrupted after 0:\d\d with [2-9] of 22 jobs done; the same command", said)
    assert "failed" not in said.split("stopping;")[1]


def test_the_next_run_goes_on_where_the_interrupted_one_stopped(story):
    manifest = "data/archive/small/manifest.json"
    assert manifest in story["left"]
    assert story["saved"][manifest] == story["left"][manifest]


def test_after_a_kill_the_next_run_goes_on_by_itself(story):
    assert story["killed"][0] == -signal.SIGKILL
    assert story["locks"]
    said = story["broken"].stdout
    assert said.count("the run before was killed and left its lock on this folder") == 1
    assert "LockException" not in said
    assert not list((story["folder"] / ".snakemake" / "runs").glob("run-*"))


def test_a_broken_dataset_fails_with_one_sentence(story):
    done = story["broken"]
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    summary = done.stdout.split("What failed, and why:")[1]
    sentences = [line for line in summary.splitlines() if "rdms.npy" in line]
    assert len(sentences) == 1, done.stdout
    assert "11 stimuli" in sentences[0]
    assert "12 stimuli" in sentences[0]


def test_the_rest_of_the_study_is_completed(story):
    assert "results/tiny/small/comparisons.csv" in story["saved"]
    assert any(path.startswith("results/tiny/figures/small/") for path in story["saved"])
    assert not any(path.startswith("results/tiny/broken/rdms/brain") for path in story["saved"])
    assert "results/tiny/report.html" not in story["saved"]


def test_the_screen_has_a_line_for_every_job_and_no_other_word(story):
    """From the plan to the summary; what stages say stands in their logs."""
    lines = story["broken"].stdout.splitlines()
    first = next(place for place, line in enumerate(lines) if " jobs, " in line)
    last = next(place for place, line in enumerate(lines) if " not run for it, " in line)
    kinds = (
        r"\w+ [\w ]+: done in [\d.]+ s \(\d+ of \d+\)",
        r"responses broken one: failed: .*",
        r"\d:\d\d  \d+ of \d+ jobs done.*; running: .*",
    )
    others = [line for line in lines[first + 1 : last] if not re.fullmatch("|".join(kinds), line)]
    assert others == []
    assert "compare small: done in" in story["broken"].stdout
    log = story["folder"] / "results" / "tiny" / "logs" / "compare" / "small.log"
    assert "compare small: done" in log.read_text()


def test_once_mended_only_the_broken_part_runs_and_the_report_is_made(story):
    done = story["mended"]
    assert done.returncode == 0, done.stdout
    assert re.search(
        r"^done in \d:\d\d: \d+ jobs\nreport: results/tiny/report.html$", done.stdout, re.M
    )
    assert "results/tiny/report.html" in story["finished"]
    kept = [path for path in story["saved"] if path.startswith("results/tiny/small/")]
    assert kept
    assert all(story["finished"][path] == story["saved"][path] for path in kept)


def test_every_job_left_a_log_and_a_benchmark(story):
    from isomorph.jobs import jobs
    from isomorph.study import load_study

    count = len(list(jobs(load_study(story["folder"] / "config" / "study.yaml"))))
    results = story["folder"] / "results" / "tiny"
    assert len(list((results / "logs").rglob("*.log"))) == count
    assert len(list((results / "benchmarks").rglob("*.tsv"))) == count


def test_all_that_was_written_is_in_the_data_dictionary(story):
    assert unexplained(story["folder"] / "results") == []


def test_a_second_run_does_nothing(story):
    assert story["again"].returncode == 0
    assert NOTHING in story["again"].stdout
    assert "report: results/tiny/report.html" in story["again"].stdout
    assert tiny.times(story["folder"]) == story["finished"]


def test_two_studies_that_share_a_dataset_leave_each_other_alone(finished):
    second = {**tiny.STUDY, "name": "second", "datasets": ["small"], "measures": ["cosine"]}
    tiny.write_yaml(finished / "config" / "second.yaml", second)
    before = tiny.contents(finished)
    done = tiny.snakemake(finished, study="second")
    assert done.returncode == 0, done.stdout
    for stage in ("fetch", "stimuli", "activations"):
        assert f"{stage} small" not in done.stdout
    assert planned(finished) == {}
    assert planned(finished, study="second") == {}
    assert tiny.contents(finished).items() >= before.items()


def test_snakemakes_own_report_holds_the_page_figures_and_tables_with_captions(finished):
    done = tiny.snakemake(finished, "--report", "report.zip")
    assert done.returncode == 0, done.stdout
    with zipfile.ZipFile(finished / "report.zip") as packed:
        names = {name.rpartition("/")[2] for name in packed.namelist()}
        page = packed.read("report/report.html").decode()
    assert {"report.html", "comparisons.csv", "stimuli.csv", "profile_it.svg"} <= names
    for said in ("How similar is each layer to IT?", "Every region against every layer"):
        assert said in page


# ---------------------------------------------------------------- what an edit re-runs


def test_a_changed_measure_runs_comparisons_and_what_follows(finished):
    tiny.write_yaml(finished / "config" / "study.yaml", {**tiny.STUDY, "measures": ["spearman"]})
    assert planned(finished) == {**dict.fromkeys(AFTER_COMPARE, 2), **ONCE}
    done = tiny.snakemake(finished, "--until", "compare")
    assert done.returncode == 0, done.stdout
    table = (finished / "results" / "tiny" / "small" / "comparisons.csv").read_text()
    assert "spearman" in table
    assert "pearson" not in table
    after = AFTER_COMPARE - {"compare"}
    assert planned(finished) == {**dict.fromkeys(after, 2), **ONCE}


def test_a_comment_in_any_settings_file_runs_nothing(finished):
    for file in (finished / "config").rglob("*.yaml"):
        file.write_text("# a comment\n" + file.read_text())
    assert planned(finished) == {}


def test_a_changed_dataset_runs_that_dataset_alone(finished):
    file = finished / "config" / "datasets" / "small.yaml"
    content = yaml.safe_load(file.read_text())
    tiny.write_yaml(file, {**content, "transform": "z_score"})
    assert planned(finished) == dict.fromkeys(["brain_rdms", *AFTER_COMPARE], 1)


def test_a_changed_file_of_a_local_dataset_is_noticed(finished):
    file = finished / "files" / "small" / "one_units.csv"
    tiny.settle()
    file.write_text(file.read_text().replace("V1", "V2"))
    counts = planned(finished)
    assert counts["fetch"] == 1
    # the file might have been an image, and the other dataset borrows the images
    assert counts["responses"] == len(tiny.SUBJECTS) + 1


def test_code_re_runs_what_it_changes_and_comments_run_nothing(finished, tmp_path):
    source = tmp_path / "src"
    shutil.copytree(tiny.ROOT / "src" / "isomorph", source / "isomorph")
    room = source / "isomorph" / "measures" / "__init__.py"
    assert planned(finished, source=source) == {}
    room.write_text(room.read_text() + "\n# a comment\n")
    assert planned(finished, source=source) == {}
    room.write_text(room.read_text() + "\nADDED = 1\n")
    assert set(planned(finished, source=source)) == AFTER_COMPARE
    archive = source / "isomorph" / "archives" / "download.py"
    archive.write_text(archive.read_text() + "\nADDED = 1\n")
    assert "fetch" not in planned(finished, source=source)


# ---------------------------------------------------------------- without memory and dates


def forget(folder):
    """Leave what a copy without dates and memory leaves: files in the order of their names."""
    shutil.rmtree(folder / ".snakemake")
    for number, file in enumerate(sorted(folder.rglob("*"), reverse=True)):
        os.utime(file, (1e9 + number, 1e9 + number))


def test_what_is_whole_stays_and_what_an_edit_decides_runs_again(finished):
    forget(finished)
    assert planned(finished) == {}
    tiny.write_yaml(finished / "config" / "study.yaml", {**tiny.STUDY, "measures": ["spearman"]})
    assert planned(finished) == {**dict.fromkeys(AFTER_COMPARE, 2), **ONCE}
    tiny.write_yaml(finished / "config" / "study.yaml", tiny.STUDY)
    assert planned(finished) == {}
    # one subject's file over another's: its own responses, and what is made of them
    responses = finished / "results" / "tiny" / "small" / "responses"
    shutil.copy(responses / "one.nc", responses / "two.nc")
    after = {"responses", "reliability", "brain_rdms", *AFTER_COMPARE}
    assert planned(finished) == dict.fromkeys(after, 1)
    assert planned(finished, versions="remake") == dict.fromkeys(after, 1)


# ---------------------------------------------------------------- mistakes before anything runs


def test_an_unknown_key_of_the_command_line_starts_nothing(tmp_path):
    tiny.write(tmp_path)
    done = tiny.snakemake(tmp_path, stduy="config/study.yaml")
    assert done.returncode != 0
    assert '--config stduy: unknown key, did you mean "study"?' in done.stdout
    assert not (tmp_path / "results").exists()


def test_mistakes_in_the_study_stop_it_in_sentences(tmp_path):
    tiny.write(tmp_path)
    study = {**tiny.STUDY, "measures": ["pearsn"], "models": ["pixls"]}
    tiny.write_yaml(tmp_path / "config" / "study.yaml", study)
    done = tiny.snakemake(tmp_path)
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    assert 'measures.0: unknown "pearsn", did you mean "pearson"?' in done.stdout
    assert 'no model "pixls"' in done.stdout
    assert not (tmp_path / "results").exists()


def test_a_missing_folder_of_the_users_is_that_datasets_own_mistake(tmp_path):
    tiny.write(tmp_path)
    shutil.rmtree(tmp_path / "files" / "broken")
    done = tiny.snakemake(tmp_path, "--until", "fetch")
    assert done.returncode != 0
    assert "Traceback" not in done.stdout
    why = done.stdout.split("What failed, and why:")[1]
    assert "files/broken" in why
    assert (tmp_path / "data" / "archive" / "small" / "manifest.json").is_file()


def test_a_job_that_is_killed_is_told(tmp_path):
    tiny.write(tmp_path)
    source = tmp_path / "src"
    shutil.copytree(tiny.ROOT / "src" / "isomorph", source / "isomorph")
    fetch = source / "isomorph" / "archives" / "local.py"
    killed = "\nimport os\nif 'broken' in os.sys.argv: os.kill(os.getpid(), 9)\n"
    fetch.write_text(fetch.read_text() + killed)
    done = tiny.snakemake(tmp_path, "--until", "fetch", source=source)
    assert done.returncode != 0
    why = done.stdout.split("What failed, and why:")[1]
    assert "fetch broken: was killed, as systems do where memory runs out" in why
    assert (tmp_path / "data" / "archive" / "small" / "manifest.json").is_file()


# ---------------------------------------------------------------- what jobs ask of the machine


def test_what_jobs_ask_for_is_predicted_and_can_be_set(tmp_path):
    """As much memory as predicted, at most what the machine may give; threads by stage."""
    tiny.write(tmp_path)
    options = ("--dry-run", "--quiet", "host", "--set-threads", "compare=2", "--resources")
    said = tiny.snakemake(tmp_path, *options, "mem_mb=450").stdout
    jobs = dict(re.findall(r"^(?:local)?rule (\w+):\n((?: .*\n)*)", said, flags=re.MULTILINE))
    assert {"mem_mb=450", "runtime=10"} <= set(re.findall(r"\w+=\d+", jobs["compare"])), said
    assert "threads: 2" in jobs["compare"]
    assert "threads" not in jobs["explain"]
