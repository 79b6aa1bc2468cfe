# SPDX-License-Identifier: Apache-2.0
"""Names of files and folders that every system takes, each once."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Sequence

_LONGEST = 180  # bytes; file systems take 255, and other programs add endings
# What some system refuses, control characters, and bytes that are not text (surrogates).
_REFUSED = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³]|__macosx)(?=\.|$)", re.IGNORECASE)
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def safe_name(name: str, suffix: str = "") -> str:
    """Return `name` as a file or folder may be called on every system, ending in `suffix`.

    Names of letters, digits, spaces and signs that all systems take stay as they are. Others are replaced by "_": what
    is not allowed, a first dot (hidden), a last dot or space, names of devices. Long ones are cut.
    """
    stem = name[: -len(suffix)] if suffix and name.lower().endswith(suffix.lower()) else name
    ending = name[len(stem) :] or suffix
    stem = _REFUSED.sub("_", stem)
    if stem[:1] in (".", " ", "~") or not stem:
        stem = "_" + stem[1:]
    if not ending and stem[-1] in ". ":
        stem = stem[:-1] + "_"
    stem = _RESERVED.sub(r"\1_", stem) if _RESERVED.match(stem) else stem
    if len(stem.encode()) > _LONGEST:
        stem = stem.encode()[: _LONGEST - 9].decode(errors="ignore") + "-" + _short(name)
    return stem + ending


def file_name(origin: str, suffix: str) -> str:
    """Return what a file is to be called that is made from the image of this id, a path or a number."""
    return safe_name(origin.rpartition("/")[2], suffix)


def class_folders(names: Sequence[str]) -> dict[str, str]:
    """Return the folder of each class."""
    return dict(zip(names, distinct([safe_name(name) for name in names], names), strict=True))


def split_suffix(name: str) -> tuple[str, str]:
    """Return a file's name without its ending, and the ending with its dot."""
    found = _ENDING.search(name)
    return (name[: found.start()], found.group()) if found and found.start() else (name, "")


def distinct(names: Sequence[str], origins: Sequence[str]) -> list[str]:
    """Make names differ, also where a file system takes capitals and accents for the same.

    Parameters
    ----------
    names : sequence of str
        Paths with "/".
    origins : sequence of str
        What each is made from, no two the same: of equal names the first stays, the others get a piece of the digest
        of their origin.

    Returns
    -------
    list of str
    """
    taken: set[str] = set()
    result = []
    firsts = [_folded(name) for name in names]
    reserved = set(firsts)
    for name, folded, origin in zip(names, firsts, origins, strict=True):
        unique, n = name, 0
        while folded in taken or (n and folded in reserved):
            stem, suffix = split_suffix(name)
            unique = f"{stem}-{_short(origin, n)}{suffix}"
            folded, n = _folded(unique), n + 1
        taken.add(folded)
        result.append(unique)
    return result


def _folded(name: str) -> str:
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def _short(text: str, n: int = 0) -> str:
    return hashlib.sha256(f"{text}{n or ''}".encode(errors="surrogatepass")).hexdigest()[:8]
