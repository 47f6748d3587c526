"""The kernel family: centred kernel alignment."""

from __future__ import annotations

from isomorph.measures._measure import Measure
from isomorph.measures.feature_corrected import FeatureCorrectedForm
from isomorph.measures.kernels import RbfForm
from isomorph.measures.linear import LinearForm
from isomorph.measures.rsa import pool_standardised

DEBIASED = LinearForm(centre=True, ridge=0.0)
BIASED = LinearForm(centre=False, ridge=2.0)
RBF, RBF_BIASED = RbfForm(DEBIASED), RbfForm(BIASED)

# Squared distances in some feature space: 1 - r is one, between z-scored patterns, and 1 - cosine,
# between unit vectors. The Euclidean distance itself is not, and its U-centring would be distance
# correlation.
SQUARED = frozenset({"squared_euclidean", "correlation", "cosine", "mahalanobis"})
# Cross-validated ones are its unbiased estimates; they can be negative, which no kernel's can.
SQUARED_OR_CROSSVALIDATED = SQUARED | {"crossvalidated_euclidean", "crossnobis"}

KORNBLITH = "Kornblith et al. 2019, https://arxiv.org/abs/1905.00414"
SONG = "estimator of Song et al. 2012, JMLR 13, 1393-1434"

CKA = Measure(
    name="cka",
    title="Centred kernel alignment, debiased",
    family="kernel",
    invariances=("scale", "offset", "additive"),
    range=(-1.0, 1.0),
    independence="0",
    citation=f"{KORNBLITH}; {SONG}",
    form=DEBIASED,
    distances=SQUARED_OR_CROSSVALIDATED,
    needs=("gram",),
    pool=DEBIASED.pool,
)
CKA_BIASED = Measure(
    name="cka_biased",
    title="Centred kernel alignment, biased",
    family="kernel",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="positive: near 1 with more features than stimuli",
    citation=KORNBLITH,
    # Of squared distances, it is the whitened cosine.
    form=BIASED,
    distances=SQUARED_OR_CROSSVALIDATED,
    needs=("gram",),
    pool=BIASED.pool,
)
CKA_RBF = Measure(
    name="cka_rbf",
    title="Centred kernel alignment of Gaussian kernels, debiased",
    family="kernel",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="0",
    citation=f"{KORNBLITH}; {SONG}",
    form=RBF,
    distances=SQUARED,
    needs=("gram",),
    pool=pool_standardised(centre=False),
)
CKA_RBF_BIASED = Measure(
    name="cka_rbf_biased",
    title="Centred kernel alignment of Gaussian kernels, biased",
    family="kernel",
    invariances=("scale",),
    range=(-1.0, 1.0),
    independence="positive: near 1 with more features than stimuli",
    citation=KORNBLITH,
    form=RBF_BIASED,
    distances=SQUARED,
    needs=("gram",),
    pool=pool_standardised(centre=False),
)
CKA_FEATURE_CORRECTED = Measure(
    name="cka_feature_corrected",
    title="Centred kernel alignment, corrected for few stimuli and few features",
    family="kernel",
    invariances=("scale", "translation", "permutation"),
    # An estimate of a value between -1 and 1, by a quotient: itself without bounds.
    range=(float("-inf"), float("inf")),
    independence="0",
    citation="Chun, Canatar, Chung & Lee 2025, https://arxiv.org/abs/2502.15104",
    form=FeatureCorrectedForm(),
    needs=("features",),
    # With itself it shares every feature, which the numerator takes for similarity.
    with_itself=None,
)
