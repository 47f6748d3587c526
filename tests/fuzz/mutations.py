"""Valid files made invalid: bytes and words changed at random, packed contents too, by a seed."""

from __future__ import annotations

import gzip
import io
import random
import struct
import zipfile
import zlib

NUMBERS = (0, 1, 0x7F, 0x80, 0xFF, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 2**63 - 1)
WORDS = [
    b"", b"0", b"-1", b"1e999", b"NaN", b"inf", b"n/a", b"None", b"null", b"true", b"[]", b"{}",
    b"9" * 30, b"-" + b"9" * 30, b"1.5", b"'", b'"', b"\\", b"\x00", b"\x1b[2J", b"=1+1", b"../..",
    b"/etc/passwd", b"\xff\xfe", "\u202e".encode(), "é".encode(), b"x" * 300, b"&a *a",
    b"!!python/x", b"\t\t", b",,", b"\n\n", b"\r", b":", b"%", b"{" * 50, b"[" * 2000,
    b"$HOME", b"~",
]  # fmt: skip


def mutated(content: bytes, seed: int, *, text: bool = False, packed: str = "") -> bytes:
    """Return a file with one to five changes.

    Parameters
    ----------
    content : bytes
        A valid file.
    seed : int
        The same gives the same.
    text : bool
        Whether lines and words are changed beside bytes.
    packed : str
        ``"gzip"``, ``"zip"`` or ``"png"``: half of the time what is packed inside is changed, and
        packed again with right checksums, so that the changes get past them.
    """
    rng = random.Random(seed)
    if packed and rng.random() < 0.5:
        return PACKED[packed](content, rng)
    return _changed(content, rng, text=text)


def _changed(content: bytes, rng: random.Random, *, text: bool = False) -> bytes:
    changes = [_truncate, _flip, _span, _number, _insert, _remove, _repeat, _swap]
    if text:
        changes = [_truncate, _flip, _insert, *[_word, _line] * 4]
    for _ in range(rng.choice((1, 1, 1, 2, 3, 5))):
        content = rng.choice(changes)(content, rng)
    return content


def _truncate(content: bytes, rng: random.Random) -> bytes:
    return content[: rng.randrange(len(content) + 1)]


def _flip(content: bytes, rng: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 4, 16)) if changed else 0):
        changed[_place(content, rng)] ^= 1 << rng.randrange(8)
    return bytes(changed)


def _span(content: bytes, rng: random.Random) -> bytes:
    start, length = _place(content, rng), rng.choice((1, 4, 16, 256))
    filling = rng.choice((b"\x00", b"\xff", None))
    new = rng.randbytes(length) if filling is None else filling * length
    return content[:start] + new + content[start + length :]


def _number(content: bytes, rng: random.Random) -> bytes:
    size, order = rng.choice("BHIQ"), rng.choice("<>")
    new = struct.pack(order + size, rng.choice(NUMBERS) % 256 ** struct.calcsize(size))
    start = _place(content, rng)
    return content[:start] + new + content[start + len(new) :]


def _insert(content: bytes, rng: random.Random) -> bytes:
    start = _place(content, rng)
    return content[:start] + rng.choice((*WORDS, rng.randbytes(8))) + content[start:]


def _remove(content: bytes, rng: random.Random) -> bytes:
    start = _place(content, rng)
    return content[:start] + content[start + rng.choice((1, 4, 32, 1024)) :]


def _repeat(content: bytes, rng: random.Random) -> bytes:
    start, length = _place(content, rng), rng.choice((1, 16, 256))
    return (
        content[:start] + content[start : start + length] * rng.choice((2, 3, 50)) + content[start:]
    )


def _swap(content: bytes, rng: random.Random) -> bytes:
    one, other, length = _place(content, rng), _place(content, rng), rng.choice((4, 64))
    changed = bytearray(content)
    changed[one : one + length] = content[other : other + length]
    return bytes(changed)


def _word(content: bytes, rng: random.Random) -> bytes:
    """Put an odd word in place of one."""
    words = content.replace(b"\t", b" ").replace(b",", b" ").split()
    if not words:
        return rng.choice(WORDS)
    old, new = rng.choice(words), rng.choice((*WORDS, rng.choice(words)))
    return content.replace(old, new, rng.choice((1, -1)))


def _line(content: bytes, rng: random.Random) -> bytes:
    """Remove, repeat or swap lines."""
    lines = content.split(b"\n")
    place = rng.randrange(len(lines))
    kind = rng.randrange(3)
    if kind == 0:
        del lines[place]
    elif kind == 1:
        lines.insert(place, lines[place])
    else:
        other = rng.randrange(len(lines))
        lines[place], lines[other] = lines[other], lines[place]
    return b"\n".join(lines)


def _place(content: bytes, rng: random.Random) -> int:
    """Return a place, half of the time among the first bytes, where headers are."""
    if not content:
        return 0
    return rng.randrange(min(len(content), 400) if rng.random() < 0.5 else len(content))


# ---------------------------------------------------------------- what is packed


def _gzip(content: bytes, rng: random.Random) -> bytes:
    return gzip.compress(_changed(gzip.decompress(content), rng), 1)


def _zip(content: bytes, rng: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as packed:
        members = {one.filename: packed.read(one) for one in packed.infolist()}
    name = rng.choice(list(members))
    members[name] = _changed(members[name], rng)
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as packed:
        for one, inside in members.items():
            packed.writestr(one, inside)
    return buffer.getvalue()


def _png(content: bytes, rng: random.Random) -> bytes:
    """Change the data of one chunk, its checksum right again."""
    chunks, at = [], 8
    while at + 12 <= len(content):
        length = int.from_bytes(content[at : at + 4], "big")
        chunks.append([content[at + 4 : at + 8], content[at + 8 : at + 8 + length]])
        at += 12 + length
    chosen = rng.choice(chunks)
    inside = chosen[1]
    if chosen[0] == b"IDAT" and rng.random() < 0.5:
        chosen[1] = zlib.compress(_changed(zlib.decompress(inside), rng))
    else:
        chosen[1] = _changed(inside, rng)
    return content[:8] + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


PACKED = {"gzip": _gzip, "zip": _zip, "png": _png}
