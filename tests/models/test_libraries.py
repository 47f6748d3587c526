"""Networks of libraries: real clients fetch small weights, made here, from a loopback hub."""

import hashlib
import io
import json
import logging
import shutil
import warnings
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from pydantic import ValidationError

from isomorph.errors import IsomorphError
from isomorph.models import SOURCES, Request
from isomorph.models.libraries.imported import library
from isomorph.models.libraries.tensors import digest_of_module
from isomorph.study import ModelSpec
from isomorph.study.model import Weights
from servers.weights_hub import COMMIT, WeightsHub

HF = "https://huggingface.co"
TORCH = "https://download.pytorch.org/models"


@pytest.fixture(scope="module", autouse=True)
def _as_released():
    """What libraries themselves warn of as they are imported is theirs to fix."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in ("timm", "torchvision", "open_clip", "transformers"):
            library(name)


@pytest.fixture
def hub(monkeypatch):
    with WeightsHub() as served:
        monkeypatch.setenv(
            "ISOMORPH_MIRRORS",
            f"{HF}={served.url} {TORCH}={served.url}/files https://github.com={served.url}/files",
        )
        yield served


def wanted(tmp_path: Path, source: str, seed: int | None = None, **more) -> Request:
    spec = ModelSpec(name="m", title="M", source=source, **more)
    return Request("m", spec, seed, tmp_path / "weights", tmp_path)


def network(tmp_path: Path, source: str, seed: int | None = None, **more):
    return SOURCES[source].network(wanted(tmp_path, source, seed, **more))


def as_bytes(save, *arguments) -> bytes:
    buffer = io.BytesIO()
    save(*arguments, buffer)
    return buffer.getvalue()


def same_weights(module, other) -> bool:
    return digest_of_module(module) == digest_of_module(other)


def left_behind(folder: Path) -> list[str]:
    return [str(file.relative_to(folder)) for file in folder.rglob("*") if file.name != ".lock"]


# ---------------------------------------------------------------- timm


@pytest.fixture(scope="module")
def tiny_vit():
    import timm

    torch.manual_seed(1)
    return timm.create_model("test_vit", pretrained=False)


@pytest.fixture
def timm_hub(hub, tiny_vit):
    from safetensors.torch import save

    hub.repositories["timm/test_vit.r160_in1k"] = {"model.safetensors": save(tiny_vit.state_dict())}
    return hub


def test_timm_reads_its_weights_from_its_hub_once(timm_hub, tiny_vit, tmp_path):
    content = timm_hub.repositories["timm/test_vit.r160_in1k"]["model.safetensors"]
    found = network(tmp_path, "timm/test_vit.r160_in1k")
    assert same_weights(found.module, tiny_vit)
    assert not found.module.training
    assert found.weights_sha256 == hashlib.sha256(content).hexdigest()
    assert found.weights_from == f"{HF}/timm/test_vit.r160_in1k"
    assert found.trained_on == "ImageNet-1k"
    said = found.preprocessing
    assert (said.size, said.crop, said.interpolation) == (160, 0.95, "bicubic")
    assert said.mean == said.std == (0.5, 0.5, 0.5)
    network(tmp_path, "timm/test_vit")  # the default tag, the same file
    assert timm_hub.fetched() == ["model.safetensors"]


def test_a_pinned_revision_is_asked_for_and_kept_apart(timm_hub, tmp_path):
    digest = network(tmp_path, "timm/test_vit", weights={"revision": COMMIT}).weights_sha256
    assert any(f"/resolve/{COMMIT}/" in path for _, path in timm_hub.requests)
    network(tmp_path, "timm/test_vit", weights={"sha256": digest})
    assert len(timm_hub.fetched()) == 2
    other = COMMIT[::-1]
    with pytest.raises(IsomorphError, match=f'has no revision "{other}"'):
        network(tmp_path, "timm/test_vit", weights={"revision": other})


@pytest.mark.parametrize("revision", ["main", "master", "v1.0", "..", "refs/pr/1", COMMIT[:12]])
def test_what_is_no_commit_is_no_revision(revision):
    with pytest.raises(ValidationError, match="pattern"):
        Weights(revision=revision)


def test_other_weights_than_pinned_are_refused_and_leave_nothing(timm_hub, tmp_path):
    with pytest.raises(IsomorphError, match=f"has sha256 [0-9a-f]+, expected {'0' * 64}"):
        network(tmp_path, "timm/test_vit", weights={"sha256": "0" * 64})
    assert left_behind(tmp_path / "weights") == []


def test_weights_put_by_hand_need_no_network(timm_hub, tiny_vit, tmp_path, monkeypatch):
    place = tmp_path / "weights" / "timm" / "timm--test_vit.r160_in1k" / "model.safetensors"
    monkeypatch.setenv("ISOMORPH_MIRRORS", f"{HF}=http://127.0.0.1:9")
    with pytest.raises(IsomorphError, match="cannot be reached") as caught:
        network(tmp_path, "timm/test_vit")
    said = str(caught.value)
    assert str(place) in said
    assert "package/*, untrained/* and baseline/* work" in said
    assert left_behind(tmp_path / "weights") == []
    place.parent.mkdir(parents=True)
    place.write_bytes(timm_hub.repositories["timm/test_vit.r160_in1k"]["model.safetensors"])
    assert same_weights(network(tmp_path, "timm/test_vit").module, tiny_vit)
    place.write_bytes(b"no weights")
    with pytest.raises(IsomorphError, match="does not fit test_vit"):
        network(tmp_path, "timm/test_vit")
    with pytest.raises(IsomorphError, match=r"remove it, or correct weights\.sha256"):
        network(tmp_path, "timm/test_vit", weights={"sha256": "ab" * 32})
    assert place.is_file()


def test_a_hub_out_of_reach_is_said_at_once_and_once(tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("ISOMORPH_MIRRORS", f"{HF}=http://127.0.0.1:9")
    waits = []
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", waits.append)
    said = []
    logger = logging.getLogger("huggingface_hub.utils._http")
    monkeypatch.setattr(logger, "handlers", [Listener(said)])
    level = logging.getLogger("huggingface_hub").level
    for source in ("timm/test_vit", "transformers/lab/classifier"):
        with pytest.raises(IsomorphError, match="cannot be reached") as caught:
            network(tmp_path, source)
        assert "\n" not in str(caught.value)
    assert waits == said == []
    assert "".join(capfd.readouterr()) == ""
    assert logging.getLogger("huggingface_hub").level == level
    assert left_behind(tmp_path / "weights") == []


def test_a_hub_that_is_busy_for_a_moment_is_asked_again(timm_hub, tmp_path, monkeypatch):
    waits = []
    monkeypatch.setattr("huggingface_hub.utils._http.time.sleep", waits.append)
    timm_hub.busy = 3
    assert network(tmp_path, "timm/test_vit").weights_sha256
    assert waits


class Listener(logging.Handler):
    def __init__(self, said: list[str]) -> None:
        super().__init__()
        self.said = said

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("gated", "terms are accepted"),
        ("absent", "no such repository"),
        ("empty", "holds no model.safetensors"),
    ],
)
def test_a_hub_that_does_not_give_says_why(timm_hub, tmp_path, change, message):
    repository = "timm/test_vit.r160_in1k"
    {
        "gated": lambda: timm_hub.gated.add(repository),
        "absent": lambda: timm_hub.repositories.pop(repository),
        "empty": timm_hub.repositories[repository].clear,
    }[change]()
    with pytest.raises(IsomorphError, match=message):
        network(tmp_path, "timm/test_vit")


# ---------------------------------------------------------------- torchvision


@pytest.fixture(scope="module")
def squeezenet():
    import torchvision

    torch.manual_seed(2)
    return torchvision.models.squeezenet1_1(weights=None)


@pytest.fixture
def torchvision_hub(hub, squeezenet, monkeypatch):
    """The library's own entry, its address that of weights made here: the name holds the hash."""
    import torchvision

    content = as_bytes(torch.save, squeezenet.state_dict())
    name = f"squeezenet1_1-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    hub.files[name] = content
    entry = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1.value
    monkeypatch.setitem(vars(entry), "url", f"{TORCH}/{name}")
    return hub


