import errno
import json
import shutil
import subprocess
import sys
import time
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
import yaml

from isomorph.artefacts import Provenance, write_array, write_responses, write_table
from isomorph.cli import command, main
from isomorph.cli.opening import VOCABULARY
from isomorph.cli.stages import STAGES, load
from isomorph.errors import IsomorphError
from isomorph.jobs import jobs
from isomorph.layout import Layout
from isomorph.rdms import RdmRow, brain_rdms, flat
from isomorph.study import load_study

CONFIG = Path(__file__).parents[2] / "config"
DEMO = str(CONFIG / "demo.yaml")
STAMP = Provenance("rdms", source="somewhere", packages={"numpy": "2"}, python="3.11")


def said(capsys, *arguments):
    """Run a command that must fail and return its one message."""
    assert main(arguments) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("isomorph: ")
    assert "Traceback" not in captured.err
    return captured.err.removeprefix("isomorph: ").strip()


def python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout


# ---------------------------------------------------------------- quick


@pytest.mark.parametrize("name", ["check", "headline", "verify"])
def test_a_study_is_named_with_or_without_its_option(name, capsys):
    for given in (["dmo"], ["--study", "dmo"], ["--root", ".", "dmo"]):
        assert 'did you mean "demo"?' in said(capsys, name, *given)
    for given in ([], ["demo", "--study", "demo"]):
        with pytest.raises(SystemExit):
            main([name, *given])


def test_nothing_asked_is_answered_with_what_there_is(capsys):
    with pytest.raises(SystemExit) as ended:
        main([])
    assert ended.value.code == 0
    assert "To begin: isomorph demo" in capsys.readouterr().out


def test_asking_for_help_imports_nothing_heavy():
    heavy = python(
        "import sys\n"
        "from isomorph.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print('HEAVY', sorted({'numpy', 'torch', 'pydantic', 'xarray', 'pandas', 'matplotlib',"
        " 'pynwb'} & set(sys.modules)))"
    )
    assert "HEAVY []" in heavy


@pytest.mark.parametrize("setting", list(VOCABULARY))
def test_the_registries_are_light(setting):
    module = VOCABULARY[setting].split(":")[0]
    heavy = python(
        f"import sys, {module}\n"
        "print(sorted({'torch', 'pynwb', 'matplotlib', 'rsatoolbox'} & set(sys.modules)))"
    )
    assert heavy.strip() == "[]"


