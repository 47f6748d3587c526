import shutil
from functools import cache

import pytest

from damaged import compute
from isomorph.digest import code_digest
from isomorph.layout import Layout
from isomorph.study import load_study

LATE = ("explain", "recover", "figures", "report")


@pytest.fixture(scope="package", autouse=True)
def digests_once():
    """Digest the code once for all tests: it does not change under them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("isomorph.making.declared.code_digest", cache(code_digest))
        yield


@pytest.fixture(scope="package")
def computed(tmp_path_factory):
    """A small study as far as its comparisons."""
    return compute(tmp_path_factory.mktemp("computed"), without=LATE)


@pytest.fixture
def layout(computed, tmp_path):
    """A copy of its own, for tests that change it."""
    shutil.copytree(computed.root, tmp_path / "study")
    file = tmp_path / "study" / "config" / "study.yaml"
    return Layout(load_study(file), tmp_path / "study")