def test_torchvision_reads_its_weights_and_says_how_images_enter(
    torchvision_hub, squeezenet, tmp_path
):
    before = torch.hub.get_dir()
    found = network(tmp_path, "torchvision/squeezenet1_1")
    assert torch.hub.get_dir() == before
    assert same_weights(found.module, squeezenet)
    (name,) = torchvision_hub.files
    assert name.partition("-")[2].startswith(found.weights_sha256[:8])
    assert found.trained_on == "ImageNet-1k"
    assert found.preprocessing.size == 224
    assert found.preprocessing.mean == (0.485, 0.456, 0.406)
    network(tmp_path, "torchvision/squeezenet1_1.IMAGENET1K_V1")
    assert torchvision_hub.fetched() == [name]


def test_a_file_that_belies_its_name_is_refused_and_leaves_nothing(torchvision_hub, tmp_path):
    (name,) = torchvision_hub.files
    torchvision_hub.files[name] += b" "
    with pytest.raises(IsomorphError, match=f"expected {name.partition('-')[2][:8]}"):
        network(tmp_path, "torchvision/squeezenet1_1")
    assert left_behind(tmp_path / "weights") == []
    del torchvision_hub.files[name]
    with pytest.raises(IsomorphError, match=r"answers 404 .* put the file at .*squeezenet"):
        network(tmp_path, "torchvision/squeezenet1_1")


