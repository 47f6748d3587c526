"""The kernel family: centred kernel alignment."""

from __future__ import annotations

from isomorph.measures._measure import Measure
from isomorph.measures.linear import LinearForm
from isomorph.measures.rsa import pool_standardised

CKA = Measure(
    name="cka",
    title="Centred kernel alignment, debiased",
    invariances=("scale", "offset", "additive"),
    range=(-1.0, 1.0),
    independence="0",
    citation=(
        "Kornblith et al. 2019, https://arxiv.org/abs/1905.00414; estimator of Song et al. 2012, "
        "JMLR 13, 1393-1434"
    ),
    form=LinearForm(centre=True, ridge=0.0),
    # Squared distances in some feature space: 1 - r is one, between z-scored patterns. The
    # Euclidean distance itself is not, and its U-centring would be distance correlation.
    distances=frozenset({"squared_euclidean", "crossvalidated_euclidean", "correlation"}),
    pool=pool_standardised(centre=True),
)
