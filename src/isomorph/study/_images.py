"""What all stimuli share that have images."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from isomorph.study._base import Spec

Degrees = Annotated[float, Field(gt=0, le=360)]


class ImageStimuli(Spec):
    """Images, with what is known of how they were shown."""

    degrees: Degrees | tuple[Degrees, Degrees] | None = None
    """How large the images were shown, degrees of visual angle: the width, or width and height;
    with a width alone the height is what the image's shape makes of it. Models whose
    `preprocessing` has `degrees` see the images at that size."""
