"""Names in files of others are shown: they steer no terminal and give no variable away."""

import sys

import pytest

from isomorph.cli import main
from isomorph.cli.printing import shown_streams
from isomorph.errors import IsomorphError
from isomorph.shown import expanded, is_plain, located, shown

ESCAPES = [
    "face\x1b[2J", "\x1b]0;owned\x07", "a\rb", "a\x9b2J", "a\x08", "a\x7f", "a\u202eb", "a\u2066b",
    "a\x00b", "caf\udce9",
]  # fmt: skip


@pytest.mark.parametrize("name", ESCAPES)
def test_what_steers_a_terminal_is_spelled_out(name, capsys):
    said = str(IsomorphError(f"{name}: no such stimulus"))
    assert not any(sign in said for sign in "\x00\x07\x08\r\x1b\x7f\x9b\u202e\u2066\udce9")
    assert "\\x" in said or "\\u" in said
    with shown_streams():
        print(name)
        print(name, file=sys.stderr)
    out, err = capsys.readouterr()
    assert out == err == f"{shown(name)}\n"
    assert not is_plain(name)


def test_a_byte_that_is_no_text_is_shown_as_that_byte():
    assert shown("caf\udce9") == "caf\\xe9"


@pytest.mark.parametrize("name", ["café", "–150 to 0 ms", "顔", "a b", "x" * 300])
def test_what_steers_nothing_stays(name):
    assert shown(f"{name}\n\t") == f"{name}\n\t"
    assert is_plain(name)


def test_a_name_of_two_lines_is_not_plain():
    assert not is_plain("a\nb")
    assert not is_plain("a\tb")


def test_a_mistake_in_a_study_is_shown(tmp_path, capsys):
    study = tmp_path / "study.yaml"
    study.write_text('"na\\e[2Jme": 1\n')
    assert main(["check", "--study", str(study)]) == 1
    said = capsys.readouterr().err
    assert "na\\x1b[2Jme" in said
    assert "\x1b" not in said


def test_a_path_is_shown_as_it_is_written(monkeypatch, tmp_path):
    monkeypatch.setenv("LAB", str(tmp_path / "disk"))
    monkeypatch.setenv("KEY", "5ec4e7")
    place = expanded("$LAB/one", tmp_path)
    assert place == tmp_path / "disk" / "one"
    assert shown(f"{place}/a.nwb: no such file") == "$LAB/one/a.nwb: no such file"
    assert located("$LAB/one/a.nwb") == place / "a.nwb"
    assert shown(f"{place}2/a.nwb") == f"{place}2/a.nwb"
    inner = expanded("x/${KEY}", tmp_path / "study")
    assert shown(str(inner)) == f"{tmp_path}/study/x/${{KEY}}"
    with pytest.raises(KeyError, match="NO_SUCH"):
        expanded("$NO_SUCH/x", tmp_path)


def test_a_variable_that_is_everything_hides_nothing(monkeypatch, tmp_path):
    monkeypatch.setenv("TOP", "/")
    assert str(expanded("$TOP", tmp_path)) == "/"
    assert shown("/a/b") == "/a/b"
