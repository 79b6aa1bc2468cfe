# SPDX-License-Identifier: Apache-2.0
"""What a scan found, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from burnish._improve.scan import Scan


def summary(scan: Scan) -> str:
    """Return lines for a terminal."""
    return f"{scan.images.title}: {len(scan):,} images"
