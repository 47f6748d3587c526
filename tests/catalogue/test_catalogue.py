"""One entry declares an artefact: all that follows from it, and that every column has a meaning."""

import os
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import pandas as pd
import pytest
from explained_files import unexplained

import isomorph
from isomorph import digest
from isomorph.artefacts import Provenance, provenance, write_table
from isomorph.artefacts.provenance import SEAL
from isomorph.catalogue import ARRAYS, CATALOGUE, Artefact, arguments_of, made_for, named, table
from isomorph.catalogue.dictionary import RECORD, markdown, row_of, rows_of
from isomorph.cli import main
from isomorph.cli.stages import STAGES
from isomorph.cli.tools import TOOLS
from isomorph.errors import IsomorphError
from isomorph.jobs import Job, jobs
from isomorph.layout import Layout
from isomorph.making import DECLARED, command_of, job_of, outputs_of, written_by
from isomorph.study import load_study

DEMO = Path(__file__).parents[2] / "config" / "demo.yaml"
RESULTS = DEMO.parents[1] / "results" / "demo"

MEANT = [(name, column) for name, one in CATALOGUE.items() for column in one.columns]
HELD = [(kind, one) for kind, schema in ARRAYS.items() for one in schema.holds]

ENTRY = """COMPARED = (
    table(
        "added", "compare", "a table that was added",
        "region latency", named("text", region="Brain region."), named("seconds", latency="When."),
        parquet=True,
    ),
"""

ADDED = """
import sys
from pathlib import Path

import pandas as pd

from isomorph import digest
from isomorph.artefacts import provenance, read_table, write_table
from isomorph import catalogue
from isomorph.catalogue.dictionary import markdown
from isomorph.cli import main
from isomorph.errors import IsomorphError
from isomorph.jobs import Job
from isomorph.layout import Layout
from isomorph.making import maker_of, outputs_of, written_by
from isomorph.stages.figures import TABLES
from isomorph.report.evidence import files
from isomorph.study import load_study

layout = Layout(load_study(Path(sys.argv[1])), sys.argv[2])
file = layout.added("planted")
job = Job("compare", ("planted",))
assert file == Path(sys.argv[2]) / "results/demo/planted/added.csv"
assert outputs_of(layout, job)["added"] == file
assert {file, file.with_suffix(".parquet")} <= set(written_by(layout, job))
assert maker_of(layout, file) == job

rows = pd.DataFrame({"region": ["01"], "latency": [0.1]})
try:
    write_table(file, rows[["region"]], "added", provenance("test"))
except IsomorphError as error:
    assert "no column latency in the added table" in str(error)
write_table(file, rows, "added", provenance("test"))
assert read_table(file, "added")["region"].tolist() == ["01"]
assert file.with_suffix(".parquet").is_file()

assert ("added.csv", "planted/added.csv", "a table that was added") in files(layout, "planted")
assert "added" in TABLES
assert "| `latency` | seconds | When. |" in markdown(catalogue.CATALOGUE.values(), catalogue.ARRAYS)
assert main(["show", str(file), "--columns"]) == 0
"""


def test_one_entry_adds_a_table_everywhere(tmp_path):
    package = tmp_path / "code" / "isomorph"
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(Path(isomorph.__file__).parent, package, ignore=ignored)
    entries = package / "catalogue" / "compared.py"
    text = entries.read_text(encoding="utf-8")
    assert text.count("COMPARED = (\n") == 1
    entries.write_text(text.replace("COMPARED = (\n", ENTRY), encoding="utf-8")
    found = subprocess.run(
        [sys.executable, "-c", ADDED, str(DEMO), str(tmp_path)],
        capture_output=True, text=True, check=False,
        env={**os.environ, "PYTHONPATH": str(package.parent)},
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    assert found.stdout == "region [text]\n    Brain region.\nlatency [seconds]\n    When.\n"


def test_other_words_about_a_column_remake_the_report_and_nothing_else():
    study = load_study(DEMO)
    for stage, made in DECLARED.items():
        names = ("planted", "sim", "gabor")[: len(made_for(stage))]
        seen = {}
        modules = made.code(study, *names)
        elsewhere = tuple(one for one in digest.DECIDED_ELSEWHERE if one not in modules)
        for module in modules:
            digest._collect(module, seen, elsewhere)
        words = {"isomorph.catalogue.shared_columns", "isomorph.catalogue.compared"}
        assert words & set(seen) == (words if stage == "report" else set())


def test_a_column_without_a_meaning_is_refused():
    with pytest.raises(IsomorphError, match='"a": nothing says what its column "c" means'):
        table("a", "compare", "", "b c", named("text", b="Something."))


def test_every_column_and_variable_is_explained_in_sentences():
    for where, one in [*MEANT, *HELD]:
        assert one.meaning.endswith("."), (where, one)
        assert one.meaning[0].isupper() or one.meaning[0] == "`", (where, one)
        assert "|" not in one.meaning, (where, one)  # which would end a cell of the dictionary


def test_every_attribute_and_every_key_of_the_record_is_explained():
    for kind, schema in ARRAYS.items():
        assert not set(schema.attributes) & set(schema.also)
        for key, text in {**schema.attributes, **schema.also}.items():
            assert text.endswith("."), (kind, key)
    assert set(RECORD) == {one.name for one in fields(Provenance)} | {SEAL}


def test_every_column_and_variable_has_a_unit():
    for where, one in [*MEANT, *HELD]:
        assert one.unit, (where, one.name)
        assert one.unit == one.unit.strip(" ."), (where, one.name)


@pytest.mark.skipif(not RESULTS.is_dir(), reason="the built-in study has not been run here")
def test_the_dictionary_has_all_that_the_built_in_study_wrote():
    assert unexplained(RESULTS) == []


def test_every_artefact_is_made_by_a_stage_that_knows_how_or_by_a_command():
    assert {one.stage for one in CATALOGUE.values() if one.stage} == set(DECLARED)
    assert {one.made_by.split()[0] for one in CATALOGUE.values()} <= {*STAGES, *TOOLS}


def test_what_a_stage_makes_is_all_made_for_the_same():
    for stage in DECLARED:
        made = [one for one in CATALOGUE.values() if one.stage == stage]
        assert {one.made_for for one in made} == {made_for(stage)}
        assert len({one.of_stimuli for one in made if one.name != "representations"}) == 1


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        ("fetch", ("dataset",)), ("responses", ("dataset", "subject")),
        ("activations", ("dataset", "model")), ("rdms", ("dataset", "model")), ("report", ()),
    ],
)  # fmt: skip
def test_a_command_takes_what_its_artefacts_are_made_for(command, arguments):
    assert command in STAGES
    assert arguments_of(command) == arguments


