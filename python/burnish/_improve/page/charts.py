# SPDX-License-Identifier: Apache-2.0
"""Charts as SVG: widths in percent and text in pixels, so that both are right on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from burnish._improve.page.html import Markup, element

Floats = npt.NDArray[np.float64]
_HEIGHT = 120  # pixels, of a histogram


def _svg(height: int, says: str, *children: str, class_: str | None = None) -> Markup:
    return element(
        "svg",
        element("title", says),
        *children,
        width="100%",
        height=height,
        role="img",
        aria_label=says,
        class_=class_,
    )


def _percent(value: float) -> str:
    return f"{value:.2f}%"


def bars(values: Sequence[tuple[float, str]], most: float, says: str) -> Markup:
    """Return thin horizontal bars, one below the other.

    Parameters
    ----------
    values : sequence of (value, class)
        Lengths, and what each is colored by.
    most : float
        What fills the width.
    says : str
        The same in words.
    """
    thick, gap = (7, 2) if len(values) > 1 else (9, 0)
    height = len(values) * (thick + gap) + 2
    drawn = (
        element(
            "rect", x=0, y=1 + i * (thick + gap), width=_percent(100 * value / most), height=thick, class_=kind, rx=1
        )
        for i, (value, kind) in enumerate(values)
        if most > 0 and value > 0
    )
    return _svg(height, says, *drawn)


def parts(shares: Sequence[tuple[float, str]], says: str) -> Markup:
    """Return one bar of parts that together are at most 1, as `bars` takes them."""
    drawn, start = [element("rect", x=0, y=1, width="100%", height=5, class_="ground", rx=1)], 0.0
    for share, kind in shares:
        if not np.isfinite(share):
            continue
        drawn.append(element("rect", x=_percent(100 * start), y=1, width=_percent(100 * share), height=5, class_=kind))
        start += share
    return _svg(10, says, *drawn)


def change(before: float, after: float, low: float, high: float, says: str) -> Markup:
    """Return two points on a line between `low` and `high`, a hollow one for before and a full one for after."""
    if not np.isfinite([before, after]).all():
        return _svg(16, says)
    span = high - low or 1.0
    left, right = (3 + 94 * (value - low) / span for value in (before, after))
    kind = "gain" if after >= before else "loss"
    return _svg(
        16,
        says,
        element("line", x1="3%", x2="97%", y1=8, y2=8, class_="rule"),
        element("line", x1=_percent(left), x2=_percent(right), y1=8, y2=8, class_=f"way {kind}"),
        element("circle", cx=_percent(left), cy=8, r=4, class_="hollow"),
        element("circle", cx=_percent(right), cy=8, r=4.5, class_=f"dot {kind}"),
    )


def runs(before: Floats, after: Floats, text: tuple[str, str], says: str) -> Markup:
    """Return the results of all runs as points on two lines, with a tick at each mean.

    Parameters
    ----------
    before, after : float64 arrays of shape (R,)
    text : (str, str)
        The means, as printed above the ticks.
    says : str
        The same in words.
    """
    everything = np.concatenate([before, after])
    middle, half = (everything.max() + everything.min()) / 2, max(np.ptp(everything) / 2, 1e-9)
    children: list[Markup] = []
    for values, kind, label, y in ((before, "hollow", text[0], 34), (after, "dot", text[1], 78)):
        x = 50 + 38 * (values - middle) / half
        children.append(element("line", x1="4%", x2="96%", y1=y, y2=y, class_="rule"))
        children.extend(element("circle", cx=_percent(each), cy=y, r=5, class_=kind) for each in x)
        mean = float(x.mean())
        children.append(element("line", x1=_percent(mean), x2=_percent(mean), y1=y - 9, y2=y + 9, class_="tick"))
        anchor = "start" if mean < 33 else "end" if mean > 67 else "middle"  # so that the text stays within
        children.append(element("text", label, x=_percent(mean), y=y - 15, text_anchor=anchor))
    return _svg(96, says, *children, class_="runs")


def histogram(counts: npt.NDArray[np.int64], edges: Floats, kind: str, says: str) -> Markup:
    """Return a histogram with its scale below and its largest count above.

    Parameters
    ----------
    counts : int64 array of shape (B,)
    edges : float64 array of shape (B + 1,)
    kind : str
        Class that colors it.
    says : str
        The same in words.
    """
    top, bottom = 16, 22
    base = top + _HEIGHT
    most, span = max(1, int(counts.max())), float(edges[-1] - edges[0]) or 1.0
    children = [element("line", x1="0", x2="100%", y1=base + 0.5, y2=base + 0.5, class_="axis")]
    for count, left, right in zip(counts.tolist(), edges[:-1], edges[1:], strict=True):
        if count:
            tall = max(1.5, _HEIGHT * count / most)  # anything is visible
            x, width = 100 * (left - edges[0]) / span, 100 * (right - left) / span
            place = {
                "x": _percent(x),
                "width": _percent(width * 0.9),
                "y": f"{base - tall:.1f}",
                "height": f"{tall:.1f}",
            }
            children.append(element("rect", class_=kind, **place))
    for value in _ticks(float(edges[0]), float(edges[-1])):
        part = (value - edges[0]) / span
        anchor = "start" if part < 0.05 else "end" if part > 0.95 else "middle"
        children.append(element("text", f"{value:g}", x=_percent(100 * part), y=base + 16, text_anchor=anchor))
    children.append(element("line", x1="0", x2="100%", y1=top + 0.5, y2=top + 0.5, class_="rule"))
    children.append(element("text", f"{most:,}", x="100%", y=top - 4, text_anchor="end"))
    return _svg(base + bottom, says, *children)


def _ticks(low: float, high: float) -> list[float]:
    """Return round numbers between `low` and `high`, about five."""
    rough = (high - low) / 5 or 1.0
    power = 10.0 ** np.floor(np.log10(rough))
    step = float(next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9)))
    first, last = int(np.ceil(low / step - 1e-9)), int(np.floor(high / step + 1e-9))
    return [round(i * step, 10) for i in range(first, last + 1)]
