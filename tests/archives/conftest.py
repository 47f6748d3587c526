import sys
from functools import cache, partial
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "servers"))

from distributions import tar_bytes, zip_bytes
from objects import serve
from one_dataset import write_study
from package_index import PackageIndex

from isomorph.digest import code_digest

remembered_digest = cache(code_digest)


@pytest.fixture(scope="session", autouse=True)
def digests_once():
    """Digest the code once for all tests: it does not change under them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("isomorph.making.declared.code_digest", remembered_digest)
        yield


@pytest.fixture
def no_proxy(monkeypatch):
    """No proxy between isomorph and the loopback interface."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def index(monkeypatch, no_proxy):
    """A package index on the loopback interface that isomorph is told to use."""
    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    with PackageIndex() as server:
        monkeypatch.setenv("ISOMORPH_PACKAGE_INDEX", server.url)
        yield server


@pytest.fixture
def waits(monkeypatch):
    """The seconds isomorph would have waited; it does not."""
    waited = []
    monkeypatch.setattr("isomorph.archives.patience.time.sleep", waited.append)
    return waited


@pytest.fixture
def objects(monkeypatch, no_proxy, tmp_path):
    """The public buckets on the loopback interface; isomorph asks there and waits but shortly."""
    monkeypatch.delenv("ISOMORPH_CONNECTIONS", raising=False)
    monkeypatch.setattr("isomorph.archives.patience.FIRST_WAIT", 0.01)
    monkeypatch.setattr("isomorph.archives.patience.LONGEST_WAIT", 0.05)
    monkeypatch.setattr("isomorph.archives.held.POLL", 0.02)
    with serve(tmp_path / "buckets") as server:
        buckets = ("openneuro.org", "openneuro-derivatives", "pictures")
        monkeypatch.setenv("ISOMORPH_MIRRORS", server.mirrors(*buckets))
        yield server


@pytest.fixture
def make_layout(tmp_path):
    """Write a study of the dataset "objects" with an archive of one's choice; return its layout."""
    return partial(write_study, tmp_path)


@pytest.fixture(params=["tar.gz", "zip"])
def pack(request):
    """Pack members into each kind of distribution; `pack.ending` says which."""

    def packed(members):
        return (tar_bytes if request.param == "tar.gz" else zip_bytes)(members)

    packed.ending = request.param
    return packed
