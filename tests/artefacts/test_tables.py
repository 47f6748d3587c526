import errno

import numpy as np
import pandas as pd
import pytest

from isomorph.artefacts import Provenance, read_provenance, read_table, sha256, write_table
from isomorph.catalogue import TABLES
from isomorph.errors import IsomorphError

STAMP = Provenance("stimuli", source="somewhere")


def stimuli():
    return pd.DataFrame(
        {
            "stimulus": ["01", "02", "3"],
            "file": ["a.png", "", "c.png"],
            "sha256": ["00", "1e5", "ff"],
            "category": ["x", None, "y"],
            "animal": [1, 0, 1],
        }
    )


def test_text_stays_text_and_numbers_stay_numbers(tmp_path):
    file = tmp_path / "stimuli.csv"
    write_table(file, stimuli(), "stimuli", STAMP)
    back = read_table(file, "stimuli")
    assert back["stimulus"].tolist() == ["01", "02", "3"]
    assert back["sha256"].tolist() == ["00", "1e5", "ff"]
    assert back["file"].tolist() == ["a.png", "", "c.png"]
    assert back["category"].tolist() == ["x", "", "y"]
    assert back["animal"].sum() == 2
    assert read_provenance(file) == STAMP.holding({"stimuli.csv": sha256(file)})


def long_table():
    """A table of a kind of which there is a copy in Parquet."""
    return stimuli().assign(**dict.fromkeys(TABLES["subjects"], "x"))


def test_parquet_beside_holds_the_same(tmp_path):
    file = tmp_path / "subjects.csv"
    write_table(file, long_table(), "subjects", STAMP)
    pd.testing.assert_frame_equal(
        pd.read_parquet(file.with_suffix(".parquet")), long_table(), check_dtype=False
    )


@pytest.mark.parametrize("kind", list(TABLES))
def test_every_table_without_rows_is_still_a_table(tmp_path, kind):
    write_table(tmp_path / "t.csv", pd.DataFrame(columns=list(TABLES[kind])), kind, STAMP)
    back = read_table(tmp_path / "t.csv", kind)
    assert back.empty
    assert list(back.columns) == list(TABLES[kind])


def test_missing_columns_are_named_and_nothing_is_written(tmp_path):
    with pytest.raises(IsomorphError, match="no column file, sha256 in the stimuli table"):
        write_table(tmp_path / "t.csv", stimuli()[["stimulus"]], "stimuli", STAMP)
    assert list(tmp_path.iterdir()) == []


def test_reading_what_is_no_table(tmp_path):
    with pytest.raises(IsomorphError, match="no such file"):
        read_table(tmp_path / "t.csv", "stimuli")
    (tmp_path / "t.csv").write_text("")
    with pytest.raises(IsomorphError, match="is empty, expected a table"):
        read_table(tmp_path / "t.csv", "stimuli")
    (tmp_path / "t.csv").write_text("a,b\n1,2\n")
    with pytest.raises(IsomorphError, match="no column stimulus"):
        read_table(tmp_path / "t.csv", "stimuli")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2,\n3,4,5\n", "line 2 has 3 cells, the header has 2"),
        ("stimulus,file,sha256\n01,a.png\n", "line 2 has 2 cells, the header has 3"),
        ("stimulus,file,sha256,file\n", 'has two columns "file"'),
    ],
)
def test_a_row_with_too_many_or_too_few_cells_is_refused(tmp_path, text, said):
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(IsomorphError, match=said):
        read_table(tmp_path / "t.csv", "stimuli")


def test_a_comma_at_the_end_of_every_row_shifts_no_column(tmp_path):
    (tmp_path / "t.csv").write_text("stimulus,file,sha256\n01,a.png,ff,\n02,b.png,00,\n")
    table = read_table(tmp_path / "t.csv", "stimuli")
    assert table["stimulus"].tolist() == ["01", "02"]
    assert table["sha256"].tolist() == ["ff", "00"]


def test_numbers_come_back_to_the_last_digit(tmp_path):
    numbers = np.random.default_rng(0).standard_normal(500) * 10.0 ** np.arange(-250, 250)
    table = pd.DataFrame(dict.fromkeys(TABLES["names"], numbers)).assign(number=numbers)
    write_table(tmp_path / "t.csv", table, "names", STAMP)
    assert read_table(tmp_path / "t.csv", "names")["number"].tolist() == numbers.tolist()


@pytest.mark.parametrize("ending", [".csv", ".json", ".parquet"])
def test_what_has_changed_since_is_told(tmp_path, ending):
    file = tmp_path / "subjects.csv"
    write_table(file, long_table(), "subjects", STAMP)
    changed = file.with_suffix(ending)
    changed.write_bytes(changed.read_bytes().replace(b"png", b"jpg").replace(b"some", b"same"))
    if ending == ".parquet":  # a copy, which no stage reads
        read_table(file, "subjects")
        return
    with pytest.raises(IsomorphError, match=r"subjects\.csv.* has changed since"):
        read_table(file, "subjects")


def test_a_full_disk_leaves_no_half_table(tmp_path, monkeypatch):
    def full(_self, path, **_):
        path.write_text("stimulus,fi")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(IsomorphError, match="disk is full"):
        write_table(tmp_path / "t.csv", stimuli(), "stimuli", STAMP)
    assert not (tmp_path / "t.csv").exists()
