"""What tests of the DANDI archive share: lines of a lock, refusals, no waiting."""

import os
import sys
import time
from types import SimpleNamespace

import pytest

from isomorph.archives.lock import LockedFile
from isomorph.errors import IsomorphError

ARCHIVE = "https://api.dandiarchive.org"


def locked(asset, **changes):
    """Return the line of the lock for an asset."""
    line = {
        "path": asset.path,
        "size": asset.size,
        "algorithm": "sha256",
        "hash": asset.sha256,
        "url": f"{ARCHIVE}{asset.download_path}",
    }
    return LockedFile(**(line | changes))


def refused(call, *parts):
    """Check that a call ends in one sentence that has some parts, and return it."""
    with pytest.raises(IsomorphError) as caught:
        call()
    sentence = str(caught.value)
    assert "\n" not in sentence, sentence
    for part in parts:
        assert part in sentence, sentence
    return sentence


def patch_waits(monkeypatch):
    """Let neither isomorph nor remfile wait; return the seconds they would have, as they come."""
    import remfile

    waited = []
    nap = SimpleNamespace(sleep=waited.append, time=time.time, monotonic=time.monotonic)
    monkeypatch.setattr("isomorph.archives.patience.time", nap)
    monkeypatch.setattr("isomorph.archives.transfer._Crew.pause", lambda _, wait: nap.sleep(wait))
    monkeypatch.setattr(sys.modules[remfile.File.__module__], "time", nap)
    return waited


def patch_network(monkeypatch, url):
    """Let an archive stand in for the public one, with no proxy between and no key set."""
    for name in [name for name in os.environ if name.upper().endswith(("_PROXY", "_API_KEY"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ISOMORPH_MIRRORS", f"{ARCHIVE}={url}")
