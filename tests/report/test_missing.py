import os
import re

import pandas as pd
import pytest
import yaml
from synthetic_study import with_recovery, write_scores, write_settings, write_study

from isomorph import report
from isomorph.artefacts import provenance, read_array, read_table, write_array, write_table
from isomorph.catalogue import TABLES
from isomorph.cli import main
from isomorph.errors import IsomorphError
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import Fitting, outputs_of, stamp
from isomorph.report import missing
from isomorph.report.missing import judge
from isomorph.report.page import context, render
from isomorph.stages import figures, recover
from isomorph.study import load_study


def log(layout, text, *names, age=0):
    path = layout.log(*names)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    os.utime(path, (1e9 - age, 1e9 - age))


def headline(layout):
    return main(["headline", "--study", str(layout.study.path), "--root", str(layout.root)])


@pytest.fixture
def bare(tmp_path):
    """A study of which nothing is computed."""
    return Layout(load_study(write_settings(tmp_path)), tmp_path)


def stop(fresh):
    """Leave logs of a dataset that has stopped."""
    log(fresh, "isomorph: an older sentence\n", "fetch", "real", age=9)
    log(fresh, "one\nisomorph: no key\nisomorph: s2: is torn\nbye\n", "responses", "real", "s2")
    log(fresh, "isomorph: is about another dataset\n", "fetch", "realm")


def test_the_last_sentence_of_the_newest_log_says_why(bare):
    stop(bare)
    assert missing.why(bare, "real") == "s2: is torn"


def test_a_dataset_that_borrows_stimuli_fails_with_them(bare):
    stop(bare)
    assert judge(bare).told == (
        "2 of 2 datasets are missing: real (s2: is torn); sim (s2: is torn)"
    )


def test_a_job_that_was_killed_is_told_by_how_it_ended(bare):
    log(bare, "on the way\nended with exit status 137\n", "responses", "real", "s2")
    log(bare, "responses real s1: done in 1.0 s\n", "responses", "real", "s1")
    assert missing.why(bare, "real").startswith("responses real s2: was killed, as systems do")


def test_a_job_that_left_no_word_is_told_too(bare):
    log(bare, "fetch real: done in 1.0 s\n", "fetch", "real")
    assert missing.why(bare, "real") == "not computed yet"
    log(bare, "on the way\n", "responses", "real", "s2")
    assert missing.why(bare, "real") == (
        "responses real s2 stopped without a message, or is still running"
    )


def test_without_a_log_it_is_only_not_computed(bare):
    assert missing.why(bare, "real") == "not computed yet"


def test_page_and_headline_say_what_is_missing_until_nothing_is(fresh, capsys):
    broken, comparisons = fresh, fresh.comparisons("real")
    aside = comparisons.rename(comparisons.with_suffix(".aside"))
    stop(broken)
    assert headline(broken) == 1
    said = capsys.readouterr().err
    assert "no report yet, 1 of 2 datasets is missing: real (s2: is torn); for a page" in said
    page = report.run(broken)
    assert page.name == "report.partial.html"
    assert "</strong> 1 of 2 datasets is missing: real (s2: is torn).</p>" in page.read_text()
    capsys.readouterr()
    assert headline(broken) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:2] == [
        f"report: {page}", "partial: 1 of 2 datasets is missing: real (s2: is torn)",
    ]  # fmt: skip
    assert [line for line in lines if line.startswith("- simulated alpha")]
    assert not [line for line in lines if line.startswith("- alpha")]

    aside.rename(comparisons)
    assert judge(fresh).told == ""
    assert "datasets is missing" not in report.run(fresh).read_text()
    assert fresh.report.exists()
    assert not page.exists()


NOT_A_NUMBER = re.compile(r"\b(nan|NaN|None|inf|NaT)\b")


def shown_words(html):
    """Return what a reader sees of a page: no style, script, picture or recorded setting."""
    unseen = r"<(style|script|pre)\b.*?</\1>|data:image/[^\"]+"
    kept = re.sub(unseen, "", html, flags=re.S)
    return re.sub(r"<[^>]+>", " ", kept)


def rewrite(layout, kind, change):
    """Rewrite a table of the dataset by a function of it."""
    path = getattr(layout, kind)("real")
    write_table(path, change(read_table(path, kind)), kind, provenance("test"))


