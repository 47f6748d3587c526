import numpy as np
import pytest
from page_data import opened

from isomorph.report.bundle import bundle


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
