# SPDX-License-Identifier: Apache-2.0
"""Libraries that burnish can use but does not depend on."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class MissingExtraError(ImportError):
    """A library of an optional extra is not installed."""


@contextmanager
def needs_extra(extra: str) -> Iterator[None]:
    """Name the extra that brings what the imports inside do not find."""
    try:
        yield
    except ModuleNotFoundError as error:
        library = (error.name or "a library").partition(".")[0]
        raise MissingExtraError(
            f"{library} is not installed; it comes with pip install 'burnish[{extra}]'", name=error.name
        ) from error
