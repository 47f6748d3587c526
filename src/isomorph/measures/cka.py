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
    definition=(
        r"$$\frac{\langle \breve K, \breve L \rangle}{\sqrt{\langle \breve K, \breve K "
        r"\rangle \langle \breve L, \breve L \rangle}}, \qquad \breve K_{ij} = K_{ij} - "
        r"\frac{\sum_{l \ne i} K_{il} + \sum_{l \ne j} K_{lj}}{n - 2} + \frac{\sum_{k \ne "
        r"l} K_{kl}}{(n - 1)(n - 2)}$$ for $i \ne j$, and $\breve K_{ii} = 0$ (U-centring)."
    ),
    avoid=(
        "To compare regions or layers with different, small numbers of units: it is free "
        "of the bias of few stimuli, but the fewer units were recorded the lower it is. "
        "Take `cka_feature_corrected`. A single stimulus far from the others can decide "
        "it; look at the RDM, or take `rho_a`."
    ),
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
    definition=(
        r"$$\frac{\langle K, L \rangle}{\sqrt{\langle K, K \rangle \langle L, L \rangle}}$$ "
        "with $K$ and $L$ centred. Of squared distances it is the whitened cosine."
    ),
    avoid=(
        "With as many features as stimuli or more: unrelated representations come close to "
        "1, and the wider of two layers looks the more similar. Take `cka`; this form is "
        "for numbers that must match older papers."
    ),
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
    definition=(
        r"$$\frac{\langle \breve K, \breve L \rangle}{\sqrt{\langle \breve K, \breve K "
        r"\rangle \langle \breve L, \breve L \rangle}}, \qquad K_{ij} = "
        r"\exp\left(-\frac{d_{ij}}{2 b^2 \operatorname{median}(d)}\right)$$ with $\breve K$ "
        "U-centred as in `cka`, $d$ squared distances, $b$ the bandwidth, and the median "
        "taken over the whole matrix with its zeros."
    ),
    avoid=(
        "To try many bandwidths and report the best. With a large bandwidth it is `cka` "
        "again; with a small one nothing but the nearest neighbours is seen."
    ),
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
    definition=(
        r"$$\frac{\langle HKH, HLH \rangle}{\lVert HKH \rVert \, \lVert HLH \rVert}, \qquad "
        r"K_{ij} = \exp\left(-\frac{d_{ij}}{2 b^2 \operatorname{median}(d)}\right)$$ with "
        "$H$ the centring matrix, $d$ squared distances, and $b$ the bandwidth."
    ),
    avoid=(
        "With more features than stimuli, or a small bandwidth: both make unrelated "
        "representations near 1. Take `cka_rbf`."
    ),
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
    definition=(
        r"$$\frac{\langle Pd, Pd' \rangle}{\sqrt{c(X) \, c(Y)}}, \qquad c(X) = \frac{1}{p "
        r"(p - 1)} \sum_{a \ne b} \langle P d_a, P d_b \rangle$$ $d_a$ are the squared "
        "distances by feature $a$ alone, $d$ their mean over features, and $P$ takes out "
        "what is additive in the two stimuli of a pair (U-centring)."
    ),
    avoid=(
        "With so few units, or units that share so little, that a denominator is not above "
        "0: there is no value then. Values are estimates and can exceed 1; do not clip "
        "them before averaging. It is no bound on similarity where features are the whole "
        "of a layer and not a sample of it."
    ),
)
