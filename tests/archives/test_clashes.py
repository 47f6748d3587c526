"""Files by request beside locked ones, on disks that do not tell every two names apart."""

import pytest
from dandi_study import refused
from pinned_set import put, write_locked

from isomorph.stages import fetch


@pytest.mark.parametrize("name", ["readme", "README/one.jpg"])
def test_a_requested_file_may_not_take_a_locked_ones_place_on_any_disk(objects, make_layout, name):
    side = {"kind": "requested", "how": "Ask.", "files": ["**"], "into": "."}
    layout = write_locked(make_layout, [put(objects, "README", b"theirs")], also=[side])
    file = layout.requested("objects") / name
    file.parent.mkdir(parents=True)
    file.write_bytes(b"mine")
    refused(lambda: fetch.run(layout, "objects"), name, "README", "side by side", "`into`")
    assert not objects.log