def test_preprocessing_equals_the_transforms_of_torchvision():
    import torchvision
    from PIL import Image

    from isomorph.models.libraries.torchvision import preprocessing
    from isomorph.models.preprocessing import as_seen, preprocess

    pixels = np.random.default_rng(0).integers(0, 256, (300, 417, 3), dtype=np.uint8)
    for name, weights in (
        ("resnet50", torchvision.models.ResNet50_Weights.IMAGENET1K_V2),
        ("resnet50.IMAGENET1K_V1", torchvision.models.ResNet50_Weights.IMAGENET1K_V1),
        ("efficientnet_b0", torchvision.models.EfficientNet_B0_Weights.IMAGENET1K_V1),
    ):
        said = preprocessing(name)
        ours = preprocess(as_seen(pixels, said)[None], said)[0]
        theirs = weights.transforms()(Image.fromarray(pixels)).numpy()
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_preprocessing_equals_the_transform_of_timm():
    import timm
    from PIL import Image

    from isomorph.models.libraries.timm import preprocessing
    from isomorph.models.preprocessing import as_seen, preprocess

    pixels = np.random.default_rng(0).integers(0, 256, (300, 417, 3), dtype=np.uint8)
    for name in ("test_vit", "resnet50.a1_in1k", "vit_base_patch16_224.augreg_in21k"):
        said = preprocessing(name)
        config = timm.get_pretrained_cfg(name).to_dict()
        transform = timm.data.create_transform(
            **timm.data.resolve_data_config(pretrained_cfg=config)
        )
        theirs = transform(Image.fromarray(pixels)).numpy()
        ours = preprocess(as_seen(pixels, said)[None], said)[0]
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


# ---------------------------------------------------------------- OpenCLIP


