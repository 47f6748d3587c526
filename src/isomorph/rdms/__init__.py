"""RDMs: distances inside one representation, brain or model alike.

Nothing here knows where a study keeps its files; `isomorph.stages.rdms` reads and writes them.
"""

from isomorph.geometry import Geometry, fold_gram, geometry_of_features
from isomorph.rdms.collecting import brain_rdms, model_rdms
from isomorph.rdms.collection import distances_of, flat, indexed
from isomorph.rdms.distance import Distance
from isomorph.rdms.distances import DISTANCES
from isomorph.rdms.exchange import from_rsatoolbox, to_rsatoolbox
from isomorph.rdms.fold_geometry import geometry_of_folds, geometry_of_layer
from isomorph.rdms.folds import Folds, folds_of
from isomorph.rdms.rdm_rows import LayerRdm, RdmRow, Status
from isomorph.rdms.transforms import TRANSFORMS

__all__ = [
    "DISTANCES",
    "TRANSFORMS",
    "Distance",
    "Folds",
    "Geometry",
    "LayerRdm",
    "RdmRow",
    "Status",
    "brain_rdms",
    "distances_of",
    "flat",
    "fold_gram",
    "folds_of",
    "from_rsatoolbox",
    "geometry_of_features",
    "geometry_of_folds",
    "geometry_of_layer",
    "indexed",
    "model_rdms",
    "to_rsatoolbox",
]
