"""What is read once stands on disk until it is used, and no longer."""

import errno

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from nibabel.arrayproxy import ArrayProxy

from isomorph.errors import IsomorphError
from isomorph.responses.bids.bold import Stored
from isomorph.responses.bids.scratch import Scratch
from isomorph.stages import responses

SHAPES = arrays.array_shapes(min_dims=2, max_dims=2, max_side=9)


@given(
    st.lists(
        st.sampled_from([np.int16, np.uint8, np.float32, np.dtype(">i2")]).flatmap(
            lambda kind: arrays.arrays(kind, SHAPES)
        ),
        max_size=4,
    )
)
def test_what_is_kept_is_what_was_given(tmp_path_factory, given_arrays):
    folder = tmp_path_factory.mktemp("scratch")
    with Scratch(folder) as scratch:
        kept = [scratch.keep(values) for values in given_arrays]
        for one, values in zip(kept, given_arrays, strict=True):
            np.testing.assert_array_equal(one, values)
            assert one.dtype == values.dtype
            assert not one.flags.writeable
        del kept
    assert list(folder.iterdir()) == []


def test_stored_integers_are_scaled_exactly():
    values = np.arange(12, dtype=np.int16).reshape(3, 4)
    stored = Stored(values, 0.1, -3.0)
    expected = values.astype(np.float64) * 0.1 - 3.0
    np.testing.assert_array_equal(stored.scaled(), expected)
    np.testing.assert_array_equal(stored.scaled(np.array([3, 1])), expected[:, [3, 1]])


def test_a_full_disk_is_a_sentence(tmp_path, monkeypatch):
    class Full:
        def seek(self, *_):
            return 0

        def write(self, _):
            raise OSError(errno.ENOSPC, "No space left on device")

        def close(self):
            pass

    monkeypatch.setattr("tempfile.TemporaryFile", lambda **_: Full())
    with (
        Scratch(tmp_path) as scratch,
        pytest.raises(IsomorphError, match="the disk is full"),
    ):
        scratch.keep(np.ones((2, 2)))


def test_the_volumes_of_each_run_are_decompressed_once(replica, monkeypatch):
    layout, _ = replica("ds000105")
    read = []
    real = ArrayProxy.get_unscaled

    def counted(proxy):
        read.append(proxy.shape)
        return real(proxy)

    monkeypatch.setattr(ArrayProxy, "get_unscaled", counted)
    responses.run(layout, "ds000105", "1")
    assert [shape for shape in read if len(shape) == 4] == [(8, 8, 6, 121)] * 4
