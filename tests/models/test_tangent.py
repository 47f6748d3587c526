"""The tangent kernel of a layer."""

import numpy as np
import pytest
import torch
from torch import nn

from isomorph.errors import IsomorphError
from isomorph.models.tangent import tangent_gram


@pytest.fixture(scope="module")
def network():
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 3, 3), nn.Tanh(), nn.Flatten(), nn.Linear(48, 5), nn.Tanh(), nn.Linear(5, 2)
    ).double()


@pytest.fixture(scope="module")
def images():
    torch.manual_seed(1)
    return torch.randn(7, 1, 6, 6, dtype=torch.float64)


def by_hand(network, parameters, images):
    """One derivative after the other."""
    rows = []
    for image in images:
        outputs = network(image[None])[0]
        row = [
            torch.cat(
                [one.flatten() for one in torch.autograd.grad(value, parameters, retain_graph=True)]
            )
            for value in outputs
        ]
        rows.append(torch.cat(row))
    jacobian = torch.stack(rows)
    return (jacobian @ jacobian.T).numpy()


@pytest.mark.parametrize("layer", ["0", "3", "5"])
def test_it_is_the_gram_matrix_of_derivatives(network, images, layer):
    parameters = list(network.get_submodule(layer).parameters())
    wanted = by_hand(network, parameters, images)
    np.testing.assert_allclose(tangent_gram(network, layer, images), wanted, rtol=1e-9)


def test_layers_add_up_to_the_network(network, images):
    layers = [tangent_gram(network, name, images) for name in ("0", "3", "5")]
    np.testing.assert_allclose(tangent_gram(network, "", images), sum(layers), rtol=1e-9)


def test_batches_make_no_difference(network, images, monkeypatch):
    whole = tangent_gram(network, "3", images)
    monkeypatch.setattr("isomorph.models.tangent.BATCH", 2)
    np.testing.assert_allclose(tangent_gram(network, "3", images), whole, rtol=1e-9)


def test_what_does_not_learn_is_refused(network, images):
    with pytest.raises(IsomorphError, match='layer "1" has no parameters'):
        tangent_gram(network, "1", images)
    with pytest.raises(IsomorphError, match='no layer "33"'):
        tangent_gram(network, "33", images)