@pytest.fixture
def clip(hub, tmp_path, monkeypatch):
    """A tiny model among those OpenCLIP knows, with weights on the hub."""
    import open_clip
    from open_clip import factory, pretrained
    from safetensors.torch import save

    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16},
        "text_cfg": {"context_length": 8, "vocab_size": 50, "width": 16, "heads": 2, "layers": 1},
    }
    monkeypatch.setitem(factory._MODEL_CONFIGS, "tiny", config)
    said = pretrained._pcfg(hf_hub="lab/tiny/", quick_gelu=True)
    monkeypatch.setitem(pretrained._PRETRAINED, "tiny", {"lab": said})
    torch.manual_seed(3)
    model = open_clip.create_model("tiny", force_quick_gelu=True)
    hub.repositories["lab/tiny"] = {"open_clip_model.safetensors": save(model.state_dict())}
    return model


def test_the_image_tower_of_open_clip_is_as_trained(clip, tmp_path):
    found = network(tmp_path, "open_clip/tiny/lab")
    assert same_weights(found.module, clip.visual)
    images = torch.rand(2, 3, 32, 32)
    with torch.no_grad():
        torch.testing.assert_close(found.module(images), clip.eval().encode_image(images))
    assert (found.preprocessing.size, found.preprocessing.crop) == (32, 1.0)
    assert found.preprocessing.mean == pytest.approx((0.48145466, 0.4578275, 0.40821073))
    assert found.weights_from.endswith("lab/tiny, lab")
    with pytest.raises(IsomorphError, match='no weights "lap" of tiny, did you mean "lab"'):
        network(tmp_path, "open_clip/tiny/lap")


# ---------------------------------------------------------------- transformers


