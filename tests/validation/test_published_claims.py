"""Published results are done again: the quick ones in the suite, the others when asked for."""

import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from isomorph.cli import main
from isomorph.validation import CLAIMS, Claim, Figure

DOCS = Path(__file__).parents[2] / "docs"
QUICK = [name for name, claim in CLAIMS.items() if claim.quick]
SLOW = [name for name, claim in CLAIMS.items() if not claim.quick]


def claim(value, low=0.0, high=1.0, name="a2020"):
    figures = (Figure("x", "what", "0.5", low, high),)
    return Claim(
        name, "A 2020, https://example.org/1", "So it is.", "an experiment", figures, lambda: value
    )


@pytest.mark.parametrize("name", QUICK)
def test_quick_claims_hold(name):
    outcome = CLAIMS[name].outcome()
    assert not outcome.failed, outcome.values


@pytest.mark.slow
@pytest.mark.published
@pytest.mark.parametrize("name", SLOW)
def test_claims_on_trained_networks_hold(name):
    outcome = CLAIMS[name].outcome()
    assert not outcome.failed, outcome.values


@pytest.mark.parametrize("name", CLAIMS)
def test_every_claim_has_a_source_and_tolerances(name):
    one = CLAIMS[name]
    assert one.name == name
    assert re.search(r"(19|20)\d\d.*https://(doi|arxiv)\.org/", one.source)
    assert len({figure.name for figure in one.figures}) == len(one.figures)
    for figure in one.figures:
        assert np.isfinite([figure.low, figure.high]).any()
        assert figure.low <= figure.high
        assert not figure.holds(float("nan"))


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(0.2, np.inf, "at least 0.2"), (-np.inf, 3, "at most 3"), (1, 1, "1"), (0, 2, "0 to 2")],
)
def test_tolerances_are_said_in_words(low, high, words):
    assert Figure("x", "what", "", low, high).expected == words


def test_a_claim_that_fails_is_said_and_told_by_the_exit_status(capsys, monkeypatch, tmp_path):
    monkeypatch.setitem(CLAIMS._members, "a2020", claim({"x": 0.4}))
    monkeypatch.setitem(CLAIMS._members, "b2021", claim({"x": 1.4}, name="b2021"))
    file = tmp_path / "page.md"
    assert main(["validate", "a2020", "b2021", "--page", str(file)]) == 1
    found = capsys.readouterr()
    assert "a2020: holds" in found.out
    assert "b2021: differs" in found.out
    assert found.err == "isomorph: b2021: what is 1.4, expected 0 to 1\n"
    page = file.read_text()
    assert "1 of 2 hold" in page
    assert "| what | 0.5 | 0 to 1 | 1.4 | differs |" in page
    assert "<https://example.org/1>" in page


def test_figures_as_json(capsys):
    assert main(["validate", "kriegeskorte2008", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    assert [row["figure"] for row in rows] == ["pearson", "spearman"]
    assert rows[0]["ours"] == pytest.approx(0.491, abs=5e-4)
    assert all(row["holds"] for row in rows)


def test_claims_are_listed_without_being_done(capsys):
    assert main(["validate", "--list"]) == 0
    listed = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in listed] == list(CLAIMS)


def test_an_unknown_claim_and_a_missing_folder_are_refused(capsys, tmp_path):
    assert main(["validate", "ding2012"]) == 1
    assert 'unknown claim "ding2012"' in capsys.readouterr().err
    assert main(["validate", "ding2021", "--page", str(tmp_path / "no" / "page.md")]) == 1
    assert "no such folder" in capsys.readouterr().err


def test_the_registry_of_claims_imports_no_library_of_networks():
    code = (
        "import sys, isomorph.validation\n"
        "print(sorted({'torch', 'sklearn', 'ripser'} & set(sys.modules)))"
    )
    heavy = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert heavy.stdout.strip() == "[]"


def test_the_page_of_the_documentation_tells_of_every_claim():
    page = (DOCS / "validation.md").read_text()
    assert re.findall(r"^## (\w+)$", page, flags=re.M) == list(CLAIMS)
    for one in CLAIMS.values():
        for figure in one.figures:
            assert f"| {figure.what} | {figure.published} | {figure.expected} |" in page
        assert one.says.endswith(".")
        assert one.says in page


def test_published_rdms_are_those_of_the_notebook():
    own = np.load(DOCS.parent / "src/isomorph/validation/kriegeskorte92.npz")
    whole = np.load(DOCS / "kriegeskorte92.npz")
    np.testing.assert_array_equal(own["monkey_it"], whole["monkey_it"][0])
    np.testing.assert_allclose(own["human_it"], whole["human_it"].mean(axis=0), atol=1e-6)
