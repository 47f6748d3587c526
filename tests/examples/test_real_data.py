"""Real data from fetch to comparisons, with the figures they are known to give.

Data that stand beside the repository or were fetched by `make demo`; where they are absent the
tests are skipped and say so.
"""

import shutil
from pathlib import Path

import pandas as pd
import pytest
import yaml

from isomorph import archives, inference, models, rdms, responses, stimuli
from isomorph.layout import Layout
from isomorph.study import load_study

ROOT = Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
FETCHED = ROOT / "data" / "archive" / "kriegeskorte92"


def needs(folder: Path):
    return pytest.mark.skipif(not folder.is_dir(), reason=f"{folder.name} is not on this machine")


def run_study(tmp_path: Path, source: Path, model_names: list[str], **inference_settings) -> Layout:
    """Run every stage of a study up to comparisons, in this process, with fewer resamples."""
    study = yaml.safe_load(source.read_text())
    places = (source.parent, source.parent.parent)

    def file_of(kind: str, name: str) -> str:
        return str(next(f for p in places if (f := p / kind / f"{name}.yaml").is_file()))

    study["datasets"] = [file_of("datasets", study["datasets"][0])]
    study["models"] = [file_of("models", name) for name in model_names]
    study["inference"] = {**study["inference"], "resamples": 200, **inference_settings}
    written = tmp_path / "study.yaml"
    written.write_text(yaml.safe_dump(study))
    layout = Layout(load_study(written), tmp_path)
    (dataset,) = layout.study.datasets
    if FETCHED.is_dir() and dataset == "kriegeskorte92":
        shutil.copytree(FETCHED, layout.archive(dataset))
    archives.run(layout, dataset)
    stimuli.run(layout, dataset)
    for subject in layout.study.dataset(dataset).subjects:
        responses.run(layout, dataset, subject)
    rdms.run_brain(layout, dataset)
    for instance, _, _ in layout.study.instances():
        models.run(layout, dataset, instance)
        rdms.run_model(layout, dataset, instance)
    inference.run(layout, dataset)
    return layout


@needs(SHARED / "zhang_desimone_it")
def test_macaque_it_tells_objects_from_each_other_wherever_they_stand(tmp_path):
    layout = run_study(
        tmp_path, ROOT / "config/examples/zhang_desimone_it.yaml", ["objects", "positions"]
    )
    table = pd.read_csv(layout.comparisons("zhang_desimone_it"))
    assert (table["n_stimuli"] == 21).all()
    assert table["ceiling_status"].str.startswith("defined: halves").all()
    rows = table[table["distance"] == "crossvalidated_euclidean"].set_index(["measure", "model"])
    for measure in ("rho_a", "pearson", "whitened_correlation"):
        objects, positions = rows.loc[measure, "objects"], rows.loc[measure, "positions"]
        assert objects["interval_low"] > 0 > positions["interval_low"], measure
        assert objects["estimate"] > positions["estimate"] + 0.15, measure
        assert objects["p_corrected"] < 0.01
        assert positions["p_corrected"] > 0.05
    assert rows.loc[("pearson", "objects"), "estimate"] == pytest.approx(0.260, abs=0.002)


@needs(SHARED / "algonauts78")
def test_fifteen_people_have_ceilings_in_both_regions(tmp_path):
    layout = run_study(
        tmp_path, ROOT / "config/examples/algonauts78.yaml", ["gabor", "pixels"], permutations=200
    )
    table = pd.read_csv(layout.comparisons("algonauts78"))
    assert set(table["region"]) == {"EVC", "IT"}
    assert (table["n_subjects"] == 15).all()
    assert (table["scheme"] == "stimuli and subjects").all()
    bounds = table[table["measure"] == "pearson"].groupby("region")[
        ["ceiling_lower", "ceiling_upper"]
    ].first()  # fmt: skip
    assert bounds.loc["EVC"].tolist() == pytest.approx([0.018, 0.266], abs=0.001)
    assert bounds.loc["IT"].tolist() == pytest.approx([0.008, 0.262], abs=0.001)


@needs(FETCHED)
def test_monkey_and_human_it_correlate_at_049(tmp_path):
    layout = run_study(tmp_path, ROOT / "config/demo.yaml", ["categories92"])
    regions = pd.read_csv(layout.regions("kriegeskorte92")).set_index("measure")
    assert regions.loc["pearson", "estimate"] == pytest.approx(0.490, abs=0.002)
    assert regions.loc["rho_a", "estimate"] == pytest.approx(0.433, abs=0.002)
    table = pd.read_csv(layout.comparisons("kriegeskorte92"))
    monkey, human = (table[table["region"] == f"{who} IT"] for who in ("monkey", "human"))
    assert (monkey["ceiling_status"] == "undefined: one subject without repetitions to halve").all()
    assert monkey["ceiling_upper"].isna().all()
    assert human["ceiling_status"].str.startswith("defined").all()
    assert (human["n_subjects"] == 4).all()
