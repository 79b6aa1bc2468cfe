# SPDX-License-Identifier: Apache-2.0
"""Results of benchmarks as Markdown tables and as JSON."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from timing import mad, median


@dataclass(frozen=True)
class Result:
    """Timings of one contender in one workload."""

    workload: str
    threads: int
    contender: str
    kind: str  # "burnish", "peer" or "floor"
    seconds: tuple[float, ...]
    bytes_moved: int  # what must be read and written at least once
    error: float  # largest difference from the float64 reference; relative above 1; for selections, wrong items
    note: str = ""
    memory: int = 0  # bytes by which the process grew at most, result included; 0 where it was not measured

    @property
    def median(self) -> float:
        return median(self.seconds)

    @property
    def mad(self) -> float:
        return mad(self.seconds)

    @property
    def bandwidth(self) -> float:
        """Bytes per second."""
        return self.bytes_moved / self.median

    def scaled(self, factor: float, note: str) -> Result:
        """Return what it would have been for `factor` times as many rows."""
        seconds = tuple(factor * value for value in self.seconds)
        return replace(self, seconds=seconds, bytes_moved=round(factor * self.bytes_moved), note=note)


@dataclass(frozen=True)
class Goal:
    """The medians of two contenders should be in this proportion."""

    numerator: str
    denominator: str
    at_least: float = 0.0
    at_most: float = math.inf

    def verdict(self, results: Mapping[str, Result]) -> str | None:
        """Say whether it is met; None where a contender did not run."""
        if self.numerator not in results or self.denominator not in results:
            return None
        ratio = results[self.numerator].median / results[self.denominator].median
        wanted = f"at least {self.at_least:g}x" if self.at_least else f"at most {self.at_most:g}x"
        met = "met" if self.at_least <= ratio <= self.at_most else "MISSED"
        return f"{self.numerator} / {self.denominator}: {ratio:.2f}x, goal {wanted}: {met}"


def markdown(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Lay out a table; the first column to the left, numbers to the right."""
    widths = [max(len(row[i]) for row in [headings, *rows]) for i in range(len(headings))]

    def line(cells: Sequence[str]) -> str:
        first, *others = zip(cells, widths, strict=True)
        return "| " + " | ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)]) + " |"

    rule = (
        "| " + " | ".join("-" * width if i == 0 else "-" * (width - 1) + ":" for i, width in enumerate(widths)) + " |"
    )
    return "\n".join([line(headings), rule, *map(line, rows)])


def table(results: Sequence[Result], baseline: str) -> str:
    """Compare the contenders of one workload with `baseline`."""
    by_name = {result.contender: result for result in results}
    unit = by_name[baseline].median
    read = by_name["read"].bandwidth if "read" in by_name else math.nan
    rows = [
        [
            f"{result.contender} ({result.note})" if result.note else result.contender,
            f"{result.median:.3g}" if result.median < 100 else f"{result.median:.0f}",
            f"{result.mad:.1g}",
            f"{result.median / unit:.2f}x",
            f"{result.bandwidth / 1e9:.1f}",
            f"{100 * result.bandwidth / read:.0f} %",
            "-" if result.kind == "floor" else f"{result.error:.1e}",
            str(len(result.seconds)),
        ]
        for result in results
    ]
    headings = ["contender", "median s", "MAD", f"time / {baseline}", "GB/s", "of read", "largest error", "runs"]
    return markdown(headings, rows)


def summary(groups: Sequence[Sequence[Result]]) -> str:
    """One line a workload: burnish, the best peer, the share of the machine's read bandwidth."""
    rows = []
    for results in groups:
        by_name = {result.contender: result for result in results}
        ours, reused = by_name["burnish"], by_name.get("burnish, out=")
        peers = [result for result in results if result.kind == "peer"]
        best = min(peers, key=lambda result: result.median, default=None)
        read = by_name["read"].bandwidth
        quick = reused or ours
        rows.append(
            [
                ours.workload,
                str(ours.threads),
                f"{ours.median:.4f}",
                f"{reused.median:.4f}" if reused else "-",
                best.contender if best else "-",
                f"{best.median:.4f}" if best else "-",
                f"{best.median / ours.median:.1f}x" if best else "-",
                f"{best.median / quick.median:.1f}x" if best else "-",
                f"{100 * ours.bandwidth / read:.0f} %",
                f"{100 * quick.bandwidth / read:.0f} %",
            ]
        )
    return markdown(
        ["workload", "threads", "burnish s", "with out= s", "best peer", "its s", "peer / burnish", "peer / out=",
         "of read", "of read, out="],
        rows,
    )  # fmt: skip


def write_json(path: str | Path, where: Mapping[str, Any], results: Sequence[Result]) -> None:
    """Write environment and results, beside the file first and then renamed."""
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    entries = [asdict(result) | {"median": result.median, "mad": result.mad} for result in results]
    partial = target.with_name(f".{target.name}.partial")
    partial.write_text(json.dumps({"environment": where, "results": entries}, indent=1) + "\n")
    partial.replace(target)


def read_json(path: str | Path) -> tuple[dict[str, Any], list[Result]]:
    """Read what `write_json` wrote."""
    content = json.loads(Path(path).read_text())
    results = []
    for entry in content["results"]:
        entry = {name: value for name, value in entry.items() if name not in ("median", "mad")}
        results.append(Result(**{**entry, "seconds": tuple(entry["seconds"])}))
    return content["environment"], results
