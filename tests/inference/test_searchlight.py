"""Searchlights: planted geometry lights up where it was put, and spheres are plain ones."""

from __future__ import annotations

import json

import nibabel
import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml
from scipy.stats import pearsonr

from isomorph.artefacts import provenance, write_array, write_responses, write_table
from isomorph.cli import main
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.rdms import DISTANCES, LayerRdm, flat, geometry_of_features, model_rdms
from isomorph.rdms.spheres import sphere_rdms, spheres, volume_of
from isomorph.responses.places import Grid, in_space
from isomorph.study import load_study
from isomorph.study.dataset import NoiseSpec

STIMULI = [f"s{place}" for place in range(10)]
AFFINE = np.array([[-2.0, 0, 0, 20], [0, 2, 0, -30], [0, 0, 3, 5], [0, 0, 0, 1]])
GRID = Grid((9, 8, 7), AFFINE)
FEATURES = np.random.default_rng(0).standard_normal((10, 40))
HEART = (6, 3, 4)
"""The voxel about which the model's geometry is planted."""


def mask():
    """A brain whose edge is not that of the grid: (voxel,) of places."""
    at = np.indices(GRID.shape).reshape(3, -1).T
    return np.flatnonzero((np.abs(at - [4, 4, 3]) <= [4, 3, 3]).all(axis=1))


def session(seed, signal=1.5, voxels=None):
    """Noise everywhere; about the heart, features of the model mixed at random."""
    rng = np.random.default_rng(seed)
    voxels = mask() if voxels is None else voxels
    away = np.linalg.norm(
        GRID.millimetres(voxels).T - GRID.millimetres([np.ravel_multi_index(HEART, GRID.shape)]).T,
        axis=1,
    )
    weights = np.random.default_rng(1).standard_normal((40, len(voxels))) / np.sqrt(40)
    truth = signal * FEATURES @ (weights * (away <= 4.5))
    response = np.tile(truth, (6, 1)) + rng.standard_normal((60, len(voxels)))
    positions, grid = in_space(GRID, voxels)
    return xr.Dataset(
        {"response": (("presentation", "unit"), response)},
        coords={
            "stimulus": ("presentation", np.tile(STIMULI, 6).astype(object)),
            "repetition": ("presentation", np.repeat(np.arange(6), 10)),
            "unit": ("unit", np.array(GRID.names(voxels), dtype=object)),
            "region": ("unit", np.full(len(voxels), "brain", dtype=object)),
            **positions,
        },
        attrs={"session": "1", **grid},
    )


def model_rdm(distance="squared_euclidean"):
    return DISTANCES[distance].compute(geometry_of_features(FEATURES))


@pytest.fixture(scope="module")
def layout(tmp_path_factory):
    root = tmp_path_factory.mktemp("light")
    dataset = {
        "name": "toy", "title": "Toy", "citation": "none", "licence": "CC0", "species": "none",
        "subjects": ["m"], "archive": {"kind": "local", "path": "."},
        "stimuli": {"kind": "folder", "files": "*.png"},
        "responses": {"kind": "arrays", "responses": "r", "presentations": "p", "units": "u"},
    }  # fmt: skip
    whole = {
        "name": "toy", "title": "Toy", "datasets": ["toy"], "models": ["pixels"],
        "distances": ["crossnobis"], "measures": ["pearson"],
    }  # fmt: skip
    model = {"name": "pixels", "title": "Pixels", "source": "baseline/pixels"}
    for name, content in {"datasets/toy": dataset, "models/pixels": model, "study": whole}.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / f"{name}.yaml").write_text(yaml.safe_dump(content))
    layout = Layout(load_study(root / "study.yaml"), root)
    table = pd.DataFrame({"stimulus": STIMULI, "file": "", "sha256": ""})
    write_table(layout.stimuli("toy"), table, "stimuli", provenance("stimuli"))
    about = {"dataset": "toy", "subject": "m", "simulated": "false"}
    write_responses(layout.responses("toy", "m"), {"1": session(2)}, about, provenance("responses"))
    rows = [
        LayerRdm(layer, "squared_euclidean", rdm)
        for layer, rdm in (("in/planted", model_rdm()), ("other", model_rdm()[::-1].copy()))
    ]
    data = flat(model_rdms("pixels", rows, STIMULI))
    write_array(layout.model_rdms("toy", "pixels"), data, "rdms", provenance("rdms"))
    return layout


def command(layout, *more):
    return main(
        ["searchlight", "--study", str(layout.study.path), "--root", str(layout.root), "--dataset",
         "toy", "--subject", "m", "--model", "pixels", *more]
    )  # fmt: skip