def test_help_names_every_stage_in_the_order_of_the_data(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--help"])
    assert stopped.value.code == 0
    text = capsys.readouterr().out
    places = [text.index(f"\n    {name}") for name in STAGES]
    assert places == sorted(places)


@pytest.mark.parametrize("name", list(STAGES))
def test_every_stage_has_an_entry(name):
    stage = STAGES[name]
    assert callable(load(stage.entry))
    if stage.brain_entry:
        assert callable(load(stage.brain_entry))


# ---------------------------------------------------------------- mistakes


def test_an_unknown_command_suggests_one(capsys):
    assert said(capsys, "compar") == 'unknown command "compar", did you mean "compare"?'


def test_unknown_names_suggest_known_ones(capsys):
    given = ["--study", DEMO]
    text = said(capsys, "fetch", *given, "--dataset", "plantd")
    assert 'no "plantd", did you mean "planted"?' in text
    text = said(capsys, "activations", *given, "--dataset", "planted", "--model", "gabr")
    assert 'no "gabr", did you mean "gabor"?' in text
    text = said(capsys, "responses", *given, "--dataset", "planted", "--subject", "sim9")
    assert 'planted.yaml: no subject "sim9", did you mean "sim' in text


def test_all_mistakes_of_a_study_are_said(capsys, tmp_path):
    file = tmp_path / "study.yaml"
    file.write_text("name: x\ntitel: y\ndatasets: [a]\nmodels: []\n")
    lines = said(capsys, "check", "--study", str(file)).splitlines()
    assert len(lines) == 2
    assert all(line.startswith(str(file)) for line in lines)


def test_a_model_or_the_brain_but_not_both():
    with pytest.raises(SystemExit) as stopped:
        main(["rdms", "--study", DEMO, "--dataset", "planted"])
    assert stopped.value.code == 2


def failing(monkeypatch, error):
    def fail(*_):
        raise error

    monkeypatch.setattr(command, "load", lambda _entry: fail)


FETCH = ("fetch", "--study", DEMO, "--dataset", "planted")


def test_a_mistake_found_by_a_stage_is_its_sentence(capsys, monkeypatch):
    failing(monkeypatch, IsomorphError("x.nc: is wrong; make it right"))
    assert said(capsys, *FETCH) == "x.nc: is wrong; make it right"


@pytest.mark.parametrize(
    "error",
    [
        OSError(errno.ENOSPC, "No space left on device", "big.nc"),
        OSError("Can't write data (file write failed: No space left on device)"),
    ],
)
def test_a_full_disk_is_a_sentence(capsys, monkeypatch, error):
    failing(monkeypatch, error)
    assert "disk is full" in said(capsys, *FETCH)


def test_an_interruption_is_no_traceback(capsys, monkeypatch):
    failing(monkeypatch, KeyboardInterrupt())
    assert main(FETCH) == 130
    assert "interrupted" in capsys.readouterr().err


@pytest.mark.parametrize("error", [ValueError("a bug"), PermissionError("not ours")])
def test_a_bug_is_never_hidden(monkeypatch, error):
    failing(monkeypatch, error)
    with pytest.raises(type(error)):
        main(FETCH)


# ---------------------------------------------------------------- stages


def test_a_stage_gets_its_names_in_order_and_says_how_long_it_took(capsys, monkeypatch, tmp_path):
    calls = []
    monkeypatch.setattr(command, "load", lambda entry: lambda *given: calls.append((entry, given)))
    computed = tmp_path / "results" / "demo" / "planted" / "comparisons.csv"
    computed.parent.mkdir(parents=True)
    computed.touch()
    given = ["--study", DEMO, "--root", str(tmp_path), "--dataset", "planted"]
    assert main(["responses", *given, "--subject", "sim2"]) == 0
    assert main(["rdms", *given, "--brain"]) == 0
    assert main(["rdms", *given, "--model", "gabor"]) == 0
    assert main(["report", *given[:4]]) == 0
    entries = [entry for entry, _ in calls]
    assert entries == [
        "isomorph.stages.responses:run",
        "isomorph.stages.rdms:run_brain",
        "isomorph.stages.rdms:run_model",
        "isomorph.report:run",
    ]
    names = [names for _, (_, *names) in calls]
    assert names == [["planted", "sim2"], ["planted"], ["planted", "gabor"], []]
    assert all(isinstance(layout, Layout) and layout.root == tmp_path for _, (layout, *_) in calls)
    lines = capsys.readouterr().err.splitlines()
    assert [line.split(": done in ")[0] for line in lines] == [
        "responses planted sim2",
        "rdms planted brain",
        "rdms planted gabor",
        "report",
    ]


def test_check_counts_what_will_run(capsys, tmp_path):
    assert main(["check", "--study", DEMO, "--root", str(tmp_path)]) == 0
    from isomorph.study import load_study

    count = len(list(jobs(load_study(DEMO))))
    *lines, takes = capsys.readouterr().out.splitlines()
    assert takes.startswith("still to be made: ")
    assert lines == [
        f"fine: 3 datasets, 10 models, {count} jobs",
        "kriegeskorte92: 4 files of the source distribution rsatoolbox==0.0.4",
        "haxby2001: 3 files of the source distribution pymvpa2==2.6.5",
        "planted: simulated from the study's own models",
        "procrustes: computed anew for each of 80 orders of the stimuli, for every "
        "subject of a region and every layer",
    ]


def test_check_looks_for_the_files_of_a_local_dataset(capsys, tmp_path):
    examples = Path(__file__).parents[1] / "examples" / "settings"
    content = yaml.safe_load((examples / "datasets" / "zhang_desimone_it.yaml").read_text())
    content["archive"] = {"kind": "local", "path": str(tmp_path / "gone")}
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(content))
    study = tmp_path / "study.yaml"
    study.write_text(
        f"name: own\ntitle: Own\ndatasets: [own.yaml]\nmodels: [{examples}/models/objects.yaml]\n"
    )
    lines = said(capsys, "check", "--study", str(study)).splitlines()
    assert len(lines) == 1
    assert "archive.path" in lines[0]
    assert "does not exist" in lines[0]


