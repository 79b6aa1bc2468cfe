# SPDX-License-Identifier: Apache-2.0
"""What a scan found, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from burnish._words import counted, shown, some
from burnish.data._decode import KINDS, SKIPPED

if TYPE_CHECKING:
    from burnish._improve.scan import Scan

_MOST_CLASSES, _SHOWN_CLASSES, _SHOWN = 40, 10, 5
_WIDEST = 40
_ONE_COLOR = 1 / 255  # contrast below it


def summary(scan: Scan) -> str:
    """Return lines for a terminal."""
    parts = [_head(scan), _classes(scan), _looks(scan), _problems(scan), _copies(scan)]
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def channel_statistics(scan: Scan) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Return mean and standard deviation of red, green and blue, 0 to 1, over the training images that are usable.

    Every image counts the same, whatever its size; for images of one size these are those of all pixels, as
    `burnish.augment.normalize` wants them.
    """
    rows = scan.usable & ~scan.images.held_out
    means = scan.facts["means"][rows].astype(np.float64)
    stds = scan.facts["stds"][rows].astype(np.float64)
    if not len(means):
        return np.full(3, np.nan), np.full(3, np.nan)
    mean = means.mean(axis=0)
    return mean, np.sqrt((stds**2 + (means - mean) ** 2).mean(axis=0))


def _head(scan: Scan) -> list[str]:
    images, held = scan.images, int(scan.images.held_out.sum())
    parts = f" ({len(images) - held:,} to train on, {held:,} held out)" if held else ""
    classes, size = counted(len(images.names), "class", "classes"), _size(int(scan.facts["bytes"].sum()))
    lines = [f"{shown(images.title)}: {counted(len(images), 'image')}{parts}, {classes}, {size}"]
    unlabeled = int((images.labels < 0).sum())
    if unlabeled:
        lines.append(f"without a label: {unlabeled:,}")
    return lines + [f"note: {shown(note)}" for note in images.notes]


def _size(count: float) -> str:
    for unit in ("bytes", "kB", "MB", "GB"):
        if count < 1000:
            return f"{count:.0f} {unit}" if unit == "bytes" else f"{count:.1f} {unit}"
        count /= 1000
    return f"{count:.1f} TB"


def _classes(scan: Scan) -> list[str]:
    names, counts, held = scan.images.names, scan.class_counts, scan.held_out_counts
    if not names:
        return ["no classes: these are images without labels"]
    order = list(range(len(names)))
    if len(names) > _MOST_CLASSES:
        by_size = sorted(order, key=lambda i: (-counts[i], i))
        order = [*by_size[:_SHOWN_CLASSES], -1, *by_size[-_SHOWN_CLASSES:]]
    width = min(_WIDEST, max(5, *(len(shown(names[i])) for i in order if i >= 0)))
    both = bool(scan.images.held_out.any())
    lines = [f"{'class':<{width}}  {'train' if both else 'images':>9}" + (f"  {'held out':>9}" if both else "")]
    for i in order:
        if i < 0:
            lines.append(f"... {len(names) - 2 * _SHOWN_CLASSES:,} more classes ...")
            continue
        name = shown(names[i])
        name = name if len(name) <= width else name[: width - 3] + "..."
        lines.append(f"{name:<{width}}  {counts[i]:>9,}" + (f"  {held[i]:>9,}" if both else ""))
    return lines + _imbalance(names, counts)


def _imbalance(names: tuple[str, ...], counts: npt.NDArray[np.int64]) -> list[str]:
    lines = []
    if len(names) == 1:
        lines.append("one class only: there is nothing to tell it from")
    most, fewest = int(np.argmax(counts)), int(np.argmin(counts))
    if counts[fewest] and counts[most] > counts[fewest]:
        times = counts[most] / counts[fewest]
        lines.append(
            f"the largest class, {shown(names[most])}, has {times:.1f} times as many as the smallest, "
            f"{shown(names[fewest])}"
        )
    for count, words in ((0, "no usable image to train on"), (1, "one image only")):
        few = [shown(names[i]) for i in np.flatnonzero(counts == count)]
        if few:
            lines.append(f"{words}: {some(few, _SHOWN)}")
    return lines


