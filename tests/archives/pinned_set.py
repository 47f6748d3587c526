"""A set of files in a bucket, pinned as a lock pins them."""

import hashlib
from dataclasses import replace

import numpy as np

from isomorph.archives.lock import Lock, LockedFile, lock_file, write_lock

BUCKET = "openneuro.org"
ADDRESS = f"https://s3.amazonaws.com/{BUCKET}"
KEY = "ds000001"


def noise(size, seed=0):
    """Return bytes nobody could guess."""
    return np.random.default_rng([seed, size]).bytes(size)


def digest(content, algorithm):
    """Return the hash of some bytes, computed by the definition of each algorithm."""
    if algorithm == "git":
        return hashlib.sha1(f"blob {len(content)}\0".encode() + content).hexdigest()
    return hashlib.new(algorithm, content).hexdigest()


def put(server, path, content, algorithm="md5", bucket=BUCKET, key=KEY, address=None):
    """Put an object into a bucket and return the line that pins it, with a version."""
    file = server.root / bucket / key / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    url = f"{address or f'https://s3.amazonaws.com/{bucket}'}/{key}/{path}?versionId=v1"
    return LockedFile(path, len(content), algorithm, digest(content, algorithm), url)


def object_of(file, bucket=BUCKET, key=KEY):
    """Return the path the server knows a pinned file by."""
    return f"/{bucket}/{key}/{file.path}"


def unversioned(file):
    """Return a pinned file whose address names no version."""
    return replace(file, url=file.url.partition("?")[0])


def files_below(folder):
    """Return the names of all files below a folder."""
    return sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*") if p.is_file())


def write_locked(make_layout, files, **changes):
    """Write a study of one OpenNeuro dataset with its lock and return its layout."""
    source = {"dataset": KEY, "version": "1.0.0", "include": ["**"]}
    archive = {"kind": "openneuro", "sources": changes.pop("sources", [source])}
    layout = make_layout(archive, **changes)
    write_lock(lock_file(layout.study, "objects"), Lock(tuple(files)))
    return layout
