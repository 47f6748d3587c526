"""What a disk refuses while weights or code are brought is reported as the disk's fault."""

import errno
import fcntl
import io
import os
import resource
import threading
import time
import zipfile
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from isomorph.errors import IsomorphError
from isomorph.models import SOURCES, Request
from isomorph.models.libraries.hub import code_of
from isomorph.models.libraries.weights import from_url
from isomorph.study import ModelSpec
from servers.weights_hub import COMMIT, WeightsHub

HF = "https://huggingface.co"
TIMM, TRANSFORMERS, TORCH_HUB = "timm/test_vit", "transformers/lab/vit", f"hub/lab/nets:{COMMIT}/a"
HUBCONF = """
import torch
def a():
    module = torch.nn.Linear(3, 2)
    torch.nn.init.constant_(module.weight, 0.5)
    torch.nn.init.zeros_(module.bias)
    return module
def b():
    return a()
"""


def zipped(files: dict[str, bytes | str]) -> bytes:
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(f"lab-nets-{COMMIT}/{name}", content)
    return buffer.getvalue()


@pytest.fixture
def hub(monkeypatch):
    with WeightsHub() as served:
        monkeypatch.setenv(
            "ISOMORPH_MIRRORS", f"{HF}={served.url} https://github.com={served.url}/files"
        )
        large = save({"weight": torch.zeros(50_000)})
        served.repositories["timm/test_vit.r160_in1k"] = {"model.safetensors": large}
        served.repositories["lab/vit"] = {
            "config.json": b'{"model_type": "vit", "architectures": ["ViTModel"]}',
            "model.safetensors": large,
        }
        served.files[f"lab/nets/zipball/{COMMIT}"] = zipped(
            {"hubconf.py": HUBCONF, "weights.bin": os.urandom(50_000)}
        )
        yield served


def wanted(tmp_path: Path, source: str) -> Request:
    spec = ModelSpec(name="m", title="M", source=source)
    return Request("m", spec, None, tmp_path / "weights", tmp_path)


def refused(tmp_path: Path, source: str) -> str:
    with pytest.raises(IsomorphError) as caught:
        SOURCES[source].network(wanted(tmp_path, source))
    assert "cannot be reached" not in str(caught.value)
    return str(caught.value)


def left(tmp_path: Path) -> list[str]:
    return sorted(file.name for file in (tmp_path / "weights").rglob("*") if file.is_file())