@pytest.fixture
def transformers_hub(hub, tmp_path):
    """A classifier, a model of images and words, and a language model."""
    import transformers

    torch.manual_seed(4)
    sides = {"hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    vision = {**sides, "intermediate_size": 16, "image_size": 32, "patch_size": 16}
    text = {**sides, "intermediate_size": 16, "vocab_size": 50}
    made = {
        "vit": transformers.ViTForImageClassification(
            transformers.ViTConfig(**vision, num_labels=7)
        ),
        "clip": transformers.CLIPModel(
            transformers.CLIPConfig(text_config=text, vision_config=vision, projection_dim=8)
        ),
        "gpt": transformers.GPT2Model(
            transformers.GPT2Config(n_embd=16, n_layer=1, n_head=2, vocab_size=50)
        ),
    }
    for name, model in made.items():
        folder = tmp_path / "made" / name
        model.save_pretrained(folder)
        if name == "vit":
            transformers.ViTImageProcessor(size={"height": 32, "width": 32}).save_pretrained(folder)
        if name == "clip":
            transformers.CLIPImageProcessor(
                size={"shortest_edge": 40}, crop_size={"height": 32, "width": 32}
            ).save_pretrained(folder)
        hub.repositories[f"lab/{name}"] = {
            file.name: file.read_bytes() for file in folder.iterdir()
        }
    return hub, made


def test_transformers_builds_classifiers_and_vision_towers(transformers_hub, tmp_path):
    hub, made = transformers_hub
    images = torch.rand(2, 3, 32, 32)
    found = network(tmp_path, "transformers/lab/vit")
    with torch.no_grad():
        torch.testing.assert_close(found.module(images), made["vit"].eval()(images).logits)
    assert (found.preprocessing.size, found.preprocessing.crop) == (32, None)
    assert found.preprocessing.interpolation == "bilinear"
    assert found.trained_on == ""
    content = hub.repositories["lab/vit"]["model.safetensors"]
    assert found.weights_sha256 == hashlib.sha256(content).hexdigest()
    before = len(hub.requests)
    network(tmp_path, "transformers/lab/vit")
    assert len(hub.requests) == before
    tower = network(tmp_path, "transformers/lab/clip")
    assert same_weights(tower.module, made["clip"].vision_model)
    assert (tower.preprocessing.size, tower.preprocessing.crop) == (32, 0.8)


def test_language_models_are_future_work(transformers_hub, tmp_path):
    hub, _ = transformers_hub
    with pytest.raises(
        IsomorphError, match=r"gpt2, which does not take images; language .* future"
    ):
        network(tmp_path, "transformers/lab/gpt")
    assert "model.safetensors" not in hub.fetched()
    assert left_behind(tmp_path / "weights") == []


def test_a_processor_without_words_or_damaged_is_no_traceback(transformers_hub, tmp_path):
    hub, _ = transformers_hub
    files = hub.repositories["lab/vit"]
    said = json.loads(files["preprocessor_config.json"])
    files["preprocessor_config.json"] = json.dumps({**said, "resample": 5}).encode()  # Hamming
    assert network(tmp_path, "transformers/lab/vit").preprocessing is None
    for name, damage in (("preprocessor_config.json", b"[1, 2"), ("config.json", b"[]")):
        hub.repositories["lab/vit"] = {**files, name: damage}
        with pytest.raises(IsomorphError, match=r"lab/vit|preprocessor_config"):
            network(tmp_path / name, "transformers/lab/vit")


def test_weights_that_lack_a_layer_are_not_filled_by_chance(transformers_hub, tmp_path):
    from safetensors.torch import load, save

    hub, _ = transformers_hub
    state = load(hub.repositories["lab/vit"]["model.safetensors"])
    hub.repositories["lab/vit"]["model.safetensors"] = save(
        {key: value for key, value in state.items() if not key.startswith("classifier")}
    )
    with pytest.raises(IsomorphError, match=r"lacks 2 of the weights of ViTFor.*classifier\.bias"):
        network(tmp_path, "transformers/lab/vit")


# ---------------------------------------------------------------- torch hub


HUBCONF = """
import torch
def fixed(width=2):
    module = torch.nn.Linear(3, width)
    torch.nn.init.constant_(module.weight, 0.5)
    torch.nn.init.zeros_(module.bias)
    return module
def drawn():
    return torch.nn.Linear(3, 2)
"""


def test_torch_hub_runs_the_code_of_one_commit(hub, tmp_path):
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as packed:
        packed.writestr(f"lab-nets-{COMMIT}/hubconf.py", HUBCONF)
    hub.files[f"lab/nets/zipball/{COMMIT}"] = buffer.getvalue()
    source = f"hub/lab/nets:{COMMIT}"
    found = network(tmp_path, f"{source}/fixed", options={"width": 4})
    assert found.module.weight.shape == (4, 3)
    assert found.weights_sha256 == digest_of_module(found.module)
    network(
        tmp_path,
        f"{source}/fixed",
        weights={"sha256": digest_of_module(network(tmp_path, f"{source}/fixed").module)},
    )
    assert hub.fetched() == [COMMIT]
    for entry, message in (
        ("drawn", "draws its weights by chance"),
        ("fixt", 'no entry "fixt" .* did you mean "fixed"'),
    ):
        with pytest.raises(IsomorphError, match=message):
            network(tmp_path, f"{source}/{entry}")
    with pytest.raises(IsomorphError, match="its code is run, so say which commit"):
        network(tmp_path, "hub/lab/nets/fixed")


@pytest.mark.parametrize("revision", ["main", "master", "v1.0", "..", ".", COMMIT[:12]])
def test_torch_hub_takes_a_commit_and_no_branch(tmp_path, revision):
    with pytest.raises(IsomorphError, match=f'"{revision}" is not a commit; .* 40 hex'):
        SOURCES["hub/a/b"].check(f"lab/nets:{revision}/fixed", tmp_path)
    with pytest.raises(IsomorphError, match="is not a commit"):
        network(tmp_path, f"hub/lab/nets:{revision}/fixed")


def test_code_of_torch_hub_that_was_changed_on_the_disk_is_refused(hub, tmp_path):
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as packed:
        packed.writestr(f"lab-nets-{COMMIT}/hubconf.py", HUBCONF)
    hub.files[f"lab/nets/zipball/{COMMIT}"] = buffer.getvalue()
    source = f"hub/lab/nets:{COMMIT}/fixed"
    network(tmp_path, source)
    (code,) = tmp_path.rglob("hubconf.py")
    code.write_text(HUBCONF.replace("0.5", "0.25"))
    with pytest.raises(IsomorphError, match="is not the code that was fetched"):
        network(tmp_path, source)
    shutil.rmtree(code.parent)
    network(tmp_path, source)


# ---------------------------------------------------------------- a user's own


OWN = """
import torch
def net(seed=None):
    return torch.nn.Conv2d(3, 2, 3), {"size": 16, "mean": [0.5, 0.5, 0.5]}
def broken():
    return 1 / 0
def ready():
    return net()[0].eval(), {"size": 16}
def half():
    found = torch.nn.Sequential(torch.nn.Conv2d(3, 2, 3), torch.nn.Dropout()).eval()
    found[1].train()
    return found, {"size": 16}
def words():
    return "a network"
def vague():
    return torch.nn.Conv2d(3, 2, 3), {"sice": 16}
"""


def test_a_function_of_the_user_beside_the_study_is_a_model(tmp_path):
    (tmp_path / "mine.py").write_text(OWN)
    state = torch.get_rng_state()
    found = network(tmp_path, "python/mine:net")
    assert torch.equal(torch.get_rng_state(), state)
    assert found.preprocessing.size == 16
    assert found.weights_sha256 == digest_of_module(found.module)
    seeded = [network(tmp_path, "python/mine:net", seed, seeds=[3, 4]) for seed in (3, 3, 4)]
    digests = [one.weights_sha256 for one in seeded]
    assert digests[0] == digests[1] != digests[2]


def test_a_function_that_leaves_training_on_is_told_so_and_evaluated(tmp_path, capsys):
    (tmp_path / "mine.py").write_text(OWN)
    for name, which in (("ready", None), ("net", "all of its modules"), ("half", "1 of its 3")):
        found = network(tmp_path, f"python/mine:{name}")
        assert not any(module.training for module in found.module.modules())
        said = capsys.readouterr().err
        if which is None:
            assert said == ""
        else:
            assert said.startswith(f"m: python/mine:{name} returns a network in training mode")
            assert which in said
            assert said.endswith("it is put into evaluation mode\n")
            assert said.count("\n") == 1


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("mine:broken", r"fails in .*mine\.py, line 6: ZeroDivisionError"),
        ("mine:words", "returns str, expected a torch module and its preprocessing"),
        ("mine:vague", r"preprocessing that python/mine:vague returns: size: is required"),
        ("mine:nett", r'no function "nett" in .*mine\.py, did you mean "net"'),
        ("nowhere:net", r"no module nowhere, neither the file .*nowhere\.py nor"),
        ("mine", "expected python/<module>:<function>"),
    ],
)
def test_what_is_wrong_with_a_function_is_said(tmp_path, source, message):
    (tmp_path / "mine.py").write_text(OWN)
    with pytest.raises(IsomorphError, match=message):
        network(tmp_path, f"python/{source}")


# ---------------------------------------------------------------- names


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("timm/test_vitt", 'no architecture "test_vitt" in timm, did you mean "test_vit'),
        ("timm/test_vit.r160_in2k", 'no weights "r160_in2k" .* did you mean "r160_in1k"'),
        ("torchvision/resnet5", 'no architecture "resnet5" in torchvision, did you mean "resnet5'),
        ("torchvision/resnet50.V2", 'no weights "V2" of resnet50'),
        ("open_clip/ViT-B-33", 'no architecture "ViT-B-33" in open_clip, did you mean "ViT-B-3'),
        ("transformers/a b/c", "not a name of a repository"),
        ("untrained/resnet5", 'no architecture "resnet5" in torchvision, did you mean "resnet5'),
        ("untrained/timm/test_vitt", 'no architecture "test_vitt" in timm'),
        ("untrained/torch/x", "no such library"),
    ],
)
def test_a_library_suggests_names_of_its_own(tmp_path, source, message):
    with pytest.raises(IsomorphError, match=message):
        SOURCES[source].check(source.partition("/")[2], tmp_path)