def test_schemas_are_written_where_asked(capsys, tmp_path):
    assert main(["schema", "--output", str(tmp_path / "s")]) == 0
    written = capsys.readouterr().out.split()
    assert sorted(Path(file).name for file in written) == [
        "dataset.json",
        "model.json",
        "study.json",
    ]
    assert all(Path(file).is_file() for file in written)


def test_headline_without_a_report_says_so(capsys, tmp_path):
    text = said(capsys, "headline", "--study", DEMO, "--root", str(tmp_path))
    assert "no report yet" in text
    assert text.endswith(f"isomorph run {DEMO}")


def test_a_report_on_nothing_is_refused_with_the_command_that_computes(capsys, tmp_path):
    text = said(capsys, "report", "--study", DEMO, "--root", str(tmp_path))
    assert "results/demo: nothing computed yet" in text
    assert text.endswith(f"isomorph run {DEMO}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command_line", [("report",), ("headline",), FETCH[:1] + FETCH[3:]])
def test_a_root_that_is_a_file(capsys, tmp_path, command_line):
    root = tmp_path / "root"
    root.write_text("x")
    text = said(capsys, *command_line, "--study", DEMO, "--root", str(root))
    assert text == f"--root {root}: is a file; give the folder of data/ and results/"


MISSING = [
    (("rdms", "--brain", "--dataset", "planted"),
     "stimuli --dataset kriegeskorte92"),
    (("rdms", "--model", "gabor", "--dataset", "planted"),
     "activations --dataset kriegeskorte92 --model gabor"),
    (("reliability", "--dataset", "kriegeskorte92"),
     "responses --dataset kriegeskorte92 --subject"),
    (("figures", "--dataset", "planted"), "compare --dataset planted"),
]  # fmt: skip


@pytest.mark.parametrize(("given", "stage"), MISSING)
def test_a_stage_before_its_input_says_which_makes_it(capsys, tmp_path, given, stage):
    text = said(capsys, *given, "--study", DEMO, "--root", str(tmp_path))
    assert "no such file" in text
    name, _, rest = stage.partition(" ")
    assert f"isomorph {name} --study {DEMO} --root {tmp_path} {rest}" in text


def test_a_missing_file_that_no_stage_makes_stays_what_it_is(monkeypatch):
    failing(monkeypatch, FileNotFoundError(errno.ENOENT, "No such file", "elsewhere"))
    with pytest.raises(FileNotFoundError):
        main(FETCH)


def test_an_option_the_source_does_not_know_is_found_by_check(capsys, tmp_path):
    shutil.copytree(CONFIG, tmp_path / "config")
    for name, options in (("pixels", {"foo": 1}), ("gabor", {"orientation": 8})):
        file = tmp_path / "config" / "models" / f"{name}.yaml"
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
        file.write_text(yaml.safe_dump({**content, "options": options}), encoding="utf-8")
    lines = said(capsys, "check", "--study", str(tmp_path / "config" / "demo.yaml")).splitlines()
    assert len(lines) == 2
    assert any(
        line.endswith("pixels.yaml: options: baseline/pixels takes none, leave foo out")
        for line in lines
    )
    assert any(
        line.endswith('options.orientation: unknown key, did you mean "orientations"?')
        for line in lines
    )


def test_headline_prints_the_report_and_its_lines(capsys, tmp_path, monkeypatch):
    from isomorph.cli import tools

    report = tmp_path / "results" / "demo" / "report.html"
    report.parent.mkdir(parents=True)
    report.write_text("x")
    for dataset in load_study(DEMO).datasets:
        (report.parent / dataset).mkdir()
        (report.parent / dataset / "comparisons.csv").write_text("x")
    monkeypatch.setattr(tools, "load", lambda _entry: lambda _layout: ["one", "two", "three"])
    monkeypatch.setattr("isomorph.report.missing.Fitting.first", lambda *_: "")
    assert main(["headline", "--study", DEMO, "--root", str(tmp_path)]) == 0
    assert capsys.readouterr().out.splitlines() == [f"report: {report}", "", "one", "two", "three"]


# ---------------------------------------------------------------- show


