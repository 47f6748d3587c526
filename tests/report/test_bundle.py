import base64
import gzip
import json

import numpy as np
import pytest

from isomorph.report.bundle import bundle


def opened(text):
    """Return header and arrays, read as a browser reads them."""
    whole = gzip.decompress(base64.b64decode(text))
    length = int.from_bytes(whole[:4], "little")
    header = json.loads(whole[4 : 4 + length])
    start = 4 + length
    assert start % 8 == 0
    return header, {
        name: np.frombuffer(
            whole, one["kind"], int(np.prod(one["shape"])), start + one["offset"]
        ).reshape(one["shape"])
        for name, one in header["arrays"].items()
    }


def test_what_is_kept_in_the_page_comes_out_as_it_went_in():
    arrays = {
        "estimate": np.array([[0.5, np.nan, -1], [2, 3, 4]], np.float32),
        "code": np.arange(5, dtype=np.uint8),
        "rank": np.array([65535, 0, 7], ">u2").astype(np.uint16),
    }
    header, found = opened(bundle({"names": ["ρ", "</script>"]}, arrays))
    assert header["names"] == ["ρ", "</script>"]
    for name, array in arrays.items():
        np.testing.assert_array_equal(found[name], array)
        assert header["arrays"][name]["offset"] % 8 == 0
    assert bundle({}, arrays) == bundle({}, arrays)


def test_other_kinds_and_numbers_that_json_has_not_are_refused():
    with pytest.raises(ValueError, match="estimate: is float64, expected one of float32"):
        bundle({}, {"estimate": np.zeros(3)})
    with pytest.raises(ValueError, match="JSON"):
        bundle({"high": float("nan")}, {})