def test_paths_are_those_that_published_results_have():
    layout = Layout(load_study(DEMO), "top")
    for path, place in {
        "data/archive/haxby2001/manifest.json": layout.manifest("haxby2001"),
        "results/demo/planted/archive/manifest.json": layout.manifest("planted"),
        "data/stimuli/kriegeskorte92/names.csv": layout.names("planted"),
        "results/demo/planted/responses/sim.1.nc": layout.responses("planted", "sim.1"),
        "results/demo/kriegeskorte92/rdms/gabor.nc": layout.model_rdms("planted", "gabor"),
        "results/demo/planted/rdms/brain.nc": layout.brain_rdms("planted"),
        "results/demo/figures/planted": layout.figures("planted"),
        "results/demo/report.html": layout.report,
        "results/demo/planted/searchlight/1_gabor_a-b.c-.nii.gz": layout.searchlight(
            "planted", "1", "gabor", "a/b.c "
        ),
    }.items():
        assert place == Path("top") / path
    with pytest.raises(AttributeError, match="a layout has no comparison"):
        layout.comparison("planted")
    with pytest.raises(ValueError, match="shorter"):
        layout.responses("planted")


def test_names_are_written_only_where_recordings_have_some():
    layout = Layout(load_study(DEMO))
    job = job_of(layout.study, "stimuli", "planted")
    assert job == Job("stimuli", ("kriegeskorte92",))
    assert list(outputs_of(layout, job)) == ["stimuli"]
    assert layout.names("planted") not in written_by(layout, job)
    assert "rdms --brain" in command_of(layout, Job("brain_rdms", ("planted",)))
    assert Job("searchlight") not in set(jobs(layout.study))


def test_show_explains_the_columns_a_table_has_and_those_of_the_dataset(tmp_path, capsys):
    rows = pd.DataFrame({"stimulus": ["a"], "file": [""], "sha256": [""], "animate": [1]})
    write_table(tmp_path / "stimuli.csv", rows, "stimuli", provenance("test"))
    assert main(["show", str(tmp_path / "stimuli.csv"), "--columns"]) == 0
    text = capsys.readouterr().out
    assert "stimulus [text]\n    Name of the stimulus, by which" in text
    assert "animate\n    Said of the stimuli by the dataset." in text
    assert "width" not in text
    (tmp_path / "manifest.json").write_text("{}")
    assert main(["show", str(tmp_path / "manifest.json"), "--columns"]) == 1
    assert "manifest.json: has no columns that isomorph knows" in capsys.readouterr().err


def test_the_dictionary_tells_every_file_once_and_every_column():
    text = markdown(CATALOGUE.values(), ARRAYS)
    for name, one in CATALOGUE.items():
        assert text.count(f"\n## {name}\n") == 1
        assert f"`{one.path}`" in text
        for column in one.columns:
            assert f"| `{column.name}` | {column.unit} | " in text
    for _, variable in HELD:
        dims = f" ({', '.join(variable.dims)})" if variable.dims else ""
        assert f"| `{variable.name}{dims}` | {variable.unit} | " in text
    assert "(may be absent) Width of the image." in text
    assert [row[0] for row in rows_of(Artefact("", "", "", "").columns, ["x"])] == ["x"]


def test_a_bar_in_a_cell_does_not_end_it():
    assert row_of(["`m`", "1 - |a - b|"]) == r"| `m` | 1 - \|a - b\| |"