@pytest.fixture
def artefacts(tmp_path):
    """One artefact of each kind that has a picture."""
    n, names = 6, np.array([f"s{i}" for i in range(6)], dtype=object)
    rng = np.random.default_rng(0)
    rows = [RdmRow("IT", one, "correlation", rng.random(n * (n - 1) // 2), n_units=7)
            for one in "xy"]  # fmt: skip
    rdms = flat(brain_rdms(rows, names, left_out={"V1 | x": "one unit"}))
    features = rng.standard_normal((2, n, 8))
    features -= features.mean(axis=1, keepdims=True)
    activations = xr.Dataset(
        {
            "gram": (("layer", "stimulus", "stimulus_b"), features @ features.swapaxes(1, 2)),
            "mean_projection": (("layer", "stimulus"), np.zeros((2, n))),
            "mean_norm": ("layer", np.zeros(2)),
            "stimulus_mean": (("layer", "stimulus"), np.zeros((2, n))),
            "n_features": ("layer", np.array([8, 8])),
        },
        coords={
            "layer": ("layer", np.array(["first", "second"], dtype=object)),
            "depth": ("layer", np.arange(2)),
            "stimulus": ("stimulus", names), "stimulus_b": ("stimulus_b", names),
        },
        attrs={"model": "m", "left_out": "{}"},
    )  # fmt: skip
    session = xr.Dataset(
        {"response": (("presentation", "unit"), rng.poisson(3, (12, 3)) * 1.0)},
        coords={
            "stimulus": ("presentation", np.tile(names, 2)),
            "repetition": ("presentation", np.repeat([0, 1], n)),
            "unit": ("unit", np.array(["1", "2", "3"], dtype=object)),
            "region": ("unit", np.array(["V1", "IT", "V1"], dtype=object)),
        },
        attrs={"session": "1"},
    )
    write_array(tmp_path / "brain.nc", rdms, "rdms", STAMP)
    write_array(tmp_path / "m.nc", activations, "activations", STAMP)
    held = {"dataset": "d", "subject": "x", "simulated": "true"}
    write_responses(tmp_path / "x.nc", {"1": session}, held, STAMP)
    from isomorph.catalogue import TABLES

    comparisons = pd.DataFrame({name: [0.5, 0.25] for name in TABLES["comparisons"]})
    comparisons = comparisons.assign(
        region="IT", model=["m", "m"], layer=["first", "second"], depth=[0, 1],
        distance="correlation", measure="rho_a", status="ok", **NO_BINS,
    )  # fmt: skip
    write_table(tmp_path / "comparisons.csv", comparisons, "comparisons", STAMP)
    reliability = pd.DataFrame({name: [0.5, 0.25] for name in TABLES["reliability"]})
    reliability = reliability.assign(region="IT", unit=["1", "2"], status="ok", **NO_BINS)
    write_table(tmp_path / "reliability.csv", reliability, "reliability", STAMP)
    return tmp_path


NO_BINS = {"time_start": np.nan, "time_stop": np.nan}
FILES = ["brain.nc", "m.nc", "x.nc", "comparisons.csv", "reliability.csv"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("brain.nc", ["2 RDMs of 6 stimuli (15 pairs)", "left out V1 | x: one unit", "█"]),
        ("m.nc", ["activations of m: 2 layers, 6 stimuli", "second"]),
        ("x.nc", ["responses of d x (SIMULATED)", "V1", "12"]),
        ("comparisons.csv", ["comparisons: 2 rows", "0.25"]),
        ("reliability.csv", ["reliability: 2 rows"]),
    ],
)
def test_show_prints_what_is_there_and_where_it_came_from(artefacts, capsys, name, words):
    assert main(["show", str(artefacts / name)]) == 0
    text = capsys.readouterr().out
    for word in [*words, "stage    rdms", "source   somewhere", "packages numpy 2"]:
        assert word in text


@pytest.mark.parametrize("name", FILES)
def test_show_draws_a_picture_with_something_in_it(artefacts, name):
    from PIL import Image

    picture = artefacts / "picture.png"
    assert main(["show", str(artefacts / name), "-o", str(picture)]) == 0
    with Image.open(picture) as image:
        assert np.asarray(image.convert("L")).std() > 5


def test_show_says_what_it_cannot(artefacts, capsys):
    assert "no such file" in said(capsys, "show", str(artefacts / "none.nc"))
    (artefacts / "a.html").write_text("x")
    text = said(capsys, "show", str(artefacts / "a.html"))
    assert text.endswith("a.html: is a page; open it in a browser")
    (artefacts / "a.svg").write_text("x")
    assert "is a picture; open it in" in said(
        capsys, "show", str(artefacts / "a.svg"), "-o", "p.png"
    )
    (artefacts / "a.pickle").write_text("x")
    assert "cannot be printed" in said(capsys, "show", str(artefacts / "a.pickle"))
    text = said(capsys, "show", str(artefacts / "brain.nc"), "-o", str(artefacts / "a.jpg"))
    assert "a.png" in text
    (artefacts / "free.csv").write_text("a,b\n1,2\n")
    assert main(["show", str(artefacts / "free.csv")]) == 0
    capsys.readouterr()
    text = said(capsys, "show", str(artefacts / "free.csv"), "-o", str(artefacts / "a.png"))
    assert "of table there is no picture" in text


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"", "is empty, expected a table with a header"),
        ("a.csv", b"\x89PNG\xff\xfe\x00", "cannot be read as a table of comma-separated text ("),
        ("comparisons.parquet", b"PAR1", "cannot be read as a table ("),
        ("a.csv", b"a,b\n1,2\n3,4,5\n", "line 3 has 3 cells, the header has 2;"),
        ("reliability.csv", b"", "is empty, expected a table with a header"),
        ("reliability.csv", b"\xff\xfe\x00", "cannot be read as a table of comma-separated text ("),
        ("manifest.json", b"{}", "is not a manifest (KeyError: "),
        ("manifest.json", b"\xff", "is not a manifest (UnicodeDecodeError: "),
        ("a.nc", b"\x89HDF\r\n\x1a\n and no more", "cannot be read as an HDF5 file ("),
    ],
)
def test_show_of_a_damaged_file_is_one_sentence(tmp_path, capsys, name, content, expected):
    (tmp_path / name).write_bytes(content)
    text = said(capsys, "show", str(tmp_path / name))
    assert text.startswith(f"{tmp_path / name}: {expected}")
    assert "\n" not in text


