"""Containers of images, and the order in which a file counts them."""

from __future__ import annotations

from isomorph.foreign.guard import reading
from isomorph.foreign.nwb.file import NwbContainer


def images_in_order(images: NwbContainer, where: str) -> list[str] | None:
    """Return the names of a container's images in the order its file states.

    Places in this order are what an IndexSeries over the container holds. Without one a place
    means nothing: HDF5 keeps the members of a group by their names.

    Parameters
    ----------
    images : Images
        The container.
    where : str
        File and container, for messages.

    Returns
    -------
    list of str or None
        None where the container has no `order_of_images`.
    """
    order = getattr(images, "order_of_images", None)
    if order is None:
        return None
    with reading(f"{where}: order_of_images", "references to images"):
        return [str(order.data[place].name) for place in range(len(order.data))]
