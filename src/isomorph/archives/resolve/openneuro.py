"""OpenNeuro: from a tag to the commit, from its tree to hashes, from git-annex to addresses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from isomorph.archives.lock import LockedFile, below
from isomorph.archives.resolve import annex
from isomorph.archives.resolve.repository import COMMIT, LINK, Entry, Repository, repository
from isomorph.archives.resolve.resolution import Resolution, check_path, join, placed
from isomorph.archives.resolve.selection import Chosen, choose
from isomorph.errors import IsomorphError, did_you_mean
from isomorph.study.pinned import OpenNeuroArchive, OpenNeuroSource

GITHUB = "https://github.com"
SNAPSHOT, RECORDS = "snapshot", "records"
"""Local names of the dataset's commit and of git-annex' branch."""


def resolve(archive: OpenNeuroArchive, subjects: Sequence[str], where: str) -> Resolution:
    """Pin the files of every repository an archive names.

    Parameters
    ----------
    archive : OpenNeuroArchive
    subjects : sequence of str
        What `{subject}` stands for.
    where : str
        Opening of every mistake: the dataset's file and the key of the archive.

    Raises
    ------
    IsomorphError
        When a repository, version or file is not there, git is absent, or a file has no hash.
    """
    parts = [
        _resolve_source(source, subjects, f"{where}.sources.{number}")
        for number, source in enumerate(archive.sources)
    ]
    return join(parts, f"{where}.sources")


def repository_address(dataset: str) -> str:
    """Return the repository of a dataset, or of derivatives made from one."""
    owner = "OpenNeuroDerivatives" if "-" in dataset else "OpenNeuroDatasets"
    return f"{GITHUB}/{owner}/{dataset}.git"


def _resolve_source(source: OpenNeuroSource, subjects: Sequence[str], where: str) -> Resolution:
    url = repository_address(source.dataset)
    with repository(url) as opened:
        references = opened.references()
        wanted = {SNAPSHOT: _reference(source, references, where)}
        if (branch := f"refs/heads/{annex.BRANCH}") in references:
            wanted[RECORDS] = branch
        opened.bring(wanted)
        tree = opened.tree(SNAPSHOT)
        chosen = choose(tree, source.include, source.exclude, subjects, where)
        records = opened.tree(RECORDS) if RECORDS in wanted else {}
        files, remarks = _pin(opened, source, tree, records, chosen, where)
        commit = opened.commit(SNAPSHOT)
    into = f" into {source.into}" if source.into else ""
    note = f"{url}, commit {commit}, {len(files):,} files{into}"
    found = placed(source, files, chosen, where, note)
    return replace(found, remarks=(*found.remarks, *remarks))


def _reference(source: OpenNeuroSource, references: Mapping[str, str], where: str) -> str:
    """Return the tag, branch or commit that a version names."""
    for kind in ("refs/tags/", "refs/heads/"):
        if kind + source.version in references:
            return kind + source.version
    if COMMIT.fullmatch(source.version):
        return source.version
    tags = {name.removeprefix("refs/tags/") for name in references if "/tags/" in name}
    branches = {name.removeprefix("refs/heads/") for name in references if "/heads/" in name}
    raise IsomorphError(
        f'{where}.version: {source.dataset} has no tag, branch or whole commit "{source.version}", '
        f"{did_you_mean(source.version, tags or branches - {annex.BRANCH})}"
    )


def _pin(
    opened: Repository,
    source: OpenNeuroSource,
    tree: Mapping[str, Entry],
    records: Mapping[str, Entry],
    chosen: Chosen,
    where: str,
) -> tuple[list[LockedFile], list[str]]:
    """Return size, hash and address of the chosen files."""
    logs = [records[name].blob for name in (annex.REMOTES, annex.TRUST) if name in records]
    contents = opened.read([*(tree[path].blob for path in chosen.subjects), *logs])

    def log(name: str) -> str:
        if name not in records:
            return ""
        return contents[records[name].blob].decode("utf-8", "replace")

    remotes = annex.public_remotes(log(annex.REMOTES), log(annex.TRUST))
    pinned: list[tuple[str, annex.Key]] = []
    links = []
    for path in chosen.subjects:
        check_path(below(source.into, path), where)  # an address is made of it below
        entry, content = tree[path], contents[tree[path].blob]
        linked = entry.mode == LINK
        key = annex.key_of_link(content) if linked else annex.key_of_pointer(content)
        if key is None and linked:
            links.append(path)
            continue
        pinned.append((path, key or annex.plain_key(entry.blob, len(content))))
    stored = {key.name: records.get(annex.versions_file(key.name)) for _, key in pinned}
    texts = opened.read(entry.blob for entry in stored.values() if entry)
    files = []
    for path, key in pinned:
        if key.algorithm is None or key.size is None:
            raise IsomorphError(
                f"{where}: {path} is stored as {key.name}, which gives no size or no hash a lock "
                "can hold (md5, sha256); leave it out with exclude"
            )
        record = stored[key.name]
        text = texts[record.blob].decode("utf-8", "replace") if record else ""
        url = annex.address(source.dataset, path, annex.stored_versions(text, remotes))
        files.append(LockedFile(path, key.size, key.algorithm, key.hash, url))
    remarks = [
        f"{source.dataset}: {len(links)} symbolic links lead to no annexed file and are left out "
        f"({links[0]}, …)"
    ] if links else []  # fmt: skip
    return files, remarks
