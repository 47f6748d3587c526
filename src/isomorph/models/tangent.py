r"""What stimuli are to a network that learns: the tangent kernel of a layer.

Two stimuli are alike if what the network learns from one moves its outputs for the other. With
:math:`J_i` the derivatives of the outputs for stimulus i by the parameters of a layer, that is
:math:`\langle J_i, J_j \rangle`. Of the weights of a linear layer with inputs :math:`X` and
derivatives :math:`G_c` of output c by what the layer gives, it is

.. math:: (X X^\top) \circ \sum_c G_c G_c^\top,

the Gram matrix of the inputs seen through the gradients (Tang et al. 2020,
https://arxiv.org/abs/2003.11498). Its squared distances are what CKA compares, so a comparison of
networks by gradients is one of these Gram matrices.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from isomorph.errors import IsomorphError, did_you_mean

if TYPE_CHECKING:
    from torch import Tensor, nn

BATCH = 64
"""Stimuli whose derivatives are computed together."""


def tangent_gram(network: nn.Module, layer: str, inputs: Tensor) -> NDArray[np.float64]:
    """Return the tangent kernel of a layer, summed over outputs.

    Parameters
    ----------
    network : torch module
        Computes each stimulus by itself, so in evaluation mode where it normalises batches.
    layer : str
        Of `network.named_modules()`; its parameters, and those of the modules in it, are meant.
    inputs : tensor of shape (stimulus, ...)

    Returns
    -------
    array of shape (stimulus, stimulus)

    Raises
    ------
    IsomorphError
        When there is no such layer, or it has no parameters.
    """
    from torch.func import functional_call, jacrev, vmap

    known = dict(network.named_modules())
    if layer not in known:
        raise IsomorphError(f'no layer "{layer}" in the network, {did_you_mean(layer, known)}')
    within = f"{layer}." if layer else ""
    every = {name: one.detach() for name, one in network.named_parameters()}
    own = {name: one for name, one in every.items() if name.startswith(within)}
    if not own:
        raise IsomorphError(f'layer "{layer}" has no parameters; name one that learns')

    def outputs(changing: dict[str, Tensor], stimulus: Tensor) -> Tensor:
        given = functional_call(network, every | changing, (stimulus[None],))
        found: Tensor = given.flatten()
        return found

    derivatives = vmap(jacrev(outputs), in_dims=(None, 0))
    blocks = []
    for part in inputs.split(BATCH):
        found = derivatives(own, part)
        flat = [one.detach().double().flatten(1).cpu().numpy() for one in found.values()]
        blocks.append(np.concatenate(flat, axis=1))
    jacobian = np.concatenate(blocks)
    gram: NDArray[np.float64] = jacobian @ jacobian.T
    return gram