def test_show_reads_tables_in_every_form_they_come_in(artefacts, capsys):
    table = pd.read_csv(artefacts / "comparisons.csv")
    write_table(artefacts / "comparisons.csv", table, "comparisons", STAMP)
    assert main(["show", str(artefacts / "comparisons.parquet")]) == 0
    whole = capsys.readouterr().out
    assert "comparisons: 2 rows" in whole
    assert "stage    rdms" in whole
    (artefacts / "reliability.json").unlink()
    table[["model"]].to_parquet(artefacts / "reliability.parquet")
    text = said(capsys, "show", str(artefacts / "reliability.parquet"))
    assert "reliability.parquet: no column " in text
    (artefacts / "lock.tsv").write_text("# a note\npath\tsize\nx y\t3\n")
    assert main(["show", str(artefacts / "lock.tsv")]) == 0
    assert "1 row\n\npath size\n x y    3" in capsys.readouterr().out


def test_show_refuses_what_is_not_as_it_was_written(artefacts, capsys):
    table = pd.read_csv(artefacts / "comparisons.csv")
    write_table(artefacts / "comparisons.csv", table, "comparisons", STAMP)
    file = artefacts / "comparisons.parquet"
    table.assign(estimate=0.99).to_parquet(file)
    for words in ((), ("-o", str(artefacts / "a.png"))):
        text = said(capsys, "show", str(file), *words)
        assert text == f'{file}: "{file.name}" has changed since the file was written'


def test_show_of_a_manifest_lists_its_files_unless_it_has_changed(tmp_path, capsys):
    from isomorph.artefacts.provenance import SEAL, seal_of

    files = [{"path": "a/b.nwb", "size": 2_500_000, "sha256": "0123456789abcdef" * 4}]
    content = {
        "dataset": "d", "archive": {"kind": "local"}, "root": "data/d", "files": files,
        "provenance": asdict(STAMP),
    }  # fmt: skip
    file = tmp_path / "manifest.json"
    file.write_text(json.dumps({**content, SEAL: seal_of(content)}))
    assert main(["show", str(file)]) == 0
    text = capsys.readouterr().out
    assert "d: 1 files, 2.5 MB, under data/d" in text
    assert "a/b.nwb 2500000 0123456789ab…" in text
    file.write_text(file.read_text().replace("2500000", "2500001"))
    assert "manifest.json: has changed since it was written" in said(capsys, "show", str(file))


