"""Results on the disk: what the library saves, and what a study made, opened by name."""

import builtins
import shutil
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import yaml

sys.path.append(str(Path(__file__).parents[1] / "figures"))

from synthetic_study import write_study

import isomorph as iso
from isomorph.catalogue import made_by
from isomorph.making import DECLARED
from isomorph.stages import compare


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    layout = write_study(tmp_path_factory.mktemp("opened"), datasets=("real",))
    path = layout.root / "config" / "small.yaml"
    study = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**study, "datasets": ["real"]}))
    return layout


@pytest.fixture
def results(layout):
    return iso.open_results(layout.results)


def test_everything_declared_is_listed_and_opened_by_name(results, layout):
    listed = set(results.files["artefact"])
    assert listed == {
        one.name for stage in DECLARED for one in made_by(stage) if one.asked is None
    } - {"names"}  # fmt: skip
    assert results.datasets == ["real"]
    assert set(results.comparisons["dataset"]) == {"real"}
    brain = results.rdms("real")
    assert set(results.rdms("real", "alpha")["region"].values) == {"alpha"}
    np.testing.assert_array_equal(
        results.rdms("real", "alpha")["correlation"], brain.sel(region="alpha")["correlation"]
    )
    assert "layer" in results.rdms("real", "net").dims
    assert set(results.stimuli["stimulus"]) == set(brain["stimulus"].values)
    assert "representations" in dir(results)
    with pytest.raises(iso.IsomorphError, match=r"predictions: .*small.yaml does not ask for it"):
        results.open("predictions", "real")


def test_what_is_not_there_is_said_with_the_nearest(results, layout):
    for asked, message in (
        (lambda: results.rdms("real", "alpa"), 'no region or model "alpa", did you mean "alpha"'),
        (lambda: results.rdms("reel"), 'no "reel", did you mean "real"'),
        (lambda: results.responses("real", "s9"), 'no subject "s9", known: s1, s2'),
        (lambda: results.responses("real"), "is made for dataset, subject, and was asked for with"),
        (lambda: results.open("comparison", "real"), 'did you mean "comparisons"'),
        (lambda: iso.open_results(layout.root / "results" / "big"), "no such folder"),
        (lambda: iso.open_results(layout.results, layout.root / "none.yaml"), "no such file"),
        (lambda: iso.open_results(layout.root), 'no file of a study called'),
    ):  # fmt: skip
        with pytest.raises(iso.IsomorphError, match=message):
            asked()
    with pytest.raises(AttributeError, match='no comparison, did you mean "comparisons"'):
        results.comparison  # noqa: B018


def test_a_saved_result_is_no_study(tmp_path):
    rng = np.random.default_rng(0)
    brain = [iso.rdm(rng.standard_normal((8, 20)), subject=s) for s in "ab"]
    folder = iso.save(iso.noise_ceiling(brain, resamples=20), tmp_path / "kept")
    with pytest.raises(iso.IsomorphError, match=r"one result that isomorph.save .*isomorph.load"):
        iso.open_results(folder)


def test_a_view_counts_what_is_made(results):
    assert "artefacts made, of real" in repr(results)
    assert "comparisons" in results._repr_html_()


def test_the_page_is_opened_in_a_browser_or_shown_in_a_notebook(results, monkeypatch, tmp_path):
    with pytest.raises(iso.IsomorphError, match=r"has not been made; make it: isomorph report"):
        results.explore()
    file = tmp_path / "results" / "a study" / "report.html"
    monkeypatch.setattr(type(results), "open", lambda _, name: file)
    opened = []
    monkeypatch.setattr("webbrowser.open", opened.append)
    page = results.explore()
    assert opened == [file.as_uri()]
    assert repr(page) == f"the page of the study: {file}"
    assert f'href="{file.as_uri()}"' in page._repr_html_()
    assert "<iframe" not in page._repr_html_()  # what no notebook's server would show
    monkeypatch.setattr(
        builtins, "get_ipython", lambda: SimpleNamespace(kernel=object()), raising=False
    )
    monkeypatch.chdir(tmp_path)
    shown = results.explore()._repr_html_()
    assert len(opened) == 1
    assert '<iframe src="results/a%20study/report.html"' in shown


def test_what_the_study_no_longer_says_is_refused(layout, tmp_path):
    root = tmp_path / "copy"
    shutil.copytree(layout.root, root)
    path = root / "config" / "small.yaml"
    opened = iso.open_results(root / "results" / "small")
    compare.run(opened._layout, "real")
    assert len(iso.open_results(root / "results" / "small").comparisons)
    study = yaml.safe_load(path.read_text())
    path.write_text(yaml.safe_dump({**study, "measures": ["pearson"]}))
    with pytest.raises(iso.IsomorphError, match=r"measures.*make it again: isomorph compare"):
        iso.open_results(root / "results" / "small").comparisons  # noqa: B018


def test_a_saved_result_is_read_as_it_was(tmp_path):
    rng = np.random.default_rng(0)
    x = rng.standard_normal((9, 20))
    models = {"net": iso.rdm({"a": x, "b": x[::-1]})}
    found = iso.compare(iso.rdm(x + rng.standard_normal(x.shape)), models,
                        resamples=20, permutations=20)  # fmt: skip
    folder = found.save(tmp_path / "saved")
    again = iso.load(folder)
    assert list(again.tables) == list(found.tables)
    np.testing.assert_allclose(again.table["estimate"], found.table["estimate"])
    assert (again.inference, again.models, again.kind) == (
        found.inference,
        found.models,
        found.kind,
    )
    table = folder / "comparisons.csv"
    table.write_text(table.read_text().replace("0.", "1.", 1))
    with pytest.raises(iso.IsomorphError, match=r"comparisons\.csv"):
        iso.load(folder)


def test_other_files_are_refused(tmp_path):
    for name, message in (
        ("notes.txt", "is not a file that isomorph reads back"),
        ("empty", "holds no result.json"),
    ):
        place = tmp_path / name
        place.mkdir() if "." not in name else place.write_text("x")
        with pytest.raises(iso.IsomorphError, match=message):
            iso.load(place)


def test_a_result_replaces_what_was_saved_there_before(tmp_path):
    rng = np.random.default_rng(0)
    brain = [iso.rdm(rng.standard_normal((9, 20)), subject=one) for one in "ab"]
    model = iso.rdm(rng.standard_normal((9, 20)), model="net")
    iso.compare(brain, model, resamples=20, permutations=20).save(tmp_path)
    (tmp_path / "notes.txt").write_text("mine")
    iso.noise_ceiling(brain, resamples=20).save(tmp_path)
    assert sorted(one.name for one in tmp_path.iterdir()) == [
        "ceiling.csv", "ceiling.json", "notes.txt", "result.json"
    ]  # fmt: skip
    assert iso.load(tmp_path).kind == "ceiling"
