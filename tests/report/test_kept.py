"""Files in the page: what is left out where there is no room."""

import re

import numpy as np

from isomorph.report.kept import with_files

NAMES = ("real/&#34;large&#34;.csv", "real/&#34;small&#34;.csv", "real/&#34;medium&#34;.csv",
         "real/a.csv", "figures/a.pdf")  # fmt: skip
LINKS = "".join(f'<a href="{name}">ä</a>' for name in NAMES)
PAGE = f"<html><body>{LINKS}</body></html>"


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
    assert with_files("<body></body>", paths) == "<body></body>"  # nothing leads to them


def test_tables_come_before_pictures_for_print(tmp_path):
    paths = {"real/a.csv": tmp_path / "table", "figures/a.pdf": tmp_path / "picture"}
    paths["real/a.csv"].write_bytes(bytes(range(200)))
    paths["figures/a.pdf"].write_bytes(bytes(range(100)))
    limit = len(with_files(PAGE, paths).encode())
    assert held(with_files(PAGE, paths, limit)) == list(paths)
    assert held(with_files(PAGE, paths, limit - 1)) == ["real/a.csv"]
