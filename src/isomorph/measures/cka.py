"""The kernel family: centred kernel alignment."""

from __future__ import annotations

from isomorph.measures._measure import Measure
from isomorph.measures.linear import LinearForm

FORM = LinearForm(centre=True, ridge=0.0)

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
    form=FORM,
    # Squared distances in some feature space: 1 - r is one, between z-scored patterns. The
    # Euclidean distance itself is not, and its U-centring would be distance correlation.
    distances=frozenset({"squared_euclidean", "crossvalidated_euclidean", "correlation"}),
    # The mean of the unit vectors is the best any one candidate can do against all of them.
    pool=lambda rdms: FORM.embed(rdms).mean(axis=0),
)
