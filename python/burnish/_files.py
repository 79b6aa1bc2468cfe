# SPDX-License-Identifier: Apache-2.0
"""Files are written beside and renamed, so that no half file stays; and where intermediate results are kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

KEPT = ".burnish"  # a folder for intermediate results in those that the commands write to


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a path beside `path` to write to, which becomes `path` when all went well and vanishes otherwise."""
    partial = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield partial
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
