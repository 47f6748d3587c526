"""Files in the page: the largest are left out where there is no room."""

import re

import numpy as np

from isomorph.report.kept import with_files

PAGE = "<html><body><p>ä</p></body></html>"


def held(page):
    return re.findall('data-file="(.*?)"', page)


def test_the_largest_files_are_left_out_first(tmp_path):
    rng = np.random.default_rng(0)
    paths = {}
    for name, size in (("large", 3000), ("small", 10), ("medium", 1000)):
        path = paths[f'real/"{name}".csv'] = tmp_path / name
        path.write_bytes(rng.bytes(size))
    whole = with_files(PAGE, paths)
    names = [f"real/&#34;{one}&#34;.csv" for one in ("small", "medium", "large")]
    assert held(whole) == names
    assert whole.endswith("</script>\n</body></html>")
    limit = len(whole.encode())
    assert with_files(PAGE, paths, limit) == whole
    assert held(with_files(PAGE, paths, limit - 1)) == names[:2]
    assert with_files(PAGE, paths, 10) == PAGE
