"""What gradients add: networks may tell stimuli apart alike, and learn differently from them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from isomorph.geometry import squared_distances
from isomorph.measures import MEASURES, Floats
from isomorph.measures.pairs import pair_indices
from isomorph.models.tangent import tangent_gram
from isomorph.validation._claim import Claim, Figure
from isomorph.validation.alike import alike
from isomorph.validation.digits import N_CLASSES, digits
from isomorph.validation.repeatable import repeatable

N_IMAGES, N_HIDDEN = 100, 32


def gradient_gram(inputs: Floats, gradients: Floats) -> Floats:
    """Return the Gram matrix of inputs seen through gradients.

    Parameters
    ----------
    inputs : array of shape (stimulus, input)
        Of a linear layer.
    gradients : array of shape (output, stimulus, unit)
        Derivatives of each output of the network by what the layer gives.
    """
    through: Floats = np.einsum("cip,cjp->ij", gradients, gradients, optimize=True)
    return (inputs @ inputs.T) * through


def redone() -> Mapping[str, float]:
    """Return the error of the closed form, and CKA by activations and by gradients."""
    import torch
    from torch import nn

    x = digits().test_images[:N_IMAGES]
    with repeatable():
        below = nn.Sequential(nn.Linear(x.shape[1], N_HIDDEN), nn.ReLU())
        middle = nn.Linear(N_HIDDEN, N_HIDDEN, bias=False)
        heads = [nn.Linear(N_HIDDEN, N_CLASSES) for _ in range(2)]
    with torch.no_grad():  # each head reads one half of the units
        heads[0].weight[:, N_HIDDEN // 2 :] = 0
        heads[1].weight[:, : N_HIDDEN // 2] = 0
    networks = [nn.Sequential(below, middle, nn.ReLU(), one).double() for one in heads]
    images = torch.as_tensor(x)
    grams = [tangent_gram(network, "1", images) for network in networks]
    with torch.no_grad():
        given = below(images)
        active = (middle(given) > 0).double()
        wanted = []
        for head in heads:
            gradients = head.weight[:, None, :] * active
            wanted.append(gradient_gram(given.numpy(), gradients.numpy()))
    error = max(np.abs(one / two - 1).max() for one, two in zip(grams, wanted, strict=True))
    rdms = [squared_distances(gram)[pair_indices(N_IMAGES)][None] for gram in grams]
    hidden = middle(given).relu().detach().numpy()
    return {
        "error": error,
        "activations": alike("cka", [hidden], [hidden])[0, 0],
        "gradients": MEASURES["cka"].pair(*rdms),
    }


CLAIM = Claim(
    name="tang2020",
    source="Tang et al. 2020, https://arxiv.org/abs/2003.11498",
    says=(
        "Two networks can have the same activations and yet learn from different units, which "
        "the alignment of their tangent kernels sees and that of activations does not."
    ),
    what="two networks with the same hidden layers and heads that read either half of the units: "
    "CKA of activations, and of activations seen through gradients",
    figures=(
        Figure("error", "tangent kernel over (XX') o (GG'), less 1", "0", high=1e-6),
        Figure("activations", "CKA of activations", "1", 1 - 1e-9, 1 + 1e-9),
        Figure("gradients", "CKA of tangent kernels", "below 1", high=0.95),
    ),
    redone=redone,
    quick=True,
)
