"""Parts of a remote HDF5 file: reading it, choosing its objects, copying them."""

from isomorph.archives.streaming.choice import Choice, choose
from isomorph.archives.streaming.copying import copy_choice
from isomorph.archives.streaming.remote import Remote, open_remote

__all__ = ["Choice", "Remote", "choose", "copy_choice", "open_remote"]
