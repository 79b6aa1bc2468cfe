# SPDX-License-Identifier: Apache-2.0
"""The report within a notebook."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from burnish._improve.page.findings import findings_of
from burnish._improve.page.page import page
from burnish._improve.page.pictures import encoded_of
from burnish._improve.page.shown import choose

if TYPE_CHECKING:
    from burnish._improve.improve import Improvement

_SHOWN = 12  # samples of a gallery: notebooks are kept with what they show


def embedded(found: Improvement) -> str:
    """Return the report in a frame of its own, so that neither changes how the other looks."""
    findings = findings_of(found)
    shown = choose(findings, _SHOWN)
    pictures = encoded_of(found.images, shown.samples)
    style = "width:100%;height:720px;border:0"
    return f'<iframe srcdoc="{escape(page(findings, shown, pictures))}" style="{style}" title="burnish"></iframe>'
