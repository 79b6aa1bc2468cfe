# SPDX-License-Identifier: Apache-2.0
"""What sections of the page share: their form, words for numbers, tiles of galleries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from burnish._improve.options import LOSS
from burnish._improve.page.findings import Array, Findings
from burnish._improve.page.html import Markup, element, joined, name_of, visible
from burnish._improve.page.pictures import Encoded, data_uri

ROWS = 24  # of a table of classes; the others are folded away
_NONE = '<p class="none">'
_LISTED = 1000  # file names in a list that is folded away


@dataclass(frozen=True)
class Section:
    """A part of the page.

    Attributes
    ----------
    key, title : str
        For links, and above it.
    meaning, advice, doubt : str
        A sentence or two each: what it means, what to do about it, when not to trust it.
    body : Markup
    """

    key: str
    title: str
    meaning: str
    advice: str
    doubt: str
    body: Markup

    def html(self) -> Markup:
        """Return it as HTML."""
        notes = [
            element("div", element("dt", term), element("dd", text))
            for term, text in (("What to do", self.advice), ("When not to trust it", self.doubt))
            if text and not self.body.startswith(_NONE)  # there is nothing to do about nothing
        ]
        heading = element("h2", self.title, id=f"{self.key}-title")
        lead = element("p", self.meaning, class_="lead")
        parts = (heading, lead, element("dl", *notes, class_="notes") if notes else "", self.body)
        return element("section", *parts, id=self.key, aria_labelledby=f"{self.key}-title")


def measure_name(measure: str) -> str:
    return measure.replace("-", " ").replace(" f1", " F1")


def number(measure: str, value: float, *, signed: bool = False) -> str:
    """Return a value of a measure as text: in percent, but for the log loss."""
    if not np.isfinite(value):
        return "-"
    sign = "+" if signed else ""
    text = f"{value:{sign}.3f}" if measure == LOSS else f"{100 * value:{sign}.1f}"
    return text.replace("-", "\N{MINUS SIGN}")


def spread(measure: str, values: Sequence[float]) -> str:
    """Return mean and standard deviation as text."""
    array = np.asarray(values, np.float64)
    array = array[np.isfinite(array)]  # a class that a run held nothing out of
    if not len(array):
        return "-"
    mean = number(measure, float(array.mean()))
    return f"{mean} ± {number(measure, float(array.std(ddof=1)))}" if len(array) > 1 else mean


def share(part: float, whole: float) -> str:
    """Return a part in percent of the whole."""
    return f"{100 * part / whole:.1f}\N{NO-BREAK SPACE}%" if whole else "-"


def mean(values: Array) -> str:
    return f"{values.mean(dtype=np.float64):.2f}" if len(values) else "-"


def verb(n: int, plural: str) -> str:
    """Return a verb in the form that fits a number of things."""
    return plural + "s" if n == 1 else plural


def none(text: str) -> Markup:
    return Markup(f"{_NONE}{joined([text])}</p>")


def class_name(findings: Findings, label: int) -> str:
    return visible(findings.names[label]) if 0 <= label < len(findings.names) else "-"


def class_of(findings: Findings, label: int, kind: str = "") -> Markup:
    if not 0 <= label < len(findings.names):
        return element("span", "no class", class_="soft")
    return element("span", name_of(findings.names[label], 24), class_=f"class {kind}".strip())


def certain(probability: float) -> str:
    """Return a probability as text; never "100 %" or "0 %" of what is not certain."""
    return "> 99 %" if probability > 0.99 else "< 1 %" if probability < 0.01 else f"{100 * probability:.0f} %"


def tile(findings: Findings, pictures: Encoded, i: int, lines: Iterable[str], badge: str = "") -> Markup:
    label = class_name(findings, int(findings.column("label")[i]))
    alt = f"{visible(findings.ids[i])[:80]}, labeled {label}"
    if i in pictures:
        picture = element("img", src=data_uri(pictures[i]), alt=alt, loading="lazy", decoding="async")
    else:
        picture = element("span", "no picture", class_="soft")
    frame = element("div", picture, badge, class_="frame")
    caption = element("figcaption", *lines, element("p", name_of(findings.ids[i], 44), class_="file"))
    return element("figure", frame, caption, class_="tile")


def gallery(tiles: Iterable[str]) -> Markup:
    return element("div", *tiles, class_="gallery")


def rest(of: int, shown: int) -> Markup:
    return element("p", f"Shown: {shown:,} of {of:,}.", class_="small") if of > shown else Markup("")


def listed(of: int, columns: str, rows: Iterable[Sequence[str]]) -> Markup:
    """Return a list that is folded away; what each row holds is separated by tabs."""
    lines = (Markup("\t".join(joined([cell]) for cell in row)) for row, _ in zip(rows, range(_LISTED), strict=False))
    some = f", the first {_LISTED:,} of {of:,}; all are in scores.parquet" if of > _LISTED else f", all {of:,}"
    content = element("pre", joined(lines, "\n"), tabindex="0")
    return element("details", element("summary", f"As a list ({columns}{some})"), content)
