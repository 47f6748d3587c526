"""Features that wait on disk: packed, projected, interrupted, taken up, out of memory."""

import gc
import json

import numpy as np
import pytest
import torch
import xarray as xr
from filelock import FileLock
from small_networks import Reusing, seeded
from torch import nn

from isomorph.artefacts import provenance, read_array
from isomorph.errors import IsomorphError
from isomorph.geometry import single_is_enough, squared_distances
from isomorph.models import extraction, room
from isomorph.models.extraction import extract
from isomorph.models.fold import fold
from isomorph.models.folded import Activations, as_dataset
from isomorph.models.network import Network
from isomorph.models.packing import packing
from isomorph.models.room import Room
from isomorph.stages.activations import write

IMAGES = np.random.default_rng(0).random((23, 3, 16, 16), dtype=np.float32)
NAMES = [f"s{number}" for number in range(23)]


DRY = [2, 3, 2]
"""Images of the dry passes and of the first look."""


class Watched(nn.Module):
    """Counts the images that pass, and does something before a chosen pass."""

    def __init__(self, inner: nn.Module) -> None:
        super().__init__()
        self.inner = inner
        self.seen: list[int] = []
        self.before = lambda x: None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.before(x)
        self.seen.append(len(x))
        return self.inner(x)


def watched() -> Watched:
    return Watched(seeded(Reusing)).eval()


def run(model, tmp_path, images=IMAGES, patterns="all", batch_size=4, **kept) -> Activations:
    return extract(
        Network(model), images, patterns, where="net", scratch=tmp_path, batch_size=batch_size,
        stimuli=NAMES[: len(images)], room=Room(**kept),
    )  # fmt: skip


def error(found: Activations, expected: Activations) -> dict[str, float]:
    """Return the largest error of each layer's Gram matrix, relative to its largest entry."""
    assert list(found.layers) == list(expected.layers)
    return {
        name: float(np.abs(found.layers[name].gram - one.gram).max() / np.abs(one.gram).max())
        for name, one in expected.layers.items()
    }


def distances(raw: np.ndarray) -> np.ndarray:
    """Return cosine distances from raw inner products: they need what the reference stands for."""
    norms = np.sqrt(np.diag(raw))
    return (1 - raw / np.outer(norms, norms))[np.triu_indices(len(raw), 1)]


# ---------------------------------------------------------------- packed


def test_half_precision_errs_as_little_as_it_says(tmp_path):
    exact = run(seeded(Reusing), tmp_path, batch_size=23)
    half = run(seeded(Reusing), tmp_path, spool="float16")
    assert 0 < max(error(half, exact).values()) < 1e-3
    for name, layer in half.layers.items():
        other = exact.layers[name]
        np.testing.assert_allclose(distances(layer.raw), distances(other.raw), atol=1e-4)
        np.testing.assert_allclose(layer.stimulus_mean, other.stimulus_mean, rtol=1e-5, atol=1e-7)
        assert (layer.n_dead, layer.n_features) == (other.n_dead, other.n_features)
    assert half.attributes["spool"].startswith("float16")
    np.testing.assert_allclose(half.output, exact.output, rtol=1e-5, atol=1e-7)


class Shifted(nn.Module):
    """A feature map far from zero, and one that is tiny: both are lost in plain half precision."""

    def __init__(self) -> None:
        super().__init__()
        self.far, self.tiny = nn.Identity(), nn.Identity()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = x.flatten(1)
        return self.far(x + 1000) + self.tiny(x * 1e-9)


def test_half_precision_stands_offsets_and_tiny_numbers(tmp_path):
    exact = run(Shifted().eval(), tmp_path, batch_size=23)
    half = run(Shifted().eval(), tmp_path, spool="float16")
    assert max(error(half, exact).values()) < 1e-3
    features = (IMAGES.reshape(23, -1) + 1000).astype(np.float16)
    plain = fold(features).gram
    truth = exact.layers["far"].gram
    assert np.abs(plain - truth).max() / truth.max() > 0.1, "the trap is real"
    np.testing.assert_allclose(
        half.layers["far"].mean_norm, exact.layers["far"].mean_norm, rtol=1e-6
    )


