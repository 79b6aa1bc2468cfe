# SPDX-License-Identifier: Apache-2.0
"""Print every operation beside independent ones: ``python tests/augment/difference_table.py``.

Bytes are compared with a library's bytes, or with float64 values that are not rounded: then the difference is what lies
beyond the half that rounding takes. Images are random bytes, smooth ones and ones of few values.
"""

from __future__ import annotations

import argparse
import inspect
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(1, str(Path(__file__).resolve().parent.parent))

import oracles_filters
import oracles_functional
import oracles_geometry
import oracles_mixing
import oracles_noise
import oracles_resize
import oracles_tone
import oracles_values
from burnish import augment
from burnish.augment import functional
from burnish.augment._compose import Container
from burnish.augment._pipeline import Pipeline
from oracles import LARGE, ROWS, SMALL, Row, is_within, measure

__all__ = [
    "ROWS",
    "oracles_filters",
    "oracles_functional",
    "oracles_geometry",
    "oracles_mixing",
    "oracles_noise",
    "oracles_resize",
    "oracles_tone",
    "oracles_values",
]


def operations() -> list[str]:
    """Return all public operations; containers only choose among them."""
    classes = [(name, getattr(augment, name)) for name in augment.__all__ if inspect.isclass(getattr(augment, name))]
    transforms = [name for name, c in classes if issubclass(c, Pipeline) and not issubclass(c, Container)]
    return transforms + [f"functional.{name}" for name in functional.__all__]


def line(row: Row, sizes: tuple[tuple[int, int], ...]) -> tuple[list[str], bool]:
    cells, fine = [row.operation, row.oracle, "/".join(map(str, row.channels))], True
    for dtype in ("uint8", "float32"):
        if dtype not in row.dtypes:
            cells += ["-", "", ""]
            continue
        found = measure(row, dtype, sizes)
        fine &= is_within(row, found)
        largest = "exact" if found.largest == 0 else f"{found.largest:.2g}"
        cells += [f"{found.values:,}", f"{100 * found.equal:.4g} %", largest]
    return [*cells, row.reason if fine else "OUT OF BOUNDS"], fine


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--small", action="store_true", help="small images only")
    options = parser.parse_args()
    sizes, fine = SMALL if options.small else LARGE, True
    print("images of", ", ".join(f"{h} x {w}" for h, w in sizes), "pixels; three each")
    lines = [["operation", "oracle", "channels", "uint8 values", "equal", "largest, of 255", "float32 values",
              "within bound", "largest, of 1", "why not exact"]]  # fmt: skip
    order = {name: i for i, name in enumerate(operations())}
    for row in sorted(ROWS, key=lambda row: order.get(row.operation, -1)):
        if row.is_possible():
            cells, is_fine = line(row, sizes)
            lines.append(cells)
            fine &= is_fine
        else:
            lines.append([row.operation, row.oracle, *[""] * 7, f"{' '.join(row.needs)} is not installed"])
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    for cells in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip())
    missing = sorted(set(operations()) - {row.operation for row in ROWS})
    if missing:
        print("without an oracle:", ", ".join(missing))
    return 0 if fine and not missing else 1


if __name__ == "__main__":
    sys.exit(main())
