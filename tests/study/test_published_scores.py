"""What a dataset's file may say of published scores."""

import pytest

from isomorph.study.published import PublishedScores

OF = {"source": "Somebody 2025", "region": "V1", "distance": "crossnobis", "measure": "pearson"}


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({}, "give model and layers, or people"),
        ({"model": "net"}, "model: goes with layers"),
        ({"layers": {"conv1": 0.2}}, "model: goes with layers"),
        ({"model": "net", "layers": {"conv1": 0.2}, "people": 0.5}, "one of the two"),
        ({"people": 0.5, "tolerance": 0}, "greater than 0"),
    ],
)
def test_scores_are_of_layers_or_of_people(own, said):
    with pytest.raises(ValueError, match=said):
        PublishedScores(**OF, **own)


def test_a_hundredth_is_near_enough():
    assert PublishedScores(**OF, people=0.562).tolerance == 0.01
