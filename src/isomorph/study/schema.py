"""JSON schemas of the settings files, for editors."""

from __future__ import annotations

import json
from pathlib import Path

from isomorph.study._base import Spec
from isomorph.study._study import StudySpec
from isomorph.study.dataset import DatasetSpec
from isomorph.study.model import ModelSpec

SCHEMAS: dict[str, type[Spec]] = {
    "study": StudySpec,
    "dataset": DatasetSpec,
    "model": ModelSpec,
}


def schema_text(kind: type[Spec]) -> str:
    """Return the JSON schema of a settings file as it stands in `config/schema/`."""
    return json.dumps(kind.model_json_schema(), indent=2, ensure_ascii=False) + "\n"


def write_schemas(folder: Path) -> list[Path]:
    """Write every schema into a folder and return the files."""
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for name, kind in SCHEMAS.items():
        file = folder / f"{name}.json"
        file.write_text(schema_text(kind), encoding="utf-8")
        files.append(file)
    return files
