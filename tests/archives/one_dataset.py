"""A study of one dataset, written to disk and read back as any study is."""

import yaml

from isomorph.layout import Layout
from isomorph.study import load_study


def write_study(folder, archive, **changes):
    """Write a study of the dataset "objects" below a folder and return its layout."""
    dataset = {
        "name": "objects",
        "title": "objects",
        "citation": "none",
        "licence": "none",
        "species": "none",
        "subjects": ["one"],
        "archive": archive,
        "stimuli": {"kind": "folder", "files": "*.png"},
        "responses": {
            "kind": "nwb",
            "files": "*.nwb",
            "presentations": {"onset": "start_time", "stimulus": "stimulus"},
            "window": [0.0, 0.1],
        },
        **changes,
    }
    model = {
        "name": "pixels",
        "title": "pixels",
        "source": "baseline/pixels",
        "preprocessing": {"size": 8},
    }
    if dataset["stimuli"]["kind"] in ("conditions", "variable"):  # no pixels to speak of
        model = {
            **{"name": "pixels", "title": "names", "source": "baseline/category"},
            "options": {"columns": ["stimulus"]},
        }
    study = {
        "name": "study",
        "title": "study",
        "datasets": ["objects.yaml"],
        "models": ["pixels.yaml"],
    }
    config = folder / "config"
    config.mkdir(exist_ok=True)
    for name, content in (("objects", dataset), ("pixels", model), ("study", study)):
        (config / f"{name}.yaml").write_text(yaml.safe_dump(content))
    return Layout(load_study(config / "study.yaml"), folder)