def test_nothing_simulated_nothing_explained_is_still_a_page(tmp_path):
    layout = with_recovery(write_study(tmp_path, datasets=("real",)), simulations=0)
    recover.run(layout, "real")
    write_scores(layout, "real")
    for kind in ("partial", "partition", "weighted", "models"):
        empty = pd.DataFrame(columns=list(TABLES[kind]))
        write_table(getattr(layout, kind)("real"), empty, kind, provenance("test"))
    figures.run(layout, "real")
    words = shown_words(render(judge(layout)))
    assert "What else explains it" not in words
    assert "Data were simulated from" not in words
    assert "How far to trust this" in words  # settings can agree without simulations
    assert not NOT_A_NUMBER.search(words)


def test_one_region_without_images_and_without_a_ceiling_is_still_a_page(tmp_path):
    layout = write_study(tmp_path, datasets=("real",))
    for kind in ("comparisons", "contrasts"):
        rewrite(layout, kind, lambda table: table[table["region"] == "beta"])
    rewrite(layout, "regions", lambda table: table.head(0))
    rewrite(layout, "stimuli", lambda table: table.assign(file="", sha256=""))
    figures.run(layout, "real")
    words = shown_words(render(judge(layout)))
    assert "The noise ceiling is undefined: one subject." in words
    assert "Regions against each other" not in words
    assert not NOT_A_NUMBER.search(words)


def test_no_raw_name_of_a_correction_measure_or_model_is_shown(whole):
    words = shown_words(render(judge(whole[0])))
    for name in ("fdr_bh", "rho_a", "semi_partial", "net-untrained-seed0", "crossvalidated_"):
        assert name not in words.partition("To reproduce all of this")[0]
    assert not NOT_A_NUMBER.search(words)


# ---------------------------------------------------------------- what does not fit the study


def as_by_its_stages(layout):
    """Sign the tables and RDMs of a study as its stages would."""
    for dataset in layout.study.datasets:
        for job in (Job("brain_rdms", (dataset,)), Job("compare", (dataset,))):
            for kind, path in outputs_of(layout, job).items():
                if path.suffix == ".nc" and path.is_file():
                    data = read_array(path, "rdms")
                    write_array(path, data, "rdms", stamp(layout, job.stage, *job.names))
                elif kind in TABLES:
                    rows = read_table(path, kind) if path.is_file() else None
                    empty = pd.DataFrame(columns=list(TABLES[kind]))
                    signed = stamp(layout, job.stage, *job.names)
                    write_table(path, empty if rows is None else rows, kind, signed)


def edited(layout, dataset, **changes):
    file = layout.root / "config" / "datasets" / f"{dataset}.yaml"
    file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), **changes}))
    return Layout(load_study(layout.study.path), layout.root)


def test_numbers_of_other_settings_are_on_no_page(fresh, capsys):
    as_by_its_stages(fresh)
    assert judge(fresh).missing == {}
    layout = edited(fresh, "real", transform="z_score")
    said = judge(layout).missing["real"]
    assert 'brain.nc: was made with transform "none", the study now says "z_score"' in said
    assert headline(layout) == 1
    page = report.run(layout)
    assert page.name == "report.partial.html"
    assert "1 of 2 datasets is missing: real (" in capsys.readouterr().err
    text = page.read_text()
    assert "the study now says &#34;z_score&#34;" in text
    # nothing of its numbers, nothing of where they came from
    shown = {each["spec"].name: each for each in context(judge(layout))["datasets"]}
    assert shown["real"]["results"] is None
    assert shown["real"]["methods"].sessions is None
    assert shown["sim"]["results"] is not None


def test_a_page_of_nothing_but_other_settings_is_refused(fresh):
    as_by_its_stages(fresh)
    layout = edited(edited(fresh, "real", transform="z_score"), "sim", transform="z_score")
    with pytest.raises(IsomorphError, match="transform"):
        report.run(layout)
    assert not list(layout.results.glob("report*"))


def test_a_study_is_judged_once_for_all_that_is_said_of_it(fresh, monkeypatch, capsys):
    as_by_its_stages(fresh)
    judged = []
    own = Fitting._of
    monkeypatch.setattr(
        Fitting, "_of", lambda self, job, file: judged.append(file) or own(self, job, file)
    )
    assert report.run(fresh) == fresh.report
    assert len(judged) == len({*judged}) > 0
    judged.clear()
    assert headline(fresh) == 0
    assert len(judged) == len({*judged}) > 0


def test_other_versions_of_libraries_are_a_note_on_the_page(fresh, monkeypatch):
    as_by_its_stages(fresh)
    assert "files were made with" not in render(judge(fresh))
    older = {**provenance("rdms").packages, "scipy": "1.0.0"}
    monkeypatch.setattr("isomorph.making.versions.versions", lambda *_: older)
    assert "installed is 1.0.0 now." in render(judge(fresh))