@contextmanager
def small_files():
    """Let no file grow beyond some kilobytes, as a full disk or a quota does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (8192, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("source", [TIMM, TRANSFORMERS, TORCH_HUB])
def test_a_disk_that_fills_up_is_not_taken_for_a_network_out_of_reach(hub, tmp_path, source):
    with small_files():
        said = refused(tmp_path, source)
    assert "cannot be written, it grows larger than the disk" in said
    assert str(tmp_path / "weights") in said
    assert left(tmp_path) == [".lock"]


def test_an_archive_that_fills_the_disk_as_it_is_unpacked_is_told_so(hub, tmp_path):
    content = zipped({"hubconf.py": HUBCONF, "zeros.bin": bytes(1_000_000)})
    hub.files[f"lab/nets/zipball/{COMMIT}"] = content
    assert len(content) < 8192
    with small_files():
        said = refused(tmp_path, TORCH_HUB)
    assert "cannot be written, it grows larger than the disk" in said
    assert left(tmp_path) == [".lock"]


@pytest.mark.parametrize("source", [TIMM, TRANSFORMERS, TORCH_HUB])
@pytest.mark.parametrize("place", ["weights", "weights/.lock"])
def test_what_stands_in_the_way_of_the_folder_is_a_sentence(hub, tmp_path, source, place):
    if place == "weights":
        (tmp_path / place).write_text("a file")
    else:
        (tmp_path / place).mkdir(parents=True)
    assert "cannot be written, " in refused(tmp_path, source)


@pytest.mark.parametrize("source", [TIMM, TRANSFORMERS, TORCH_HUB])
def test_a_folder_that_may_not_be_written_is_a_sentence(hub, tmp_path, monkeypatch, source):
    def denied(*_arguments, **_more):
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "weights").mkdir()
    monkeypatch.setattr("tempfile.mkdtemp", denied)
    assert "permission denied; choose a folder you may write" in refused(tmp_path, source)


def test_a_disk_without_locks_takes_weights_all_the_same(hub, tmp_path, monkeypatch):
    def no_locks(*_arguments):
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", no_locks)
    SOURCES[TORCH_HUB].network(wanted(tmp_path, TORCH_HUB))
    hub.files["lab.pth"] = b"weights"
    place = tmp_path / "weights" / "lab.pth"
    url = "https://github.com/lab.pth"
    assert from_url(wanted(tmp_path, TORCH_HUB), url, place).file.read_bytes() == b"weights"


def test_a_client_that_tells_of_the_disk_in_words_is_understood(hub, tmp_path, monkeypatch):
    def full(*_arguments, **_more):
        raise RuntimeError("Data processing error: IO Error: No space left (os error 28)")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", full)
    assert "the disk is full; free some space" in refused(tmp_path, TIMM)

    def gone(*_arguments, **_more):
        raise RuntimeError("Network error: Connection refused (os error 111)")

    monkeypatch.setattr("huggingface_hub.hf_hub_download", gone)
    with pytest.raises(IsomorphError, match=r"cannot be reached \(Network error"):
        SOURCES[TIMM].network(wanted(tmp_path, TIMM))


def test_several_models_of_one_repository_fetch_its_code_once(hub, tmp_path, monkeypatch):
    answer, asked = hub.answer, []

    def slow(path):
        asked.append(path)
        time.sleep(0.3)
        return answer(path)

    monkeypatch.setattr(hub, "answer", slow)
    failed = []

    def build(entry):
        try:
            code_of(wanted(tmp_path, f"hub/lab/nets:{COMMIT}/{entry}"))
        except BaseException as error:  # said below, by the thread that waits
            failed.append(error)

    threads = [threading.Thread(target=build, args=(entry,)) for entry in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert asked == [f"/files/lab/nets/zipball/{COMMIT}"]
    assert left(tmp_path) == [".lock", "hubconf.py", f"lab--nets@{COMMIT}.sha256", "weights.bin"]


def test_code_that_unpacks_to_more_than_a_file_may_is_refused(hub, tmp_path, monkeypatch):
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "3")
    bomb = {"hubconf.py": HUBCONF, **{f"{one}.bin": bytes(1_000_000) for one in "abc"}}
    hub.files[f"lab/nets/zipball/{COMMIT}"] = zipped(bomb)
    said = refused(tmp_path, TORCH_HUB)
    assert "would unpack to 3.0 MB, more than the 3.0 MB that one file may hold" in said
    assert "ISOMORPH_MEMORY_MB" in said
    assert left(tmp_path) == [".lock"]
    monkeypatch.setenv("ISOMORPH_MEMORY_MB", "4")
    SOURCES[TORCH_HUB].network(wanted(tmp_path, TORCH_HUB))


@pytest.mark.parametrize("place", ["disk", "models.libraries.hub"])
def test_code_of_a_fetch_that_was_killed_is_fetched_again(hub, tmp_path, monkeypatch, place):
    """As the seal is about to get its name, or the code its own."""

    def killed(*_arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(f"isomorph.{place}.replace_synced", killed)
        with pytest.raises(KeyboardInterrupt):
            code_of(wanted(tmp_path, TORCH_HUB))
    assert "hubconf.py" not in left(tmp_path)
    folder = code_of(wanted(tmp_path, TORCH_HUB))
    assert len(folder.with_name(f"{folder.name}.sha256").read_text()) == 64
