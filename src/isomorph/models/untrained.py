"""Networks that never saw an image: what the architecture alone makes of the stimuli."""

from __future__ import annotations

import math

from isomorph.models.network import Network


def efficientnet_lite0(seed: int) -> Network:
    """Build the smallest EfficientNet-Lite, see `efficientnet_lite`."""
    return efficientnet_lite("efficientnet-lite0", seed)


def efficientnet_lite(variant: str, seed: int) -> Network:
    """Build an EfficientNet-Lite with weights drawn from the architecture's own initialisation.

    The port of the architecture keeps torch's default initialisation, under which each residual
    branch is a hundred times weaker than its skip connection, the last feature maps are of size
    1e-8, and the classifier's random bias swallows them. So the weights are drawn as the authors
    draw them (Tan and Le 2019, `conv_kernel_initializer` and `dense_kernel_initializer` of their
    code): convolutions normal with variance 2 / fan-out, the classifier uniform within
    1 / sqrt(number of classes) with zero bias. Feature maps then stay between 0.1 and 20.

    The network runs in evaluation mode with the initial statistics of batch normalisation (mean
    0, variance 1), as is usual for untrained twins: calibrating them on the stimuli would be a
    kind of training, and would let one stimulus change the activations of another.

    Parameters
    ----------
    variant : str
        `efficientnet-lite0`, `efficientnet-lite1` or `efficientnet-lite2`.
    seed : int
        Seed of the draw; the generator of the caller is left as it was.

    Returns
    -------
    Network
        In evaluation mode.
    """
    import torch
    from efficientnet_lite_pytorch import EfficientNet

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        module = EfficientNet.from_name(variant)
        for part in module.modules():
            if isinstance(part, torch.nn.Conv2d):
                height, width = part.kernel_size
                fan_out = height * width * part.out_channels // part.groups
                torch.nn.init.normal_(part.weight, std=math.sqrt(2 / fan_out))
            elif isinstance(part, torch.nn.Linear):
                bound = 1 / math.sqrt(part.out_features)
                torch.nn.init.uniform_(part.weight, -bound, bound)
                torch.nn.init.zeros_(part.bias)
    return Network(module=module.eval(), channels_last=True)