def test_what_exceeds_half_precision_is_left_out_by_name(tmp_path):
    images = IMAGES.copy()
    images[17] *= 1e5
    found = run(Shifted().eval(), tmp_path, images=images, spool="float16", patterns=["far"])
    assert found.left_out == {
        "far": 'has activations that are not finite in float16, for stimulus "s17"'
    }


def test_a_sketch_keeps_the_geometry_and_says_how_well(tmp_path):
    exact = run(seeded(Reusing), tmp_path, batch_size=23)
    sketch = run(seeded(Reusing), tmp_path, spool="sketch", sketch_width=128)
    again = run(seeded(Reusing), tmp_path, spool="sketch", sketch_width=128)
    for name, layer in sketch.layers.items():
        other = exact.layers[name]
        assert (layer.gram == again.layers[name].gram).all(), "seeded"
        assert (layer.n_dead, layer.n_features) == (other.n_dead, other.n_features)
        np.testing.assert_allclose(layer.stimulus_mean, other.stimulus_mean, rtol=1e-5, atol=1e-7)
        if other.n_features <= 128:
            assert layer.fidelity == 1.0
            continue
        rows = np.triu_indices(23, 1)
        pair = [(np.diag(g)[:, None] + np.diag(g) - 2 * g)[rows] for g in (layer.gram, other.gram)]
        # fewer stimuli than are sampled, so the correlation is that of all pairs
        assert layer.fidelity == pytest.approx(np.corrcoef(*pair)[0, 1], abs=1e-6)
        assert 0.3 < layer.fidelity < 1.0
    assert sketch.attributes["spool"] == (
        "sketch of 128 numbers for each wider layer, less the mean of the first stimuli; standard "
        "error of a squared distance at most 12.5% of it; seed 0"
    )


def test_a_sketch_is_unbiased_and_errs_as_much_as_it_says():
    features = rng_features(n_features=3000)
    truth = fold(features).gram
    width = 256
    rows = np.triu_indices(len(truth), 1)
    exact = squared_distances(truth)[rows]
    errors = []
    for seed in range(60):  # the name of the layer seeds the sketch
        one = packing("sketch", f"layer {seed}", 3000, width)
        packed, facts = one.pack(features)
        found = one.unfold(packed, facts, None, 4096, "cpu")
        errors.append(squared_distances(found.gram)[rows] / exact - 1)
        np.testing.assert_allclose(found.mean_norm, fold(features).mean_norm, rtol=0.02)
    errors = np.array(errors)
    claimed = (2 / width) ** 0.5
    assert abs(errors.mean()) < claimed / 20
    assert 0.75 * claimed < errors.std() < 1.02 * claimed  # features of one run never meet


def rng_features(n_features: int) -> np.ndarray:
    """Return features with neighbours alike, as those of feature maps are, far from zero."""
    rng = np.random.default_rng(3)
    smooth = np.cumsum(rng.standard_normal((12, n_features)), axis=1)
    smooth -= np.stack([np.convolve(row, np.ones(50) / 50, mode="same") for row in smooth])
    return (smooth + 30).astype(np.float32)


