# SPDX-License-Identifier: Apache-2.0
"""What was found, for the terminal, as pictures and as a table for other programs."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish._files import replacing

_RIGHT, _WRONG, _FAINT = "#0072b2", "#d55e00", "#666666"  # told apart by the color-blind too
_EIGHTHS = " ▏▎▍▌▋▊▉█"
_COLUMNS = 6
_DPI = 110
_LEAST_TILE = 64  # pixels


@dataclass(frozen=True)
class Sample:
    """One image of a picture of samples.

    Attributes
    ----------
    pixels : uint8 array of shape (H, W) or (H, W, 3)
    name : str
        Where to find it again.
    label, prediction : str
        Names of the given class and the predicted one.
    score : str
        As to be printed.
    """

    pixels: npt.NDArray[Any]
    name: str
    label: str
    prediction: str
    score: str


def histogram_text(
    histogram: npt.NDArray[np.int64], bin_edges: npt.NDArray[np.float64], *, bins: int = 10, width: int = 20,
    ascii_only: bool = False
) -> str:  # fmt: skip
    """Draw a histogram for right and wrong predictions with text bars.

    Parameters
    ----------
    histogram : int64 array of shape (2, B)
        Wrong and right, as `burnish.hardness.Accumulator.histogram`.
    bin_edges : float64 array of shape (B + 1,)
        Their edges.
    bins : int, default 10
        Lines; B is a multiple of it.
    width : int, default 20
        Characters of the longest bar of each column.
    ascii_only : bool, default False
        For terminals without block characters.

    Returns
    -------
    str
        One line per bin. The two columns have scales of their own.
    """
    wrong, right = histogram.reshape(2, bins, -1).sum(axis=2)
    edges = bin_edges[:: histogram.shape[1] // bins]
    lines = [f"{'hardness':<11}  {f'right: {right.sum()}':<{width + 9}}  wrong: {wrong.sum()}"]
    for i in range(bins):
        columns = []
        for counts in (right, wrong):
            bar = _bar(float(counts[i]) / max(1, int(counts.max())), width, ascii_only)
            columns.append(f"{counts[i]:>7}  {bar:<{width}}")
        lines.append(f"{edges[i]:.2f} - {edges[i + 1]:.2f}  {'  '.join(columns)}".rstrip())
    return "\n".join(lines)


def _bar(share: float, width: int, ascii_only: bool) -> str:
    if ascii_only:
        return "#" * int(np.ceil(share * width))
    eighths = int(np.ceil(share * width * 8))
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def write_csv(path: Path, columns: Mapping[str, Iterable[object]]) -> None:
    """Write columns of one length, with their names above."""
    with replacing(path) as partial, partial.open("w", newline="", encoding="utf-8", errors="surrogateescape") as file:
        writer = csv.writer(file)
        writer.writerow(columns)
        writer.writerows(zip(*columns.values(), strict=True))


def histogram_picture(
    path: Path, histogram: npt.NDArray[np.int64], bin_edges: npt.NDArray[np.float64], *, title: str
) -> None:
    """Write a histogram for right and wrong predictions as a PNG, one above the other on one axis.

    Parameters
    ----------
    path : pathlib.Path
        Of the PNG.
    histogram, bin_edges : arrays
        As for `histogram_text`.
    title : str
        Above it.
    """
    figure = _figure(8.0, 5.0)
    figure.suptitle(_shortened(title, 70), x=0.5, y=0.96, fontsize=13, parse_math=False)
    panels = figure.subplots(2, 1, sharex=True, gridspec_kw={"hspace": 0.28})
    figure.subplots_adjust(left=0.11, right=0.97, top=0.85, bottom=0.11)
    rows = (("right predictions", histogram[1], _RIGHT), ("wrong predictions", histogram[0], _WRONG))
    for panel, (name, counts, color) in zip(panels, rows, strict=True):
        panel.stairs(counts, bin_edges, fill=True, color=color)
        panel.set_title(f"{name}: {counts.sum():,}", loc="left", fontsize=11, color=color)
        panel.set_ylabel("samples")
        panel.set_xlim(bin_edges[0], bin_edges[-1])
        panel.set_ylim(0, max(1, counts.max()) * 1.05)
        panel.yaxis.get_major_locator().set_params(integer=True, nbins=5)
        panel.spines[["top", "right"]].set_visible(False)
    panels[1].set_xlabel("hardness: entropy of the prediction, nats")
    _save(figure, path)


def samples_picture(path: Path, sections: Sequence[tuple[str, Sequence[Sample]]], *, title: str) -> None:
    """Write a picture of samples with their labels, predictions and scores as a PNG.

    Parameters
    ----------
    path : pathlib.Path
        Of the PNG.
    sections : sequence of (heading, samples)
        Each below the other, six samples a line.
    title : str
        Above all.
    """
    tile, caption, gap, heading, top = 1.5, 0.88, 0.2, 0.38, 0.75  # inches
    heights = [-(-len(samples) // _COLUMNS) * (tile + caption) or 0.6 for _, samples in sections]
    width = _COLUMNS * (tile + gap) + gap
    height = top + len(sections) * heading + sum(heights)
    figure = _figure(width, height)
    figure.text(0.5, 1 - 0.36 / height, _shortened(title, 80), fontsize=14, ha="center", va="center", parse_math=False)
    y = height - top
    for (text, samples), section_height in zip(sections, heights, strict=True):
        figure.text(gap / width, (y - 0.1) / height, text, fontsize=11.5, va="center", parse_math=False)
        y -= heading
        for i, sample in enumerate(samples):
            x, line = gap + (i % _COLUMNS) * (tile + gap), y - (i // _COLUMNS) * (tile + caption)
            _draw(figure, sample, (x / width, (line - tile) / height, tile / width, tile / height))
        if not samples:
            figure.text(gap / width, (y - 0.05) / height, "none", fontsize=10, color=_FAINT)
        y -= section_height
    _save(figure, path)


def sheet_picture(path: Path, rows: Sequence[tuple[str, Sequence[npt.NDArray[Any]]]], *, title: str) -> None:
    """Write rows of images, each with a name at its left, as a PNG.

    Parameters
    ----------
    path : pathlib.Path
        Of the PNG.
    rows : sequence of (name, images)
        uint8 arrays of shape (H, W) or (H, W, C), C 1, 3 or 4; sizes may differ. Rows of small ones are enlarged.
    title : str
        Above all.
    """
    sides = [max(max(image.shape[:2]) for image in images) for _, images in rows]
    tile, gap = max(_LEAST_TILE // max(sides) * max(sides), *sides), 4
    longest = max(len(images) for _, images in rows)
    canvas = np.full((len(rows) * (tile + gap), longest * (tile + gap), 3), 255, np.uint8)
    for row, (_, images) in enumerate(rows):
        enlarged = np.ones((tile // sides[row], tile // sides[row], 1), np.uint8)  # so that pixels can be told apart
        for column, image in enumerate(images):
            pixels = np.kron(_rgb(image), enlarged)
            y, x = row * (tile + gap), column * (tile + gap)
            canvas[y : y + pixels.shape[0], x : x + pixels.shape[1]] = pixels
    names, top = 2.6, 0.5  # inches
    width, height = names + canvas.shape[1] / _DPI, top + canvas.shape[0] / _DPI
    figure = _figure(width, height)
    figure.figimage(canvas, xo=round(names * _DPI), yo=0, resize=False)
    figure.text(0.1 / width, 1 - 0.25 / height, _shortened(title, 100), fontsize=13, va="center", parse_math=False)
    for row, (name, _) in enumerate(rows):
        y = (canvas.shape[0] - row * (tile + gap) - tile / 2) / _DPI / height
        figure.text(0.1 / width, y, _shortened(name, 34), fontsize=10, va="center", parse_math=False)
    _save(figure, path)


def _rgb(image: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return three channels; the fourth, if there is one, as what lets white shine through."""
    pixels = image.reshape(*image.shape[:2], -1)
    if pixels.shape[2] == 4:
        alpha = pixels[:, :, 3:] / 255.0
        pixels = np.rint(pixels[:, :, :3] * alpha + 255.0 * (1 - alpha)).astype(np.uint8)
    return np.broadcast_to(pixels, (*pixels.shape[:2], 3))


