"""Names in files of others are shown: they steer no terminal and give no variable away."""

import sys
from pathlib import Path

import pytest

from isomorph.cli import main
from isomorph.cli.printing import shown_streams
from isomorph.errors import IsomorphError
from isomorph.shown import _AS_WRITTEN, expanded, is_plain, located, shown

ESCAPES = [
    "face\x1b[2J", "\x1b]0;owned\x07", "a\rb", "a\x9b2J", "a\x08", "a\x7f", "a\u202eb", "a\u2066b",
    "a\x00b", "caf\udce9",
]  # fmt: skip


@pytest.fixture(autouse=True)
def _paths_of_this_test(monkeypatch):
    """Forget the paths that a test lets studies write."""
    monkeypatch.setattr("isomorph.shown._AS_WRITTEN", dict(_AS_WRITTEN))


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


@pytest.mark.parametrize(
    ("value", "written", "sentence"),
    [
        ("data", "$VALUE", "metadata: no such file; data are missing"),
        (".", "$VALUE", "a.nwb: holds 0.5 s. Expected more."),
        ("..", "$VALUE", "a.nwb: holds 0.5 s..."),
        ("data", "x/$VALUE", "meta_x/data.csv and x/data.csv: differ"),
        ("/lab/key", "$VALUE", "/mnt/lab/key/a.nwb: no such file, nor ~/lab/key or $A/lab/key"),
        ("/lab/key", "$VALUE", "/lab/key.nwb: no such file, nor /lab/key-2 or /lab/keys"),
    ],
)
def test_what_only_looks_like_a_path_stays(monkeypatch, tmp_path, value, written, sentence):
    monkeypatch.setenv("VALUE", value)
    monkeypatch.chdir(tmp_path)
    for beside in (Path(), tmp_path):
        expanded(written, beside)
    assert shown(sentence) == sentence
    assert shown(f"{tmp_path}/study.yaml: {sentence}") == f"{tmp_path}/study.yaml: {sentence}"


@pytest.mark.parametrize(
    "sentence",
    ["{}: no such file", 'there is "{}", a folder', "look in {}.", "PATH={}", "({}/a.nwb)", "{}/a"],
)
def test_a_path_is_found_wherever_it_stands(monkeypatch, tmp_path, sentence):
    monkeypatch.setenv("KEY", "/lab/5ec4e7")
    expanded("$KEY", tmp_path)
    assert shown(sentence.format("/lab/5ec4e7")) == sentence.format("$KEY")
    assert shown(shown(sentence.format("/lab/5ec4e7"))) == sentence.format("$KEY")


def test_a_key_that_is_the_whole_of_a_relative_path_is_not_given_away(monkeypatch, tmp_path):
    monkeypatch.setenv("KEY", "5ec4e7")
    monkeypatch.chdir(tmp_path)
    place = expanded("$KEY", Path())
    assert place == tmp_path / "5ec4e7"
    assert shown(f"{place}/a.nwb: no such file") == f"{tmp_path}/$KEY/a.nwb: no such file"


def test_the_longest_of_several_paths_counts(monkeypatch, tmp_path):
    monkeypatch.setenv("OUTER", "/lab/key")
    monkeypatch.setenv("INNER", "/lab/key/x")
    for name in ("$OUTER", "$INNER"):
        expanded(name, tmp_path)
    assert shown("/lab/key/x/a, /lab/key/y and /lab/key/xy") == "$INNER/a, $OUTER/y and $OUTER/xy"
