# SPDX-License-Identifier: Apache-2.0
"""The report: one HTML file that needs nothing else, neither a network nor scripts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from burnish._files import replacing
from burnish._improve.page.classes import classes_section, hard_classes_section, hardness_section
from burnish._improve.page.findings import Findings, findings_of
from burnish._improve.page.gain import gain_section
from burnish._improve.page.galleries import annotate_section, hardest_section, labels_section
from burnish._improve.page.header import header
from burnish._improve.page.html import Markup, element, shortened
from burnish._improve.page.kept import FOLDER, keep, kept
from burnish._improve.page.parts import Section
from burnish._improve.page.pictures import Encoded, encode, encoded_of
from burnish._improve.page.repeats import repeats_section
from burnish._improve.page.settings import files_section, settings_section
from burnish._improve.page.shown import Shown, choose

# Nothing may be fetched, whatever names of files say.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"


SHOWN = 24  # samples of a gallery


def write_report(
    improvement: Any, path: Path, *, commands: Sequence[tuple[str, str]] = (), folder: Path | None = None
) -> Findings:
    """Write the report of a run.

    Parameters
    ----------
    improvement : burnish._improve.improve.Improvement
    path : pathlib.Path
        Of the HTML file; what stood there is replaced whole or not at all.
    commands : sequence of (what for, command)
        To be shown: how to make it again, how to apply it.
    folder : pathlib.Path, optional
        Of intermediate results, where findings are kept for ``burnish report``.

    Returns
    -------
    Findings
    """
    findings = findings_of(improvement, commands=commands)
    shown = choose(findings, SHOWN)
    pictures = encoded_of(improvement.scan.images, shown.samples)
    if folder is not None:
        keep(findings, pictures, folder / FOLDER)
    _write(page(findings, shown, pictures), path)
    return findings


def write_again(folder: Path, path: Path, *, most: int = SHOWN) -> Findings:
    """Write the report from what `write_report` kept in `folder`, with `most` samples in each gallery."""
    findings, pictures = kept(folder / FOLDER)
    shown = choose(findings, most)
    thumbnails = folder / "scan" / "thumbnails.npy"
    if set(shown.samples) - set(pictures) and thumbnails.is_file():
        small = np.load(thumbnails, mmap_mode="r")
        pictures |= {i: encode(small[i]) for i in shown.samples if i not in pictures and i < len(small)}
    _write(page(findings, shown, pictures), path)
    return findings


def _write(text: str, path: Path) -> None:
    with replacing(path) as partial:
        partial.write_text(text, encoding="utf-8", newline="\n")


def page(findings: Findings, shown: Shown, pictures: Encoded) -> str:
    """Return the page.

    Parameters
    ----------
    findings : Findings
    shown : Shown
        Of `choose`.
    pictures : mapping of int to bytes
        PNG or JPEG of the samples shown; one that is missing is said to be.

    Returns
    -------
    str
        HTML. The same for the same arguments.
    """
    parts = [
        gain_section(findings),
        classes_section(findings),
        labels_section(findings, shown, pictures),
        repeats_section(findings, shown, pictures),
        hardness_section(findings),
        hard_classes_section(findings),
        hardest_section(findings, shown, pictures),
        annotate_section(findings, shown, pictures),
        files_section(findings),
        settings_section(findings),
    ]
    title = f"{shortened(findings.title, 60)}: what to mend"
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("meta", http_equiv="Content-Security-Policy", content=_POLICY),
        element("meta", name="generator", content=f"burnish {findings.settings.get('version', '')}".strip()),
        element("title", title),
        element("style", Markup(_resource("page.css"))),
    )
    body = element(
        "body",
        element("a", "Skip to the findings", href="#findings", class_="skip"),
        element("div", _contents(parts), header(findings), _main(parts), _footer(findings), class_="page"),
        element("script", Markup(_resource("page.js"))),
    )
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _resource(name: str) -> str:
    return (resources.files("burnish._improve.page") / name).read_text(encoding="utf-8")


def _contents(parts: list[Section]) -> Markup:
    links = (element("li", element("a", part.title, href=f"#{part.key}")) for part in parts)
    first = element("li", element("a", "burnish improve", href="#top", class_="brand"))
    return element("nav", element("ol", first, *links), aria_label="Contents")


def _main(parts: list[Section]) -> Markup:
    return element("main", *(part.html() for part in parts), id="findings", tabindex="-1")


def _footer(findings: Findings) -> Markup:
    version = findings.settings.get("version")
    text = f"Made by burnish {version}. " if version else "Made by burnish. "
    return element("footer", element("p", text + "This file holds all that it shows; it asks nothing of a network."))
