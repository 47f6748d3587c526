import os

import pytest
from synthetic_study import write_settings

from isomorph import report
from isomorph.cli import main
from isomorph.layout import Layout
from isomorph.report import missing
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
    assert missing.told(bare) == (
        "2 of 2 datasets are missing: real (s2: is torn); sim (s2: is torn)"
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
    assert len(lines) == 6

    aside.rename(comparisons)
    assert missing.told(fresh) == ""
    assert "datasets is missing" not in report.run(fresh).read_text()
    assert fresh.report.exists()
    assert not page.exists()