def _draw(figure: Any, sample: Sample, place: tuple[float, float, float, float]) -> None:
    with needs_extra("demo"):
        from matplotlib.transforms import Bbox
    axes = figure.add_axes(place, anchor="SW")
    small = max(sample.pixels.shape[:2]) < 100  # enlarged, and squares would be hard to read
    axes.imshow(sample.pixels, cmap="gray", vmin=0, vmax=255, interpolation="bicubic" if small else "antialiased")
    axes.set_axis_off()
    wrong = sample.label != sample.prediction
    texts = (
        (f"label {_shortened(sample.label, 17)}", "black"),
        (f"predicted {_shortened(sample.prediction, 13)}", _WRONG if wrong else _RIGHT),
        (sample.score, "black"),
        (_shortened(sample.name, 21), _FAINT),
    )
    x, y, width, _ = place
    inch = 1 / figure.get_figheight()
    column = figure.transFigure.transform_bbox(Bbox.from_bounds(x, 0, 1.1 * width, 1))  # not into the next one
    for i, (text, color) in enumerate(texts):
        line = y - (0.06 + 0.165 * i) * inch
        figure.text(x, line, text, fontsize=8.5, color=color, va="top", clip_on=True, clip_box=column, parse_math=False)


def _shortened(text: str, longest: int) -> str:
    text = text.encode(errors="replace").decode()  # file names need not be text
    return text if len(text) <= longest else f"{text[: longest // 2]}…{text[-(longest - longest // 2 - 1) :]}"


def _figure(width: float, height: float) -> Any:
    with needs_extra("demo"):
        from matplotlib.figure import Figure
    return Figure(figsize=(width, height), dpi=_DPI, facecolor="white")


def _save(figure: Any, path: Path) -> None:
    with replacing(path) as partial, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph .* missing from", category=UserWarning)
        figure.savefig(partial, format="png")
