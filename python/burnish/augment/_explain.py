# SPDX-License-Identifier: Apache-2.0
"""What the engine makes of a pipeline, in words and bytes."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from burnish import _core

# Where a step's name in the core says too little.
_WORDS = {"orient": "flip or turn", "gauss_blur": "blur", "pillow_blur": "Pillow's blur"}
_READ = {
    "copy": "copy",
    "warp": "resample by one matrix",
    "separable": "filter rows and columns",
    "taps": "filter",
    "sharpness": "filter",
}
_PREPARED = {"boxes": "boxes", "unsharp": "boxes and mask", "resize": "resample rows and columns"}

_MOST_SHOWN = 8


@dataclass(frozen=True)
class Stage:
    """One pass over the pixels of a sample.

    Parameters
    ----------
    does : str
        How it reads, and which steps that joins.
    changes : tuple of str
        The operations on values while they are in the cache, in order.
    reads, writes : str
        Dtype and layout.
    size : pair of int
        Height and width of its result.
    bytes_read, bytes_written : float
        Bytes of memory for each pixel of its result.
    """

    does: str
    changes: tuple[str, ...]
    reads: str
    writes: str
    size: tuple[int, int]
    bytes_read: float
    bytes_written: float

    def lines(self) -> list[str]:
        """Return what the stage does, and what it moves."""
        changes = f"; then {', '.join(self.changes)}" if self.changes else ""
        moved = f"reads {self.bytes_read:.3g}, writes {self.bytes_written:.3g} bytes a pixel"
        return [f"{self.does}{changes}", f"{self.reads} -> {self.writes}, {self.size[0]} x {self.size[1]}, {moved}"]


@dataclass(frozen=True)
class Explanation:
    """The passes that samples take; it prints the most frequent ways.

    Parameters
    ----------
    kinds : list of (stages, number of samples)
        The most frequent first; the same stages with other sizes count as others.
    samples : int
    """

    kinds: list[tuple[tuple[Stage, ...], int]]
    samples: int

    def __str__(self) -> str:
        lines = []
        for stages, count in self.kinds[:_MOST_SHOWN]:
            total = sum(stage.bytes_read + stage.bytes_written for stage in stages)
            passes = f"{len(stages)} pass{'es' if len(stages) > 1 else ''}"
            lines.append(f"{count} of {self.samples} samples: {passes}, {total:.3g} bytes a pixel")
            for i, stage in enumerate(stages, 1):
                does, moves = stage.lines()
                lines += [f"  {i}. {does}", f"     {moves}"]
        if len(self.kinds) > _MOST_SHOWN:
            rest = [count for _, count in self.kinds[_MOST_SHOWN:]]
            lines.append(f"{sum(rest)} of {self.samples} samples: in {len(rest)} other ways")
        return "\n".join(lines) if lines else "no samples"

    def __repr__(self) -> str:
        return str(self)


def explained(
    call: str, steps: Any, order: Any, fuse: bool, sizes: Any, sizes_after: Any, channels: int,
    reads: tuple[str, _core.Layout], writes: tuple[str, _core.Layout],
) -> Explanation:  # fmt: skip
    """Ask the core, and count equal answers."""
    found = _core.explain_pipeline(
        call, steps, order, fuse, [tuple(size) for size in sizes.tolist()],
        [tuple(size) for size in sizes_after.tolist()], channels, *reads, *writes,
    )  # fmt: skip
    counted: Counter[tuple[Stage, ...]] = Counter(tuple(map(_stage, stages)) for stages in found)
    return Explanation(counted.most_common(), len(found))


def _words(op: _core.Op) -> str:
    return _WORDS.get(op.name, op.name.replace("_", " "))


def _stage(raw: Any) -> Stage:
    by, prepared, joined, changes, reads, from_layout, writes, to_layout, height, width, read, written = raw
    pixels = height * width
    steps = [_words(op) for op in joined if op is not _core.Op.levels]
    does = _PREPARED.get(prepared, _READ[by]) + (f" ({', '.join(steps)})" if steps else "")
    return Stage(
        does, tuple(map(_words, changes)), f"{reads} {from_layout.name.upper()}",
        f"{writes} {to_layout.name.upper()}", (height, width), read / pixels, written / pixels,
    )  # fmt: skip