def test_comparisons_are_drawn_with_intervals_and_models_of_one_layer_apart(artefacts):
    from isomorph.artefacts import read_table
    from isomorph.cli.show.drawing import DRAWINGS

    file = artefacts / "comparisons.csv"
    table = read_table(file, "comparisons").assign(interval_low=-1.5, interval_high=2.5)
    pixels = table.head(1).assign(model="pixels", layer="pixels", estimate=0.125)
    other = pd.concat([table, pixels]).assign(region="V1")
    write_table(file, pd.concat([table, pixels, other]), "comparisons", STAMP)
    figure = DRAWINGS["comparisons"](file)
    assert [ax.get_title(loc="left").split(" · ")[0] for ax in figure.axes] == ["IT", "V1"]
    ax = figure.axes[0]
    bar, dot = ax.lines[1:3]
    assert list(bar.get_ydata()) == [-1.5, 2.5]
    assert list(dot.get_ydata()) == [0.125]
    assert min(bar.get_xdata()) > 1  # beyond the deepest layer
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["0", "1", "pixels"]
    for layer in ax.collections[1].get_segments():  # an interval of its own for each layer
        np.testing.assert_array_equal(layer[:, 1], [-1.5, 2.5])


def test_show_of_a_folder_and_of_files_that_are_not_ours(tmp_path, capsys):
    import h5py

    text = said(capsys, "show", str(tmp_path))
    assert text == f"{tmp_path}: is a folder; name one of the files in it"
    with h5py.File(tmp_path / "plain.nc", "w") as file:
        file["x"] = np.zeros(3)
    xr.Dataset({"x": ("time", [1.0])}).to_netcdf(tmp_path / "other.nc", engine="h5netcdf")
    for name in ("plain.nc", "other.nc"):
        text = said(capsys, "show", str(tmp_path / name))
        assert "is not an artefact of isomorph, it says nothing of itself" in text
        assert "\n" not in text


