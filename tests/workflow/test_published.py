"""The study of published scores from nothing to its report, on a replica of its dataset."""

from dataclasses import replace

import numpy as np
import pytest
import replica_study as replicas
import yaml

from isomorph.artefacts import read_responses
from isomorph.cli import main
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.report.published import scores
from isomorph.study import load_study
from isomorph.study.published import PublishedScores

KNOWN = replicas.replicas("published")
QUICK = {
    "resamples": 20, "permutations": 20, "minimum_subjects": 2,
    "explain": {"resamples": 20, "splits": 2}, "recovery": {"simulations": 0},
}  # fmt: skip
PIXELS = {
    "name": "pixels", "title": "Pixels", "source": "baseline/pixels", "preprocessing": {"size": 4},
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    """Give the study once all of it is there."""
    folder = tmp_path_factory.mktemp("published")
    text = (replicas.ROOT / "config" / "nsdsynthetic.yaml").read_text(encoding="utf-8")
    study = {**yaml.safe_load(text), "inference": QUICK}
    replicas.write_config(folder, study, {"pixels": PIXELS}, KNOWN)
    archives = replicas.write_files(folder, KNOWN)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        with replicas.servers(archives, folder / "objects") as servers:
            patch.setenv("ISOMORPH_MIRRORS", servers.mirrors)
            assert main(["lock", "--study", "config/study.yaml"]) == 0
            study = load_study(folder / "config" / "study.yaml")
            # pictures take longest and are of no other data than anywhere
            for command in replicas.commands(
                [one for one in jobs(study) if one.stage != "figures"]
            ):
                assert main(command) == 0, command
        yield Layout(load_study(folder / "config" / "study.yaml"), folder)


def test_betas_are_scaled_and_stand_where_the_mask_says(found):
    (data,) = read_responses(found.responses("nsdsynthetic", "subj02")).values()
    mean = data["response"].groupby("stimulus").mean("presentation")
    assert 1 < mean.values.std() < 10  # of ten times pixels from 0 to 1, not of 300 times these
    counts = np.unique(data["run"].values, return_counts=True)
    assert dict(zip(*counts, strict=True)) == {"1": 22, "2": 18, "3": 20, "4": 18}
    assert sum(data["stimulus"].values == "nsdsynthetic001") == 7


def test_the_page_says_what_was_published_and_what_was_found(found):
    page = found.report.read_text(encoding="utf-8")
    assert "1 of 2 published scores found again within 0.01 and 0.1 (planted)" in page
    assert "people among each other in V1v: published 0.500, found 0.9" in page
    assert "<td>pixels of Pixels</td>" in page


def test_the_headline_says_it_too(found, capsys, monkeypatch):
    monkeypatch.chdir(found.root)
    assert main(["headline", "config/study.yaml"]) == 0
    assert "1 of 2 published scores found again" in capsys.readouterr().out


def test_verify_tells_the_score_that_holds_from_the_one_that_does_not(found, capsys, monkeypatch):
    monkeypatch.chdir(found.root)
    assert main(["verify", "config/study.yaml"]) == 1
    said = capsys.readouterr()
    assert "nsdsynthetic: 1 of 2 published scores found again" in said.out
    assert "people among each other in V1v: published 0.500, found" in said.err
    assert "pixels of Pixels" not in said.err


def said_of(found, **own):
    """Return what is said of one published score in place of those of the dataset's file."""
    spec = found.study.dataset("nsdsynthetic")
    given = {"region": "V1v", "distance": "crossnobis", "measure": "whitened_cosine",
             "source": "s", **own}  # fmt: skip
    expected = spec.expected.model_copy(update={"published": (PublishedScores(**given),)})
    datasets = {"nsdsynthetic": spec.model_copy(update={"expected": expected})}
    layout = Layout(replace(found.study, datasets=datasets), found.root)
    return [str(one) for one in scores(layout, "nsdsynthetic")]


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"layers": {"pixel": 0.5}}, 'published 0.500, no layer "pixel", did you mean "pixels"'),
        ({"region": "V1"}, 'pixels of Pixels in V1: published 0.500, no region "V1", did you mean'),
        ({"measure": "rho_a"}, ""),
        ({"distance": "correlation"}, ""),
        ({"model": "resnet50-stages"}, ""),
        ({"model": None, "layers": {}, "people": 0.5, "region": "V2"}, "0 people with RDMs of it"),
    ],
)
def test_what_is_not_asked_is_passed_over_and_what_is_not_there_is_said(found, own, said):
    told = said_of(found, **{"model": "pixels", "layers": {"pixels": 0.5}, **own})
    assert (said in told[0]) if said else not told
