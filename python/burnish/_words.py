# SPDX-License-Identifier: Apache-2.0
"""Numbers, names and errors as people read them."""

from __future__ import annotations

from collections.abc import Sequence


def counted(n: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: "1 file", "2 files"."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"


def some(names: Sequence[str], most: int = 3) -> str:
    """Return the first names, and that there are more."""
    return ", ".join(names[:most]) + (", ..." if len(names) > most else "")


def shown(name: str) -> str:
    """Return a name on one line, whatever is in it; what no terminal should get is spelled out."""
    return "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in name)


def one_line(error: BaseException) -> str:
    """Return the message of an exception as one line."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror  # without the name of the file, which stands beside it
    if type(error).__name__ == "UnidentifiedImageError":
        return "not an image of a known format"
    return " ".join(str(error).split()) or type(error).__name__
