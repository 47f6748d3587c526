"""The datasets that come with isomorph: each is ready, or says what its user must do first."""

import re
from pathlib import Path

import pytest
import yaml

from isomorph.archives.readiness import readiness
from isomorph.errors import IsomorphError
from isomorph.layout import Layout
from isomorph.study import load_study

SHIPPED = sorted((Path(__file__).parents[2] / "config" / "datasets").glob("*.yaml"))
TO_DO = re.compile(
    r"lock\.tsv: no such file; `isomorph lock .*` writes it"
    r"|there is no folder data/requested/\S+ with the files to be requested; \w+"
    r"|needs the environment variable [A-Z]+, which is not set"
)


@pytest.mark.parametrize("file", SHIPPED, ids=lambda file: file.stem)
def test_a_dataset_is_ready_or_says_what_to_do(file, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    study = {"name": "s", "title": "S", "datasets": [str(file)], "models": ["baseline/pixels"]}
    if file.stem == "planted":
        study |= {
            "datasets": ["kriegeskorte92", "planted"],
            "models": ["efficientnet-lite0", "gabor"],
        }
    (tmp_path / "study.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    layout = Layout(load_study(tmp_path / "study.yaml"))
    try:
        assert readiness(layout, file.stem)
    except IsomorphError as error:
        said = str(error)
        assert TO_DO.search(said), said
        assert "\n" not in said
