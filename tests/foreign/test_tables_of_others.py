"""Tables of others: every cell where its header says, or a sentence."""

import gzip

import pytest

from isomorph.errors import IsomorphError
from isomorph.foreign import read_table, read_tsv


def test_cells_are_text_as_written(tmp_path):
    file = tmp_path / "a.csv"
    file.write_bytes('\ufeffid, onset ,what\r\n01,2766534.015976,None\r\n02,n/a,""\r\n'.encode())
    table = read_table(file)
    assert table.to_dict("list") == {
        "id": ["01", "02"],
        "onset": ["2766534.015976", ""],
        "what": ["None", ""],
    }


@pytest.mark.parametrize(
    ("header", "end"), [("", "\t"), ("\t", "\t"), ("\t\t", "\t\t"), ("", "\t\t"), ("\t", "\t\t\t")]
)
def test_separators_at_the_end_of_rows_shift_nothing(tmp_path, header, end):
    """pandas takes the first column for an index there, and trans_x returns trans_y."""
    file = tmp_path / "confounds.tsv"
    file.write_text(f"trans_x\ttrans_y{header}\n1\t2{end}\n3\t{end}\n")
    table = read_tsv(file, "trans_x")
    assert table.to_dict("list") == {"trans_x": ["1", "3"], "trans_y": ["2", ""]}


def test_separators_at_the_end_of_a_header_alone(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a,b,,\n")
    assert read_table(file).columns.tolist() == ["a", "b"]


def test_index_that_pandas_writes_is_a_column_without_a_name(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text(",a\n0,x\n1,y\n")
    assert read_table(file, "a").to_dict("list") == {"": ["0", "1"], "a": ["x", "y"]}


def test_column_whose_cells_are_all_empty_stays(tmp_path):
    file = tmp_path / "a.csv"
    file.write_text("a,b\n1,\n2,\n")
    assert read_table(file).to_dict("list") == {"a": ["1", "2"], "b": ["", ""]}


def test_compressed_table_is_read(tmp_path):
    file = tmp_path / "events.tsv.gz"
    file.write_bytes(gzip.compress(b"onset\n1.5\n"))
    assert read_table(file)["onset"].tolist() == ["1.5"]


def test_index_names_the_line(tmp_path):
    file = tmp_path / "events.tsv"
    file.write_text("onset\tname\n\n1\ta\n\n2\tb\n")
    assert (read_tsv(file).index + 2).tolist() == [3, 5]


def test_table_without_rows_keeps_its_columns(tmp_path):
    file = tmp_path / "events.tsv"
    file.write_text("onset\tname\n")
    assert read_tsv(file, "name").shape == (0, 2)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"a,b\n1,2\n3\n", "line 3 has 1 cell, the header has 2"),
        (b"a,b\n1,2\n3,4,5\n", "line 3 has 3 cells, the header has 2"),
        (b"a,b\n1,2,3\n4,5,6\n", "line 2 has 3 cells, the header has 2"),
        (b"a,b,\n1,2,3\n", 'column 3 has no name, and line 2 holds "3" in it'),
        (b"a,b,\n1,2,\n4,5,6\n", 'column 3 has no name, and line 3 holds "6" in it'),
        (b"a,b,,\n1,2,3,\n", 'column 3 has no name, and line 2 holds "3" in it'),
        (b"a,b,\n1,2,\n3,4\n", "line 3 has 2 cells, the header has 3"),
        (b"a,b\n1,2,,\n4,5,\n", "line 2 has 4 cells, the header has 2"),
        (b"b,b\n1,2\n", 'two columns "b"'),
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"a,b\n1,\xff\n", "cannot be read as a table of comma-separated text"),
        (b'a,b\n1,"2\n', "cannot be read as a table of comma-separated text"),
        (b"a,\x00b\n1,2\n", 'no column "b"'),
        (b"bb,c\n1,2\n", 'no column "b", did you mean "bb"'),
    ],
)
def test_what_is_no_table_is_a_sentence(tmp_path, content, said):
    file = tmp_path / "a.csv"
    file.write_bytes(content)
    with pytest.raises(IsomorphError, match=said):
        read_table(file, "b")


def test_damaged_compression_is_a_sentence(tmp_path):
    file = tmp_path / "events.tsv.gz"
    file.write_bytes(gzip.compress(b"onset\n1.5\n")[:-6])
    with pytest.raises(IsomorphError, match="cannot be read as a table"):
        read_tsv(file)
