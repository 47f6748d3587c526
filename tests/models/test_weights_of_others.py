"""Files of weights hold tensors, and nothing in them is run."""

import hashlib
import io
import os
import zipfile
from pathlib import Path

import pytest
import torch
from pydantic import ValidationError

from isomorph.errors import IsomorphError
from isomorph.models import SOURCES, Request
from isomorph.models.libraries.imported import library
from isomorph.models.libraries.tensors import FORCED, tensors_only
from isomorph.models.libraries.weights import from_url
from isomorph.study import ModelSpec
from servers.weights_hub import COMMIT, WeightsHub

HF = "https://huggingface.co"
TORCH = "https://download.pytorch.org/models"


class Payload:
    """What makes a file wherever it is read as a pickle."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def __reduce__(self):
        return (open, (str(self.file), "w"))


@pytest.fixture
def ran(tmp_path):
    """The file that stands once code of a pickle has run."""
    return tmp_path / "ran"


@pytest.fixture
def hub(monkeypatch):
    with WeightsHub() as served:
        monkeypatch.setenv(
            "ISOMORPH_MIRRORS",
            f"{HF}={served.url} {TORCH}={served.url}/files https://github.com={served.url}/files",
        )
        yield served


def saved(state) -> bytes:
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return buffer.getvalue()


def wanted(tmp_path, source, **more):
    spec = ModelSpec(name="m", title="M", source=source, **more)
    return Request("m", spec, None, tmp_path / "weights", tmp_path)


def refused(tmp_path, source, *said):
    with pytest.raises(IsomorphError) as caught:
        SOURCES[source].network(wanted(tmp_path, source))
    for words in ("reading that would run code", "save its state dict alone", *said):
        assert words in str(caught.value)
    assert FORCED not in os.environ


def test_torchvision_runs_no_pickle(hub, ran, tmp_path, monkeypatch):
    torchvision = library("torchvision")
    content = saved({"weight": torch.ones(1), "more": Payload(ran)})
    name = f"squeezenet1_1-{hashlib.sha256(content).hexdigest()[:8]}.pth"
    hub.files[name] = content
    entry = torchvision.models.SqueezeNet1_1_Weights.IMAGENET1K_V1.value
    monkeypatch.setitem(vars(entry), "url", f"{TORCH}/{name}")
    refused(tmp_path, "torchvision/squeezenet1_1", "more than tensors (", "open)")
    assert not ran.exists()


def test_timm_runs_no_pickle(hub, ran, tmp_path):
    hub.repositories["timm/test_vit.r160_in1k"] = {"pytorch_model.bin": saved(Payload(ran))}
    refused(tmp_path, "timm/test_vit", "pytorch_model.bin")
    assert not ran.exists()


def test_open_clip_runs_no_pickle(hub, ran, tmp_path, monkeypatch):
    from open_clip import factory, pretrained

    config = {
        "embed_dim": 16,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 16},
        "text_cfg": {"context_length": 8, "vocab_size": 50, "width": 16, "heads": 2, "layers": 1},
    }
    monkeypatch.setitem(factory._MODEL_CONFIGS, "tiny", config)
    monkeypatch.setitem(
        pretrained._PRETRAINED, "tiny", {"lab": pretrained._pcfg(hf_hub="lab/tiny/")}
    )
    hub.repositories["lab/tiny"] = {"open_clip_pytorch_model.bin": saved(Payload(ran))}
    refused(tmp_path, "open_clip/tiny/lab", "open_clip_pytorch_model.bin")
    assert not ran.exists()


def test_transformers_runs_no_pickle(hub, ran, tmp_path):
    import transformers

    config = transformers.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16,
        image_size=32, patch_size=16, num_labels=7, architectures=["ViTForImageClassification"],
    )  # fmt: skip
    hub.repositories["lab/vit"] = {
        "config.json": config.to_json_string().encode(),
        "pytorch_model.bin": saved({"weight": Payload(ran)}),
    }
    refused(tmp_path, "transformers/lab/vit")
    assert not ran.exists()


HUBCONF = """
import torch
def trained():
    return torch.hub.load_state_dict_from_url("{url}", weights_only=False)
def own():
    return torch.load("{file}", weights_only=False)
"""


@pytest.mark.parametrize("entry", ["trained", "own"])
def test_code_of_torch_hub_reads_tensors_alone(hub, ran, tmp_path, entry):
    """The code is that of a commit; the weights it loads are whatever lies there now."""
    hub.files["lab.pth"] = saved({"weight": Payload(ran)})
    (tmp_path / "lab.pth").write_bytes(hub.files["lab.pth"])
    code = HUBCONF.format(url=f"{hub.url}/files/lab.pth", file=tmp_path / "lab.pth")
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as packed:
        packed.writestr(f"lab-nets-{COMMIT}/hubconf.py", code)
    hub.files[f"lab/nets/zipball/{COMMIT}"] = buffer.getvalue()
    refused(tmp_path, f"hub/lab/nets:{COMMIT}/{entry}")
    assert not ran.exists()


@pytest.mark.filterwarnings("ignore:'torch.load' received a zip file")
def test_a_program_is_no_weights(tmp_path):
    with pytest.warns(DeprecationWarning, match="deprecated"):
        torch.jit.script(torch.nn.Linear(2, 2)).save(tmp_path / "a.pt")
    with (
        pytest.raises(IsomorphError, match=r"a\.pt holds a program \(TorchScript\)"),
        tensors_only(wanted(tmp_path, "torchvision/squeezenet1_1"), "a.pt"),
    ):
        torch.load(tmp_path / "a.pt", weights_only=False)


def test_variables_of_torch_are_left_as_they_were(tmp_path, monkeypatch):
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    with tensors_only(wanted(tmp_path, "torchvision/squeezenet1_1"), "a"):
        assert os.environ[FORCED] == "1"
        assert "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD" not in os.environ
    assert os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] == "1"
    assert FORCED not in os.environ


def test_eight_digits_of_a_hash_pin_nothing(hub, tmp_path):
    """They are compared with what is fetched; a file put there by hand is pinned whole or not."""
    hub.files["net-00000000.pth"] = b"other"
    asked = wanted(tmp_path, "torchvision/squeezenet1_1")
    place = tmp_path / "weights" / "net-00000000.pth"
    with pytest.raises(IsomorphError, match="expected 00000000; correct"):
        from_url(asked, f"{TORCH}/net-00000000.pth", place)
    place.write_bytes(b"other")
    found = from_url(asked, f"{TORCH}/net-00000000.pth", place)
    assert found.sha256 == hashlib.sha256(b"other").hexdigest()
    with pytest.raises(ValidationError, match="sha256"):
        wanted(tmp_path, "torchvision/squeezenet1_1", weights={"sha256": found.sha256[:8]})
    pinned = wanted(tmp_path, "torchvision/squeezenet1_1", weights={"sha256": "0" * 64})
    with pytest.raises(IsomorphError, match=r"expected 0{64}; remove it"):
        from_url(pinned, f"{TORCH}/net-00000000.pth", place)


def test_a_library_that_resets_the_variable_itself_is_let_be(tmp_path, monkeypatch):
    monkeypatch.delenv(FORCED, raising=False)
    with tensors_only(wanted(tmp_path, "timm/x"), "a file"):
        del os.environ[FORCED]
    assert FORCED not in os.environ