def test_a_planted_blob_lights_up_where_it_is(layout, capsys):
    assert command(layout, "--layer", "in/planted", "--layer", "other", "--radius", "4.5") == 0
    path = layout.searchlight("toy", "m", "pixels", "in/planted")
    assert path.name == "m_pixels_in-planted.nii.gz"
    image = nibabel.load(path)
    np.testing.assert_allclose(image.affine, AFFINE)
    values = image.get_fdata()
    assert values.shape == GRID.shape
    brightest = np.unravel_index(np.nanargmax(values), GRID.shape)
    assert np.linalg.norm(AFFINE[:3, :3] @ np.subtract(brightest, HEART)) <= 3
    assert values[HEART] > 0.75
    at = np.moveaxis(np.indices(GRID.shape), 0, -1)
    far = np.linalg.norm((at - HEART) @ AFFINE[:3, :3].T, axis=-1) > 9.1  # no shared voxel
    assert np.nanmean(values[far]) == pytest.approx(0, abs=0.1)
    other = nibabel.load(layout.searchlight("toy", "m", "pixels", "other")).get_fdata()
    assert other[HEART] < 0.4
    told = json.loads((path.parent / "m_pixels_in-planted.json").read_text())
    assert told["settings"]["distance"] == "crossnobis"
    assert told["settings"]["spheres"] == np.isfinite(values).sum()
    inside = np.zeros(GRID.shape, dtype=bool)
    inside.ravel()[mask()] = True
    assert np.isnan(values[~inside]).all()
    assert str(path) in capsys.readouterr().out


def test_the_same_responses_give_the_same_bytes(layout):
    path = layout.searchlight("toy", "m", "pixels", "other")
    found = []
    for _ in range(2):
        assert command(layout, "--layer", "other", "--minimum", "100") == 0
        found.append(path.read_bytes())
    assert found[0] == found[1]


@pytest.mark.parametrize("distance", ["correlation", "crossnobis", "crossvalidated_euclidean"])
def test_spheres_equal_a_plain_loop(distance):
    """Every voxel and every pair of folds by itself, the precision from all folds."""
    voxels = mask()[::9]
    data = session(3, voxels=voxels)
    noise = NoiseSpec(per="session", shrinkage="diagonal")
    volume = volume_of({"1": data}, STIMULI, "none", "file")
    around = spheres(volume.positions, 7.0, 3)
    (block,) = sphere_rdms(volume, around, distance, noise)
    centres, rdms, left_out = block
    assert not left_out
    values = data["response"].values.reshape(6, 10, -1)
    expected = []
    kept = []
    at = np.stack([data[axis].values for axis in "xyz"], axis=1)
    order = np.lexsort(np.round(at, 3).T[::-1])  # as voxels are laid out, each once
    at, values = at[order], values[..., order]
    for centre in range(len(at)):
        inside = [v for v in range(len(at)) if np.linalg.norm(at[v] - at[centre]) <= 7.0]
        if len(inside) < 3:
            continue
        kept.append(centre)
        own = values[..., inside]
        rdm = []
        precision = np.eye(len(inside))
        if distance == "crossnobis":
            from rsatoolbox.data.noise import prec_from_residuals

            rest = (own - own.mean(axis=0)).reshape(60, -1)
            precision = prec_from_residuals(rest, dof=50, method="shrinkage_diag")
        for i in range(10):
            for j in range(i + 1, 10):
                if distance == "correlation":
                    rdm.append(1 - pearsonr(own[:, i].mean(axis=0), own[:, j].mean(axis=0))[0])
                    continue
                d = own[:, i] - own[:, j]
                products = [d[r] @ precision @ d[s] for r in range(6) for s in range(6) if r != s]
                rdm.append(np.mean(products) / len(inside))
        expected.append(rdm)
    assert centres.tolist() == kept
    np.testing.assert_allclose(rdms, expected, rtol=1e-8, atol=1e-10)


def test_small_spheres_at_the_edge_are_left_out_and_counted():
    at = GRID.millimetres(mask()).T
    all_of_them = spheres(at, 4.5, 2)
    inner = spheres(at, 4.5, max(map(len, all_of_them.members)))
    assert 0 < len(inner.centres) < len(all_of_them.centres) == len(at)
    (reason,) = inner.left_out
    assert inner.left_out[reason] == len(at) - len(inner.centres)
    for centre, members in zip(all_of_them.centres, all_of_them.members, strict=True):
        assert centre in members


def test_voxels_of_overlapping_regions_count_once():
    data = session(4)
    twice = xr.concat([data, data.isel(unit=slice(0, 30)).assign_coords(
        region=("unit", np.full(30, "V1", dtype=object)))], dim="unit", data_vars="all",
        coords="different", compat="equals", join="outer")  # fmt: skip
    one, other = (volume_of({"1": each}, STIMULI, "none", "file") for each in (data, twice))
    np.testing.assert_array_equal(one.positions, other.positions)
    np.testing.assert_array_equal(one.folds[0].values, other.folds[0].values)


def test_two_sessions_of_the_same_voxels_are_searched_together():
    data = {"1": session(5), "2": session(6)}
    volume = volume_of(data, STIMULI, "none", "file")
    assert len(volume.folds) == 2
    moved = session(6).assign_coords(x=("unit", session(6)["x"].values + 2))
    with pytest.raises(IsomorphError, match="of different voxels"):
        volume_of({"1": data["1"], "2": moved}, STIMULI, "none", "file")


def test_mistakes_are_sentences(layout, capsys):
    assert command(layout, "--layer", "plantd") == 1
    assert 'no layer "plantd" with distance squared_euclidean' in capsys.readouterr().err
    assert command(layout, "--layer", "other", "--minimum", "9999") == 1
    assert "no sphere of 8 mm has an RDM" in capsys.readouterr().err
    assert command(layout, "--layer", "other", "--radius", "-1") == 1
    assert "expected a radius above 0" in capsys.readouterr().err
    with pytest.raises(IsomorphError, match="no place in a volume"):
        volume_of({"1": session(2).drop_vars("x")}, STIMULI, "none", "file")
