"""The typed study: one file that names datasets, models, distances, measures and inference."""

from isomorph.study._base import Spec, StudyError, docstrings, read_spec, spec_from
from isomorph.study._loading import load_study
from isomorph.study._mistakes import Vocabulary
from isomorph.study._study import Study, StudySpec
from isomorph.study._subjects import subjects_in
from isomorph.study.dataset import DatasetSpec
from isomorph.study.inference import Inference
from isomorph.study.model import ModelSpec, Preprocessing
from isomorph.study.schema import write_schemas

__all__ = [
    "DatasetSpec",
    "Inference",
    "ModelSpec",
    "Preprocessing",
    "Spec",
    "Study",
    "StudyError",
    "StudySpec",
    "Vocabulary",
    "docstrings",
    "load_study",
    "read_spec",
    "spec_from",
    "subjects_in",
    "write_schemas",
]
