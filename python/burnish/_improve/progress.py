# SPDX-License-Identifier: Apache-2.0
"""How a stage says how far it is."""

from __future__ import annotations

from collections.abc import Callable

Progress = Callable[[str, int, int], None]  # what is done, how much of it, and of how much


def silent(what: str, done: int, of: int) -> None:
    """Tell nobody."""
