"""What is explained beyond controls, corrected by the family that is asked for: row 14."""

from __future__ import annotations

import numpy as np
import pandas as pd

from calibrated.drawn import Rng, distances
from calibrated.table import DataSet, Figure, World, share
from isomorph.inference.bootstrap import draw
from isomorph.inference.explain.material import Material, Roles
from isomorph.inference.explain.partial_similarity import partial_rows
from isomorph.inference.explain.similarities import draw_all, similarities
from isomorph.inference.families import Hypotheses, answered
from isomorph.inference.gather import Candidates, Region
from isomorph.inference.setting import Setting
from isomorph.inference.stimulus_splits import halved
from isomorph.measures import MEASURES, Floats
from isomorph.study import Inference

N_STIMULI, REGIONS, MODELS = 40, ("V1", "V4", "IT"), ("a", "b", "c", "d")


def nothing_beyond(rng: Rng) -> DataSet:
    """Explain three regions by four models that have nothing with them but the control."""
    shared = rng.standard_normal((N_STIMULI, 8))

    def beside(n: int) -> Floats:
        own = rng.standard_normal((n, N_STIMULI, 8))
        return distances(np.concatenate([np.broadcast_to(shared, own.shape), own], axis=2))

    names = [*MODELS, "control"]
    table = pd.DataFrame({"model": names, "layer": "only", "depth": 0})
    layers = np.concatenate([beside(len(MODELS)), distances(shared)[None]])
    regions = [
        Region(name, rdm[None], ("m",), None, None)
        for name, rdm in zip(REGIONS, beside(len(REGIONS)), strict=True)
    ]
    setting = Setting("d", True, "squared_euclidean", MEASURES["pearson"], Inference())
    drawn, alone = draw(N_STIMULI, 200, rng), np.arange(N_STIMULI)
    material = Material(
        regions, Candidates(table, layers), [], drawn, halved(drawn, alone, rng),
        dict.fromkeys(REGIONS), alone, setting,
    )  # fmt: skip
    roles = Roles(MODELS, ("control",), ())
    found = similarities(material, "pearson")
    assert found is not None
    rows = partial_rows(found, roles, draw_all(found, roles)).assign(measure="pearson")
    asked = {}
    for family, size in (("dataset", len(REGIONS) * len(MODELS)), ("region", len(MODELS))):
        table = answered(
            [Hypotheses(rows)], Inference.model_validate({"family": family}), "partial"
        )
        partial = table[table["statistic"] == "partial"]
        own = partial if family == "dataset" else partial[partial["region"] == "V1"]
        asked[family] = float((own["p_corrected"] <= 0.05).any())
        asked[f"{family}_told"] = float(
            (partial["family"] == family).all() and (partial["family_size"] == size).all()
        )
        asked["single"] = float((partial["p"] <= 0.05).mean())
    return asked


WORLDS = (
    World(
        "14", "three regions, four models that have nothing beyond a control", nothing_beyond,
        (
            Figure("partial similarities, p ≤ .05", share("single")),
            Figure("any of a dataset, corrected", share("dataset"), most=0.07),
            Figure("any of a region, corrected", share("region"), most=0.07),
            Figure("family and its size as asked: dataset", share("dataset_told"), least=1,
                   before="0"),
            Figure("family and its size as asked: region", share("region_told"), least=1,
                   before="0"),
        ),
        n=400,
    ),
)  # fmt: skip