def _looks(scan: Scan) -> list[str]:
    usable, facts = scan.usable, scan.facts
    if not usable.any():
        return ["no image can be used"]
    width, height = facts["width"][usable], facts["height"][usable]
    if (width == width[0]).all() and (height == height[0]).all():
        lines = [f"size        {width[0]} x {height[0]}, all"]
    else:
        lines = [f"size        width {_range(width)}, height {_range(height)}"]
    lines.append(f"formats     {_tally(facts['format'][usable])}")
    lines.append(f"modes       {_tally(facts['mode'][usable])}")
    for name in ("brightness", "contrast"):
        values = facts[name][usable]
        low, middle, high = np.percentile(values, [5, 50, 95])
        lines.append(f"{name:<10}  {middle:.3f} in the middle, {low:.3f} to {high:.3f} for nine of ten images (0 to 1)")
    mean, std = channel_statistics(scan)
    lines.append(f"channels    mean {_three(mean)}, std {_three(std)} of red, green, blue")
    blank = np.flatnonzero(usable & (facts["contrast"] < _ONE_COLOR))
    if len(blank):
        lines.append(f"one color   {counted(len(blank), 'image')}: {_some(scan, blank)}")
    return lines


def _range(values: npt.NDArray[Any]) -> str:
    return f"{values.min():,} to {values.max():,} (median {np.median(values):,.0f})"


def _tally(words: npt.NDArray[Any]) -> str:
    found, counts = np.unique(words, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    return ", ".join(f"{found[i]} {counts[i]:,}" for i in order)


def _three(values: npt.NDArray[np.float64]) -> str:
    return "(" + ", ".join(f"{value:.4f}" for value in values) + ")"


def _some(scan: Scan, rows: npt.NDArray[np.int64]) -> str:
    return some([shown(scan.images.ids[i]) for i in rows[: _SHOWN + 1]], _SHOWN)


def _problems(scan: Scan) -> list[str]:
    lines = []
    by_kind = scan.problems.by_kind
    start = 0
    for kind in KINDS:
        rows = by_kind.get(kind, np.empty(0, np.int64))
        if len(rows):
            done = "skipped" if not scan.usable[rows].any() or kind in SKIPPED else "converted"
            lines.append(f"{kind}: {counted(len(rows), 'image')}, {done}")
            some = scan.problems[start : start + min(_SHOWN, len(rows))]
            lines += [f"  {shown(scan.images.ids[problem.sample])}: {shown(problem.text)}" for problem in some]
            lines += [f"  ... and {len(rows) - _SHOWN:,} more"] if len(rows) > _SHOWN else []
        start += len(rows)
    return lines or ["every image can be read, and none is odd"]


def _labeled_before(scan: Scan, row: int) -> int:
    """Return the first labeled image with the pixels of another."""
    first = int(scan.copy_of[row])
    same = np.flatnonzero(scan.copy_of == first)
    return next(int(i) for i in (first, *same) if scan.images.labels[i] >= 0)


def _copies(scan: Scan) -> list[str]:
    copies = np.flatnonzero(scan.copy_of >= 0)
    if not len(copies):
        return ["exact copies: none"]
    ids, names, labels = scan.images.ids, scan.images.names, scan.images.labels

    wrong, leaks = scan.contradictions, scan.leaks

    def pairs(title: str, rows: npt.NDArray[np.int64]) -> list[str]:
        if not len(rows):
            return []
        lines = [f"  {title}: {len(rows):,}"]
        for row in rows[:_SHOWN]:
            other = _labeled_before(scan, row) if rows is wrong else scan.copy_of[row]
            words = [
                f"{shown(ids[i])} ({shown(names[labels[i]]) if labels[i] >= 0 else 'no label'})" for i in (row, other)
            ]
            lines.append("    " + " is ".join(words))
        return lines + ([f"    ... and {len(rows) - _SHOWN:,} more"] if len(rows) > _SHOWN else [])

    rest = np.setdiff1d(copies, np.union1d(wrong, leaks))
    return [
        f"exact copies, with the same pixels as an image before: {len(copies):,}",
        *pairs("with another label, so one of the two is wrong", wrong),
        *pairs("held out though a model is trained on it", leaks),
        *pairs("others", rest),
    ]
