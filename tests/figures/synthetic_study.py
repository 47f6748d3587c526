"""A small study with synthetic artefacts of every kind, written as the stages write them.

All numbers are drawn from a seeded generator; nothing here is data.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr
import yaml
from PIL import Image

from isomorph.artefacts import (
    provenance,
    read_table,
    sha256,
    write_array,
    write_responses,
    write_table,
)
from isomorph.catalogue import ordered
from isomorph.figures.style import SETTINGS
from isomorph.inference.agreement import agreement
from isomorph.layout import Layout
from isomorph.rdms import LayerRdm, RdmRow, brain_rdms, flat, model_rdms
from isomorph.study import load_study

SETTINGS["pdf.fonttype"] = 3
"""Glyphs as they are: cutting TrueType fonts to size takes most of the time of a small PDF."""

LAYERS = ("stem", "blocks.0", "blocks.1", "blocks.2", "head")
BEST = {"alpha": "blocks.2", "beta": "blocks.0"}
REGIONS = ("alpha", "beta")
NO_BINS = {"time_start": np.nan, "time_stop": np.nan}
SIDES = {"distance_brain": "correlation", "distance_model": "correlation"}
SHAPE = ("estimate", "standard_error", "interval_low", "interval_high")


def write_settings(root: Path) -> Path:
    """Write the settings files and return the study's."""
    study = {
        "name": "small",
        "title": "A <small> study",
        "question": "Which layer is like alpha & beta?",
        "datasets": ["real", "sim"],
        "models": ["net", "net-untrained", "pixels"],
        "distances": ["correlation"],
        "measures": ["rho_a", "pearson"],
    }
    real = {
        "name": "real",
        "title": "Two regions",
        "citation": "Nobody N (2020). A journal <1>, 1-2.",
        "doi": "10.1000/xyz",
        "licence": "CC0",
        "species": "Mus musculus",
        "notes": ["A limit & its reason."],
        "subjects": ["s1", "s2"],
        "archive": {"kind": "local", "path": "files"},
        "stimuli": {"kind": "folder", "files": "*.png"},
        "responses": {"kind": "nwb", "files": "{subject}.nwb", "window": [0.0, 0.2],
                      "presentations": {"onset": "start_time", "stimulus": "image"}},
    }  # fmt: skip
    sim = {
        **real,
        "name": "sim",
        "title": "A simulated recording",
        "species": "none (simulated)",
        "archive": {"kind": "simulated", "repetitions": 2, "regions": {
            "alpha": {"model": "net", "layer": "blocks.2", "units": 5},
            "beta": {"model": "net", "layer": "blocks.0", "units": 5}}},
        "stimuli": {"kind": "like", "dataset": "real"},
    }  # fmt: skip
    models = [
        {"name": "net", "title": "Net, trained", "source": "package/net", "trained_on": "ImageNet"},
        {"name": "net-untrained", "title": "Net, untrained", "source": "untrained/net",
         "control_of": "net", "seeds": [0, 1, 2]},
        {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"},
    ]  # fmt: skip
    for folder, specs in (("datasets", [real, sim]), ("models", models)):
        (root / "config" / folder).mkdir(parents=True, exist_ok=True)
        for spec in specs:
            (root / "config" / folder / f"{spec['name']}.yaml").write_text(yaml.safe_dump(spec))
    path = root / "config" / "small.yaml"
    path.write_text(yaml.safe_dump(study))
    return path


def write_study(root: Path, n_stimuli: int = 12, datasets: tuple[str, ...] = ("real", "sim")):
    """Write settings and artefacts under a root and return the layout."""
    layout = Layout(load_study(write_settings(root)), root)
    rng = np.random.default_rng(1)
    stimuli = [f"s{i:02d}" for i in range(n_stimuli)]
    truth = {layer: rng.standard_normal((n_stimuli, 20)) for layer in LAYERS}
    write_stimuli(layout, stimuli, rng)
    write_models(layout, stimuli, truth, rng)
    for dataset in datasets:
        write_brain(layout, dataset, stimuli, truth, rng)
        write_tables(layout, dataset, n_stimuli, rng)
    return layout


def with_recovery(layout: Layout, **settings: object) -> Layout:
    """Return the layout of the same study with other settings of recovery."""
    path = write_settings(layout.root)
    study = yaml.safe_load(path.read_text())
    study["inference"] = {"recovery": settings}
    path.write_text(yaml.safe_dump(study))
    return Layout(load_study(path), layout.root)


def write_stimuli(layout: Layout, stimuli: list[str], rng: np.random.Generator) -> None:
    path = layout.stimuli("real")
    path.parent.mkdir(parents=True, exist_ok=True)
    half = len(stimuli) // 2
    for i, name in enumerate(stimuli):
        pixels = np.full((16, 16, 3), 128, np.uint8)
        pixels[4:12, 4:12] = rng.integers(0, 255, 3)
        Image.fromarray(pixels).save(path.parent / f"{name}.png")
        assert i >= 0
    table = pd.DataFrame(
        {
            "stimulus": stimuli,
            "file": [f"{name}.png" for name in stimuli],
            "sha256": [sha256(path.parent / f"{name}.png") for name in stimuli],
            "category": ["animal"] * half + ["thing"] * (len(stimuli) - half),
        }
    )
    write_table(path, table, "stimuli", provenance("stimuli"))


def rdm(features: np.ndarray) -> np.ndarray:
    return (1 - np.corrcoef(features))[np.triu_indices(len(features), 1)]


def rdm_file(stimuli: list[str], rows: list[dict]) -> xr.Dataset:
    """Return RDMs of brains, or of the layers of one model, as they stand in a file."""
    left_out = {"gamma | s1": "no units"}
    full = [{"distance": "correlation", **row} for row in rows]
    if "layer" in full[0]:
        model = full[0]["model"]
        layers = [LayerRdm(**{k: v for k, v in row.items() if k != "model"}) for row in full]
        return flat(model_rdms(model, layers, stimuli, left_out=left_out))
    brains = [RdmRow(**{"subject": "s1", **row}) for row in full]
    return flat(brain_rdms(brains, stimuli, left_out=left_out))


def write_models(layout, stimuli, truth, rng) -> None:
    for instance, model, seed in layout.study.instances():
        layers = ("pixels",) if model.name == "pixels" else LAYERS
        rows = []
        for depth, layer in enumerate(layers):
            features = truth.get(layer, truth["stem"])
            if instance != "net":
                features = features * 0.3 + rng.standard_normal(features.shape)
            rows.append({"rdm": rdm(features), "model": instance, "layer": layer, "depth": depth})
        data = rdm_file(stimuli, rows)
        stamp = provenance("rdms", settings={"distances": ["correlation"]}, seed=seed)
        write_array(layout.model_rdms("real", instance), data, "rdms", stamp)


def write_brain(layout, dataset, stimuli, truth, rng) -> None:
    rows = []
    for region in REGIONS:
        for subject in ("s1", "s2"):
            noise = rng.standard_normal((len(stimuli), 20))
            features = truth[BEST[region]] + 0.8 * noise
            rows.append({"rdm": rdm(features), "region": region, "subject": subject})
    write_array(
        layout.brain_rdms(dataset), rdm_file(stimuli, rows), "rdms", provenance("rdms", seed=3)
    )


def write_tables(layout, dataset, n_stimuli, rng) -> None:
    simulated = layout.study.dataset(dataset).simulated
    stamp = provenance("comparisons", source="synthetic", seed=7)
    rows = []
    for region in REGIONS:
        for instance, model, _ in layout.study.instances():
            layers = ("pixels",) if model.name == "pixels" else LAYERS
            for depth, layer in enumerate(layers):
                for measure in ("rho_a", "pearson"):
                    peak = 0.4 if layer == BEST[region] and instance == "net" else 0.1
                    estimate = peak + 0.02 * rng.standard_normal()
                    rows.append(
                        {"region": region, "model": instance, "layer": layer, "depth": depth,
                         "measure": measure, **interval(estimate), "n_units": 10 + depth,
                         "p": 0.0004 if peak > 0.2 else 0.2,
                         "p_corrected": 0.0009 if peak > 0.2 else 0.3}
                    )  # fmt: skip
    comparisons = pd.DataFrame(rows).assign(
        dataset=dataset, simulated=simulated, distance="correlation", invariances="monotone",
        scheme="stimuli and subjects", n_resamples=1000, n_stimuli=n_stimuli, n_subjects=2,
        correction="fdr_bh", family="dataset", family_size=32, p_note="", sides="one", status="ok",
        spread="bootstrap", ceiling_lower=0.5, ceiling_upper=0.6,
        ceiling_status="ok", ceiling_reason="across subjects", reason="", chance=0.0,
        n_groups=n_stimuli, p_best=0.5,
        noise_note="",
        reliability=0.4, half_agreement=np.nan,
        **{f"ceiling_{bound}_{end}": np.nan for bound in ("lower", "upper")
           for end in ("low", "high")},
        **dict.fromkeys(("normalised_r", "normalised_low", "normalised_high"), np.nan),
    ).assign(
        calibrated=lambda table: table["estimate"] - 0.1,
        in_set=lambda table: np.where(
            (table["model"] == "net") & (table["layer"] != table["region"].map(BEST)), "no", "yes"
        ),
    )  # fmt: skip
    beta = comparisons["region"] == "beta"
    comparisons.loc[beta, ["ceiling_lower", "ceiling_upper"]] = np.nan
    comparisons.loc[beta, "ceiling_status"] = "undefined"
    comparisons.loc[beta, "ceiling_reason"] = "one subject"
    write_table(
        layout.comparisons(dataset),
        comparisons.assign(**NO_BINS, **SIDES),
        "comparisons",
        stamp,
    )
    regions = pd.DataFrame(
        [{"region_a": "alpha", "region_b": "beta", "measure": m, **interval(0.49), "p": 0.001,
          "p_corrected": 0.002} for m in ("rho_a", "pearson")]
    ).assign(
        dataset=dataset, simulated=simulated, distance="correlation", scheme="stimuli",
        crossing="different subjects",
        correction="fdr_bh", family="dataset", family_size=1, p_note="", sides="one",
        n_stimuli=n_stimuli, n_subjects_a=2, n_subjects_b=1, status="ok", reason="",
    )  # fmt: skip
    write_table(layout.regions(dataset), regions.assign(**NO_BINS), "regions", stamp)
    inside = comparisons.groupby(["region", "model", "measure"], sort=False)
    sets = pd.DataFrame(
        [{"region": region, "model": model, "measure": measure, "n_layers": len(own),
          "layers": "; ".join(own["layer"][:2]), "best_layer": own["layer"].iloc[0],
          "first_layer": own["layer"].iloc[0], "last_layer": own["layer"][:2].iloc[-1],
          "n_in_set": min(2, len(own))} for (region, model, measure), own in inside]
    ).assign(
        dataset=dataset, simulated=simulated, distance="correlation", confidence=0.95,
        scheme="stimuli and subjects", n_stimuli=n_stimuli, n_subjects=2, status="ok", reason="",
    )  # fmt: skip
    write_table(
        layout.layers_in_set(dataset), sets.assign(**NO_BINS, **SIDES), "layers_in_set", stamp
    )
    contrasts = pd.DataFrame(
        [{"region": region, "score": 0.38, "control_score": 0.12, "difference": 0.26,
          "standard_error": 0.04, "interval_low": 0.18, "interval_high": 0.34, "p": 0.0001,
          "p_corrected": 0.0002, "chosen_layer": BEST[region], "chosen_share": 0.9}
         for region in REGIONS]
    ).assign(
        dataset=dataset, simulated=simulated, model="net", control="net-untrained", n_seeds=3,
        distance="correlation", measure="rho_a", scheme="stimuli and subjects",
        correction="fdr_bh", family="dataset", family_size=2, p_note="", status="ok", reason="",
    )  # fmt: skip
    write_table(layout.contrasts(dataset), contrasts.assign(**NO_BINS, **SIDES), "contrasts", stamp)
    if simulated:
        recovery = pd.DataFrame(
            [{"region": region, "planted_layer": BEST[region], "found_layer": BEST[region],
              "rank": 1, "recovered": "exact"} for region in REGIONS]
        ).assign(
            dataset=dataset, planted_model="net", found_model="net", distance="correlation",
            measure="rho_a", n_candidates=16, planted_estimate=0.4, found_estimate=0.4,
            interval_low=0.3, interval_high=0.5, status="ok", reason="",
        )  # fmt: skip
        write_table(
            layout.recovery(dataset), recovery.assign(**NO_BINS, **SIDES), "recovery", stamp
        )
    reliability = reliability_of(n_stimuli)
    write_table(layout.reliability(dataset), reliability.assign(**NO_BINS), "reliability", stamp)


def scores_of(layout, dataset: str, score=None, settings=()) -> dict[str, pd.DataFrame]:
    """Return how models score on held-out stimuli under each setting, and whether these agree.

    Parameters
    ----------
    score : callable, optional
        From region, model, distance and measure to a score; that of the best layer unless given.
    settings : sequence of (distance, measure), optional
        Those of the comparisons unless given.
    """
    comparisons = read_table(layout.comparisons(dataset), "comparisons")
    keys = ["region", "model", "distance", "measure"]
    best = comparisons.loc[comparisons.groupby(keys, sort=False)["estimate"].idxmax()]
    rows = []
    for row in best.to_dict("records"):
        for distance, measure in settings or [(row["distance"], row["measure"])]:
            own = {**row, "distance": distance, "measure": measure}
            value = score(*(own[key] for key in keys)) if score else row["estimate"]
            rows.append({**own, **interval(value), "score": value, "score_calibrated": value - 0.05,
                         "chosen_layer": row["layer"]})  # fmt: skip
    selection = pd.DataFrame(rows).drop_duplicates(keys).assign(
        chosen_on="other stimuli", split="random", n_splits=10, n_layers=5, chosen_share=0.8,
        maximum=0.4, maximum_layer="head", maximum_chance=0.1, maximum_p=0.01,
        maximum_calibrated=0.3, optimism=0.02,
    )  # fmt: skip
    owners = {name: model.name for name, model, _ in layout.study.instances()}
    found = agreement({"comparisons": selection, "selection": selection}, owners)
    return {
        "selection": ordered(selection, "selection"),
        "agreement": ordered(found, "agreement"),
    }


def write_scores(layout, dataset: str) -> None:
    """Write the tables of held-out scores and of whether settings agree."""
    stamp = provenance("compare", source="synthetic", seed=7)
    for kind, table in scores_of(layout, dataset).items():
        write_table(layout.path(kind, dataset), table, kind, stamp)


def reliability_of(n_stimuli: int) -> pd.DataFrame:
    """Return reliability of units shown four times, one of them without a number."""
    units = pd.DataFrame(
        {"subject": ["s1", "s1", "s1", "s2"], "region": ["alpha", "beta", "alpha", "alpha"],
         "unit": ["001", "002", "003", "004"], "split_half": [0.5, 0.7, 0.3, np.nan],
         "n_units": 1, "status": ["ok", "ok", "ok", "one repetition only"],
         "n_repetitions": [4, 4, 4, 1]}
    )  # fmt: skip
    regions = pd.DataFrame(
        {"subject": ["s1", "s1", "s2"], "region": ["alpha", "beta", "alpha"], "unit": "",
         "split_half": [0.4, 0.7, np.nan], "n_units": [2, 1, 0],
         "status": ["ok", "ok", "undefined: no unit of the region has a value"],
         "n_repetitions": [4, 4, 1]}
    )  # fmt: skip
    table = pd.concat([units, regions], ignore_index=True)
    half = table["split_half"]
    table["spearman_brown"] = 2 * half / (1 + half)
    single = half / (2 - half)  # of one presentation, by the formula for half of two
    for number in (1, 2, 4, 8, 16):
        table[f"reliability_at_{number}"] = number * single / (1 + (number - 1) * single)
    table["repetitions_for_0.8"] = 4 * (1 - single) / single
    return table.assign(session="1", n_stimuli=n_stimuli)


def interval(estimate: float) -> dict[str, float]:
    return dict(zip(SHAPE, (estimate, 0.04, estimate - 0.08, estimate + 0.08), strict=True))


def write_one_recording(path: Path, n_stimuli: int = 6) -> None:
    """Write a responses file of one session."""
    rng = np.random.default_rng(4)
    names = [f"s{i:02d}" for i in range(n_stimuli)] * 2
    session = xr.Dataset(
        {"response": (("presentation", "unit"), rng.poisson(3, (2 * n_stimuli, 4)).astype(float))},
        {
            "stimulus": ("presentation", names),
            "repetition": ("presentation", [0] * n_stimuli + [1] * n_stimuli),
            "unit": ["1", "2", "3", "4"],
            "region": ("unit", ["alpha", "alpha", "beta", "beta"]),
        },
        {"session": "day1"},
    )
    session["response"].attrs["units"] = "spikes"
    attributes = {"dataset": "real", "subject": "s1", "left_out": '{"unit 9": "no spikes"}'}
    write_responses(path, {"day1": session}, attributes, provenance("responses", seed=4))