def test_the_rdm_on_the_terminal_is_darkest_where_stimuli_differ_most():
    from isomorph.cli.show.descriptions import shaded

    lines = shaded(np.array([0.0, 1.0, 0.5]), 3).splitlines()
    assert lines == ["    ██", "    ▒▒", "██▒▒  "]
    assert len(shaded(np.random.default_rng(0).random(92 * 91 // 2), 92).splitlines()) == 40


def test_help_is_quick():
    best = 9.0
    for _ in range(3):
        started = time.perf_counter()
        python("from isomorph.cli import main\ntry: main(['--help'])\nexcept SystemExit: pass")
        best = min(best, time.perf_counter() - started)
    assert best < 1.5  # a third of that on an idle machine


def test_a_termination_is_an_interruption(tmp_path):
    program = (
        "import os, signal, sys\nfrom isomorph.artefacts import replacing\n"
        "from isomorph.cli import command, stages\nfrom pathlib import Path\n"
        "def run(parsed):\n"
        "    with replacing(Path(sys.argv[1]) / 'half.csv') as temporary:\n"
        "        temporary.write_text('half')\n"
        "        os.kill(os.getpid(), signal.SIGTERM)\n"
        "        raise AssertionError('went on')\n"
        "command.TOOLS['halve'] = ('write by halves', lambda p: p.set_defaults(run=run))\n"
        "sys.exit(command.main(['halve']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 130, done.stderr
    assert "interrupted; run the same command again to go on" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_models_that_take_pixels_are_passed_over_where_there_are_no_images(tmp_path):
    from isomorph.cli import open_study
    from isomorph.study import StudyError

    examples = Path(__file__).parents[1] / "examples" / "settings"
    study = tmp_path / "study.yaml"
    study.write_text(
        "name: blind\ntitle: Blind\n"
        f"datasets: [{examples}/datasets/zhang_desimone_it.yaml]\n"
        f"models: [{CONFIG}/models/pixels.yaml, {examples}/models/objects.yaml]\n"
    )
    assert [name for name, _, _ in open_study(study).instances_for("zhang_desimone_it")] == [
        "objects"
    ]
    study.write_text(study.read_text().replace(f", {examples}/models/objects.yaml", ""))
    with pytest.raises(
        StudyError, match=r"none can be compared with zhang_desimone_it: it has no images"
    ):
        open_study(study)


@pytest.mark.parametrize(
    ("measures", "distances", "message"),
    [
        ("[cka_feature_corrected]", "[squared_euclidean]",
         r"measures\.0: cka_feature_corrected needs the features of layers, and objects keeps "
         "none; write features: 2000, or all, into "),
        ("[rho_a, cka]", "[euclidean]",
         r"measures\.1: cka takes no RDM of euclidean: add one of correlation, cosine, "
         "squared_euclidean"),
        ("[cka]", "[euclidean, correlation]", None),
        ("[cka]", "[{brain: euclidean, model: correlation}]",
         "cka takes no RDM of euclidean~correlation"),
        ("[cka]", "[{brain: correlation, model: cosine}]", None),
        ("[rho_a]", "[{brain: correlation, model: crossnobis}]",
         r"distances\.0: model: crossnobis needs repetitions, .* write squared_euclidean"),
        ("[rho_a]", "[{brain: crossnobis, model: squared_euclidean}]", "write crossnobis alone"),
        ("['cka_rbf(0.2)', rho_a]", "[euclidean, correlation]", None),
        ("['cka_rbf(0.20)']", "[correlation]", r'unknown "cka_rbf\(0\.20\)", write "cka_rbf\(0\.2'),
    ],
)  # fmt: skip
def test_a_measure_that_no_distance_serves_is_refused(tmp_path, measures, distances, message):
    from isomorph.cli import open_study
    from isomorph.study import StudyError

    examples = Path(__file__).parents[1] / "examples" / "settings"
    study = tmp_path / "study.yaml"
    study.write_text(
        f"name: none\ntitle: None\nmeasures: {measures}\ndistances: {distances}\n"
        f"datasets: [{examples}/datasets/zhang_desimone_it.yaml]\n"
        f"models: [{examples}/models/objects.yaml]\n"
    )
    if message is None:
        open_study(study)
    else:
        with pytest.raises(StudyError, match=message):
            open_study(study)


def test_ready_rdms_are_served_by_their_own_distances_alone(tmp_path):
    from isomorph.cli import open_study
    from isomorph.study import StudyError

    examples = Path(__file__).parents[1] / "examples" / "settings"
    content = yaml.safe_load((examples / "datasets" / "algonauts78.yaml").read_text())
    for source in content["responses"]["sources"]:
        source["distance"] = "euclidean"
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(content))
    study = tmp_path / "study.yaml"
    study.write_text(
        "name: none\ntitle: None\nmeasures: [cka]\ndistances: [euclidean, correlation]\n"
        f"datasets: [own.yaml]\nmodels: [{CONFIG}/models/pixels.yaml]\n"
    )
    with pytest.raises(StudyError, match="comes as RDMs of euclidean, which none of cka takes"):
        open_study(study)


def test_check_matches_patterns_before_anything_is_fetched(capsys, tmp_path):
    examples = Path(__file__).parents[1] / "examples" / "settings"
    content = yaml.safe_load((examples / "datasets" / "zhang_desimone_it.yaml").read_text())
    content["archive"] = {"kind": "local", "path": str(tmp_path)}
    (tmp_path / "sub-1.nwb").write_bytes(b"recording")
    content["responses"]["files"] = "{subject}_*.nwb"
    content["stimuli"]["files"] = "*.nwb"
    content["subjects"] = ["sub-1"]
    (tmp_path / "own.yaml").write_text(yaml.safe_dump(content))
    study = tmp_path / "study.yaml"
    study.write_text(
        f"name: own\ntitle: Own\ndatasets: [own.yaml]\nmodels: [{examples}/models/objects.yaml]\n"
    )
    line = said(capsys, "check", "--study", str(study))
    assert 'own.yaml: responses.files: "sub-1_*.nwb" matches none of the' in line
    assert 'did you mean "sub-1.nwb"?' in line
