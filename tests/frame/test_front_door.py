"""The front door: its names, what importing it loads, and the examples it gives."""

import ast
import doctest
import inspect
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import isomorph as iso

HEAVY = (
    "dandi", "h5py", "matplotlib", "mne", "nibabel", "nilearn", "numpy", "pandas", "pydantic",
    "pynwb", "requests", "rsatoolbox", "scipy", "skimage", "sklearn", "snakemake", "torch",
    "xarray",
)  # fmt: skip
NUMERIC = {"h5py", "numpy", "pandas", "pydantic", "scipy", "xarray"}

DOCS = Path(__file__).parents[2] / "docs"
FUNCTIONS = [name for name in iso.__all__ if inspect.isfunction(getattr(iso, name))]
MODULES = ["isomorph", *sorted({getattr(iso, name).__module__ for name in FUNCTIONS})]


def loaded_by(statement: str) -> set[str]:
    """Return which heavy packages a fresh interpreter has loaded after a statement."""
    code = f"import sys; {statement}; print(*[name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120
    )
    return set(done.stdout.split())


def test_importing_it_loads_nothing_that_takes_time():
    assert loaded_by("import isomorph") == set()


def test_comparing_loads_no_network_and_no_figure():
    assert loaded_by("import isomorph; isomorph.compare; isomorph.rdm; isomorph.load") <= NUMERIC


def test_every_name_is_there_and_listed():
    assert sorted(dir(iso)) == sorted(iso.__all__)
    assert {"rdm", "compare", "open_results", "plot", "MEASURES"} <= set(iso.__all__)
    for name in iso.__all__:
        assert getattr(iso, name) is not None
    assert iso.__version__
    with pytest.raises(AttributeError, match="compair"):
        iso.compair  # noqa: B018


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_function_says_what_it_takes_gives_and_refuses(name):
    said = inspect.getdoc(getattr(iso, name)) or ""
    for section in ("Parameters", "Returns", "Raises", "Examples"):
        assert f"{section}\n{'-' * len(section)}" in said, section
    for parameter in inspect.signature(getattr(iso, name)).parameters:
        assert f"{parameter}" in said.split("Returns")[0]


@pytest.mark.parametrize("module", MODULES)
def test_examples_give_what_they_say(module, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    found = doctest.testmod(import_module(module))
    assert found.failed == 0


def test_the_reference_has_every_name():
    page = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^   (?:isomorph\.)?(\w+)$", page, re.M))
    listed |= set(re.findall(r"^\| `(\w+)` ", page, re.M))
    assert listed >= set(iso.__all__)


def test_every_function_has_an_example_that_runs():
    finder = doctest.DocTestFinder()
    for name in FUNCTIONS:
        (own,) = [one for one in finder.find(getattr(iso, name), name) if one.name == name]
        assert own.examples, name


def test_the_page_of_measures_lists_every_one_in_its_family():
    text = (DOCS / "how-to" / "measures.md").read_text(encoding="utf-8")
    rows = text.split("| family | members |\n|---|---|\n")[1].split("\n\n")[0].splitlines()
    listed = [
        {name for name in re.findall(r"`(\w+)`", row) if name in iso.MEASURES} for row in rows
    ]
    families = [{iso.MEASURES[name].family for name in members} for members in listed]
    assert all(len(one) == 1 for one in families), families
    assert set().union(*listed) == set(iso.MEASURES)


def test_the_page_of_measures_lists_every_distance():
    text = (DOCS / "how-to" / "measures.md").read_text(encoding="utf-8")
    said = text.split("## Distances inside a representation")[1].split("## Measures")[0]
    assert set(iso.DISTANCES) <= set(re.findall(r"`(\w+)`", said))


def test_the_readme_is_one_screen_and_its_six_statements_run():
    text = (DOCS.parent / "README.md").read_text(encoding="utf-8")
    assert len(text.splitlines()) < 90
    for command in ("make demo", "make test", "snakemake --cores 8"):
        assert command in text
    code = text.split("## Six statements")[1].split("```python\n")[1].split("```")[0]
    assert len(ast.parse(code.split("\n\n", 2)[2]).body) <= 6
    names: dict = {}
    exec(code, names)
    assert set(names["found"].table["layer"]) == {"conv", "fc"}
    assert names["model"].sizes["layer"] == 2
