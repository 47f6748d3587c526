import errno

import pandas as pd
import pytest

from isomorph.artefacts import Provenance, read_provenance, read_table, sha256, write_table
from isomorph.artefacts.schemas import TABLES
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


def test_parquet_beside_holds_the_same(tmp_path):
    file = tmp_path / "stimuli.csv"
    write_table(file, stimuli(), "stimuli", STAMP, parquet=True)
    pd.testing.assert_frame_equal(
        pd.read_parquet(file.with_suffix(".parquet")), stimuli(), check_dtype=False
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


def test_a_full_disk_leaves_no_half_table(tmp_path, monkeypatch):
    def full(_self, path, **_):
        path.write_text("stimulus,fi")
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", full)
    with pytest.raises(IsomorphError, match="disk is full"):
        write_table(tmp_path / "t.csv", stimuli(), "stimuli", STAMP)
    assert not (tmp_path / "t.csv").exists()