@pytest.mark.parametrize("n_features", [129, 255, 256, 257, 1000])
def test_every_feature_is_in_a_sketch_once(n_features):
    one = packing("sketch", "x", n_features, 128)
    one.pack(np.zeros((2, n_features), dtype=np.float32))  # the reference is zero
    packed, _ = one.pack(np.eye(n_features, dtype=np.float32))
    assert (np.abs(packed).sum(axis=1) == 1).all()
    met = np.abs(packed).sum(axis=0)
    assert met.max() <= -(-n_features // 128), "features of one run never meet"


def test_a_wider_sketch_is_nearer(tmp_path):
    names = ["stem"]
    loose, tight = (
        run(seeded(Reusing), tmp_path, patterns=names, spool="sketch", sketch_width=width)
        for width in (16, 256)
    )
    assert loose.layers["stem"].fidelity < tight.layers["stem"].fidelity


# ---------------------------------------------------------------- not finite, dead


def test_stimuli_whose_activations_are_not_finite_are_named(tmp_path):
    images = IMAGES.copy()
    images[7, 0, 3, 3] = np.nan
    images[9] = np.inf
    for settings in ({"batch_size": 23}, {}, {"spool": "float16"}, {"spool": "sketch"}):
        found = run(nn.Sequential(nn.Identity()).eval(), tmp_path, images=images, **settings)
        assert "not finite" in found.left_out["0"]
        assert found.left_out["0"].endswith('for stimulus "s7" and 1 more')


@pytest.mark.parametrize(
    "settings", [{"batch_size": 23}, {}, {"spool": "float16"}, {"spool": "sketch"}]
)
def test_dead_features_are_counted(settings, tmp_path):
    images = IMAGES.copy()
    images[:, 0] = 0.1  # dead, and 0.1 is not a binary number
    images[:, 1, :2] = -7.0
    images[3, 1, 0, 0] = -7.5  # alive for one stimulus only
    images[:, 2, 0] = 0.3
    images[5, 2, 0] = np.nextafter(np.float32(0.3), np.float32(1))  # dead but for rounding
    found = run(
        nn.Sequential(nn.Identity()).eval(), tmp_path, images=images, sketch_width=64, **settings
    )
    assert found.layers["0"].n_dead == 16 * 16 + 2 * 16 - 1 + 16


# ---------------------------------------------------------------- interrupted


def interrupted_after(n_batches: int, tmp_path, **settings) -> list:
    """Leave a spool of some finished batches behind, as a kill would."""
    model = watched()

    def stop(x: torch.Tensor) -> None:
        if len(model.seen) == len(DRY) + n_batches:
            raise KeyboardInterrupt

    model.before = stop
    with pytest.raises(KeyboardInterrupt):
        run(model, tmp_path, **settings)
    return list(tmp_path.glob(".spool-net-*"))


@pytest.mark.parametrize("spool", ["float32", "float16", "sketch"])
def test_an_interrupted_run_is_taken_up_where_it_was(spool, tmp_path, capsys):
    settings = {"spool": spool, "sketch_width": 32}
    expected = run(watched(), tmp_path, **settings)
    (folder,) = interrupted_after(3, tmp_path, **settings)
    for file in folder.glob("*.features"):  # a batch half-written when the power went
        with open(file, "ab") as half:
            half.write(b"\x7f" * 101)
    model = watched()
    found = run(model, tmp_path, **settings)
    exactly = [23] if spool == "sketch" else []  # those that tell how near the sketch comes
    assert model.seen == [*DRY, 4, 4, 3, *exactly], "three batches of six were not run again"
    assert max(error(found, expected).values()) == 0
    np.testing.assert_array_equal(found.output, expected.output)
    assert [x.n_dead for x in found.layers.values()] == [x.n_dead for x in expected.layers.values()]
    assert "12 of 23 images are there already" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_other_images_are_not_taken_for_the_old_ones(tmp_path):
    interrupted_after(3, tmp_path)
    images = IMAGES.copy()
    images[9] = 1 - images[9]
    model = watched()
    found = run(model, tmp_path, images=images)
    assert model.seen == [*DRY, 4, 4, 4, 4, 4, 3]
    assert max(error(found, run(watched(), tmp_path, images=images)).values()) == 0


@pytest.mark.parametrize(
    "other", [{"spool": "float16"}, {"batch_size": 5}, {"patterns": ["inner.stem"]}]
)
def test_other_settings_remove_what_was_left(other, tmp_path):
    interrupted_after(2, tmp_path)
    model = watched()
    run(model, tmp_path, **other)
    assert sum(model.seen[len(DRY) :]) == 23
    assert list(tmp_path.iterdir()) == []


def test_other_weights_are_not_taken_for_the_old_ones(tmp_path):
    interrupted_after(2, tmp_path)
    model = watched()
    with torch.no_grad():
        model.inner.head.bias[0] += 1e-3
    run(model, tmp_path)
    assert sum(model.seen[len(DRY) :]) == 23


@pytest.mark.parametrize("spoil", ["cut", "remove", "garble"])
def test_a_spoilt_spool_is_begun_anew(spoil, tmp_path):
    (folder,) = interrupted_after(3, tmp_path)
    pieces, features = folder / "pieces.json", folder / "0.features"
    if spoil == "cut":
        features.write_bytes(features.read_bytes()[:50])
    elif spoil == "remove":
        features.unlink()
    else:
        pieces.write_text("[[0, 4")
    model = watched()
    found = run(model, tmp_path)
    assert sum(model.seen[len(DRY) :]) == 23
    assert max(error(found, run(watched(), tmp_path)).values()) == 0


def test_spools_of_other_models_and_of_living_processes_are_let_alone(tmp_path):
    others = [tmp_path / f".spool-net-seed0-{'0' * 16}", tmp_path / f".spool-network-{'0' * 16}"]
    stale, living = (tmp_path / f".spool-net-{digit * 16}" for digit in "ab")
    for folder in (*others, stale, living):
        folder.mkdir()
    with FileLock(living / "lock"):
        run(watched(), tmp_path)
    assert sorted(tmp_path.iterdir()) == sorted([*others, living])


def test_two_processes_do_not_fill_one_spool(tmp_path):
    (folder,) = interrupted_after(1, tmp_path)
    with (
        FileLock(folder / "lock"),
        pytest.raises(IsomorphError, match="net: another process is extracting it into"),
    ):
        run(watched(), tmp_path)


# ---------------------------------------------------------------- memory


def refusing(model: Watched, most: int, kind: type = RuntimeError) -> Watched:
    """Run out of memory whenever more than `most` images come at once."""

    def refuse(x: torch.Tensor) -> None:
        if len(x) > most:
            raise kind("DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes")

    model.before = refuse
    return model


@pytest.fixture(scope="module", autouse=True)
def _little_to_collect():
    """Every batch that does not fit collects garbage, which looks through all that is imported."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.mark.parametrize("kind", [RuntimeError, torch.OutOfMemoryError, MemoryError])
@pytest.mark.parametrize("batch_size", [128, 16])
def test_a_batch_that_does_not_fit_is_halved(kind, batch_size, tmp_path, capsys):
    expected = run(watched(), tmp_path, batch_size=23)
    model = refusing(watched(), 5, kind)
    found = run(model, tmp_path, batch_size=batch_size)
    assert max(error(found, expected).values()) < 1e-5
    said = capsys.readouterr().err
    first, least = (23, 5) if batch_size == 128 else (16, 4)
    assert f"net: {first} images at once do not fit in memory, going on with {first // 2}" in said
    assert set(model.seen[len(DRY) : -1]) == {least}
    assert list(tmp_path.iterdir()) == []


def test_memory_that_ends_amid_a_batch_leaves_none_of_it(tmp_path):
    """The last part fails after the features of the others are written."""
    expected = run(watched(), tmp_path, batch_size=23)
    model = watched()
    real = model.inner.head.forward

    def late(x: torch.Tensor) -> torch.Tensor:
        if len(x) > 3:
            raise RuntimeError("CUDA out of memory")
        return real(x)

    model.inner.head.forward = late
    for spool in ("float32", "float16", "sketch"):
        found = run(model, tmp_path, batch_size=8, spool=spool)
        assert max(error(found, expected).values()) < 1e-3


def test_one_image_that_does_not_fit_is_an_error(tmp_path):
    model = watched()
    run(model, tmp_path)
    model.seen.clear()

    def refuse(x: torch.Tensor) -> None:
        if model.seen[: len(DRY)] == DRY:
            raise MemoryError

    model.before = refuse
    with pytest.raises(IsomorphError, match=r"net: one image at a time does not fit in memory"):
        run(model, tmp_path)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(IsomorphError, match=r"net: one image at a time does not fit in memory"):
        run(refusing(watched(), 0), tmp_path)


def test_other_errors_of_a_network_are_not_taken_for_memory(tmp_path):
    model = watched()
    model.before = lambda x: (_ for _ in ()).throw(RuntimeError("sizes do not match"))
    with pytest.raises(IsomorphError, match="RuntimeError: sizes do not match"):
        run(model, tmp_path)


# ---------------------------------------------------------------- more than memory holds


@pytest.fixture
def little(monkeypatch):
    """Pretend that memory holds no Gram matrix."""
    monkeypatch.setattr(room, "IN_MEMORY", 0)


def written(found: Activations, path) -> xr.Dataset:
    attributes = {"model": "net"}
    write(path, found, NAMES, attributes, provenance("activations"))
    return read_array(path, "activations")


def test_gram_matrices_beyond_memory_pass_one_by_one_into_the_artefact(tmp_path, little):
    found = run(seeded(Reusing), tmp_path)
    assert found.folder is not None
    stored = written(found, tmp_path / "net.nc")
    assert [file.name for file in tmp_path.iterdir()] == ["net.nc"]
    whole = as_dataset(run(seeded(Reusing), tmp_path, batch_size=23), NAMES, {"model": "net"})
    assert stored["gram"].dtype == np.float32
    assert stored["layer"].values.tolist() == whole["layer"].values.tolist()
    for name in ("gram", "mean_projection", "stimulus_mean", "spectrum"):
        scale = float(abs(whole[name]).max())
        np.testing.assert_allclose(stored[name], whole[name], rtol=0, atol=1e-5 * scale)
    assert (stored["n_dead"] == whole["n_dead"]).all()


def test_nearly_equal_stimuli_keep_double_precision(tmp_path, little):
    images = IMAGES.copy()
    images[5] = images[4] + np.float32(1e-4) * images[6]
    stored = written(run(seeded(Reusing), tmp_path, images=images), tmp_path / "net.nc")
    assert stored["gram"].dtype == np.float64


def test_the_very_same_stimulus_twice_does_not_ask_for_double_precision():
    features = np.random.default_rng(0).standard_normal((9, 40))
    assert single_is_enough(features @ features.T)
    features[3] = features[2]
    assert single_is_enough(features @ features.T)
    features[3] += 1e-4
    assert not single_is_enough(features @ features.T)


def test_layers_folded_before_an_interruption_are_not_folded_again(tmp_path, little, monkeypatch):
    expected = run(watched(), tmp_path / "other", batch_size=23)
    folded: list[str] = []
    real = extraction.save

    def save(file, layer):
        if len(folded) == 3:
            raise KeyboardInterrupt
        folded.append(file.name)
        real(file, layer)

    with monkeypatch.context() as interrupting:
        interrupting.setattr(extraction, "save", save)
        with pytest.raises(KeyboardInterrupt):
            run(watched(), tmp_path)
    (folder,) = tmp_path.glob(".spool-net-*")
    kept = {file.name: file.stat().st_mtime_ns for file in folder.glob("*.gram.npz")}
    assert sorted(kept) == sorted(folded)
    assert not (folder / "0.features").exists(), "room is given back layer by layer"
    model = watched()
    found = run(model, tmp_path)
    assert sum(model.seen[len(DRY) :]) == 0
    assert {n: (folder / n).stat().st_mtime_ns for n in kept} == kept
    assert max(error(found, expected).values()) < 1e-5
    found.discard()


def test_a_disk_without_room_for_the_artefact_is_refused(tmp_path, little, monkeypatch):
    found = run(seeded(Reusing), tmp_path)
    usage = type("usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda path: usage)
    with pytest.raises(IsomorphError, match=r"net\.nc: cannot be written, it needs .* are free"):
        written(found, tmp_path / "net.nc")
    assert not (tmp_path / "net.nc").exists()
    found.discard()
    assert json.dumps([file.name for file in tmp_path.iterdir()]) == "[]"
