# SPDX-License-Identifier: Apache-2.0
"""What ``burnish balance`` prints and writes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from burnish import report
from burnish._command.balance_proof import BEFORE, WITHOUT_NEW_ROWS, Floats, Run

_MEASURES = {"accuracy": "accuracy", "log loss": "log_loss", "ECE": "calibration_error"}
_WEIGHTINGS = ("every class counts the same", "classes as frequent as in training")


def print_proof(names: Sequence[str], runs: Sequence[Run]) -> None:
    """Print a table of all methods, which of them helped, and at what cost."""
    methods = _usable(runs)
    print(f"mean (standard deviation) of {len(runs)} runs, each with other images\n")
    print(_table(names, runs, methods))
    print("\nECE: expected calibration error, how far confidence is from the share of right predictions\n")
    print(_verdicts(runs, methods))
    print("(intervals: Student's t for the differences within runs; runs share images, other data may differ by more)")
    print("\n" + "\n".join(_conclusions(runs, methods)))


def _usable(runs: Sequence[Run]) -> list[str]:
    """List the methods with results in two runs or more."""
    return [name for name in _asked(runs) if sum(name in run.by_method for run in runs) > 1]


def _asked(runs: Sequence[Run]) -> list[str]:
    return list(dict.fromkeys(name for run in runs for name in (*run.by_method, *run.refused)))


def _of(runs: Sequence[Run], method: str, measure: str) -> Floats:
    """Return the measure of each run that has it, (R, ...)."""
    return np.stack([getattr(run.by_method[method], measure) for run in runs if method in run.by_method])


def _table(names: Sequence[str], runs: Sequence[Run], methods: Sequence[str]) -> str:
    recalls = [_of(runs, method, "recall") for method in methods]
    counts = runs[0].train_counts
    lines = [["", "images", "before", *["after"] * (len(methods) - 1)], ["recall", "trained on", *methods]]
    for i, name in enumerate(names):
        lines.append([name, str(counts[i]), *(mean_text(recall[:, i], 2) for recall in recalls)])
    for i, weighting in enumerate(_WEIGHTINGS):
        lines += [[], [weighting]]
        for title, measure in _MEASURES.items():
            lines.append([title, "", *(mean_text(_of(runs, method, measure)[:, i], 3) for method in methods)])
    return aligned(lines)


def mean_text(values: Floats, digits: int) -> str:
    """Return mean and standard deviation."""
    return f"{values.mean():.{digits}f} ({values.std(ddof=1):.{digits}f})".replace("(0.", "(.")


def aligned(lines: Sequence[Sequence[str]]) -> str:
    """Align columns, the first to the left and the others to the right; a line of one cell is a heading."""
    columns = zip(*(line for line in lines if len(line) > 1), strict=True)
    widths = [max(map(len, column)) for column in columns]

    def aligned(line: Sequence[str]) -> str:
        if len(line) < 2:
            return "".join(line)
        cells = [cell.rjust(width) for cell, width in zip(line, widths, strict=True)]
        return "  ".join([line[0].ljust(widths[0]), *cells[1:]]).rstrip()

    return "\n".join(map(aligned, lines))


def _gain(runs: Sequence[Run], method: str, base: str, weighting: int = 0) -> tuple[float, float, float]:
    """Return by how much accuracy exceeds that of `base`, with the ends of the 95 % interval of paired runs."""
    from scipy.special import stdtrit

    both = [run for run in runs if method in run.by_method and base in run.by_method]
    gains = (_of(both, method, "accuracy") - _of(both, base, "accuracy"))[:, weighting]
    half = float(stdtrit(len(gains) - 1, 0.975)) * gains.std(ddof=1) / np.sqrt(len(gains))
    return float(gains.mean()), float(gains.mean() - half), float(gains.mean() + half)


def _verdicts(runs: Sequence[Run], methods: Sequence[str]) -> str:
    lines = [["accuracy against none", "every class the same", "95 % interval", "as frequent as in training", ""]]
    for method in methods[1:]:
        gain, low, high = _gain(runs, method, BEFORE)
        cost = _gain(runs, method, BEFORE, weighting=1)[0]
        word = f"{verdict(gain, low, high):<17}"
        lines.append([method, f"{gain:+.3f}", f"{low:+.3f} to {high:+.3f}", f"{cost:+.3f}", word])
    return aligned(lines)


def verdict(gain: float, low: float, high: float) -> str:
    """Say what a gain with a confidence interval shows."""
    if low > 0:
        return "helped"
    if high < 0:
        return "harmed"
    return "not shown to help" if gain > 0 else "did not help"


def _conclusions(runs: Sequence[Run], methods: Sequence[str]) -> list[str]:
    lines = []
    for method in _asked(runs):
        reasons = [run.refused[method] for run in runs if method in run.refused]
        if reasons:
            lines.append(f"{method} could not be used in {len(reasons)} of {len(runs)} runs: {reasons[0]}")
    plain = [method for method in methods if method in WITHOUT_NEW_ROWS]
    samplers = [method for method in methods[1:] if method not in plain]
    if plain and samplers:
        best = max(plain, key=lambda method: _gain(runs, method, BEFORE)[0])
        better = [method for method in samplers if _gain(runs, method, best)[1] > 0]
        if better:
            lines.append(f"Better than {best}, which changes no rows: {', '.join(better)}.")
        else:
            lines.append(f"No resampling was better than {best}, which changes no rows.")
    losses = {method: round(float(_of(runs, method, "log_loss")[:, 1].mean()), 3) for method in methods}
    best = min(losses, key=lambda method: losses[method])  # none where there is no difference to be seen
    lines.append(f"Where classes stay as frequent as in training, {best} has the best probabilities (log loss).")
    return lines


def write_proof(folder: Path, names: Sequence[str], runs: Sequence[Run]) -> None:
    """Write the numbers of each run to `folder`, and print what was written."""
    recall: dict[str, list[object]] = {
        key: [] for key in ("run", "method", "class", "train_images", "test_images", "recall")
    }
    overall: dict[str, list[object]] = {key: [] for key in ("run", "method", "weighting", *_MEASURES.values())}
    for number, run in enumerate(runs, start=1):
        for method, found in run.by_method.items():
            for cells in zip(names, run.train_counts, run.test_counts, found.recall, strict=True):
                append(recall, number, method, *cells)
            for i, weighting in enumerate(("even", "as_trained")):
                append(overall, number, method, weighting, *(getattr(found, key)[i] for key in _MEASURES.values()))
    folder.mkdir(parents=True, exist_ok=True)
    print("\nwritten:")
    for name, columns, content in (
        ("balance-recall.csv", recall, "recall of each class, method and run"),
        ("balance-overall.csv", overall, "accuracy, log loss and ECE of each method and run"),
    ):
        report.write_csv(folder / name, columns)
        print(f"  {folder / name}: {content}")


def append(columns: dict[str, list[object]], *cells: object) -> None:
    """Put a line of cells below columns."""
    for column, cell in zip(columns.values(), cells, strict=True):
        column.append(f"{cell:.9g}" if isinstance(cell, float) else cell)


def counts_text(counts: npt.NDArray[np.int64]) -> str:
    """Say how many there are in all, and in a class."""
    low, high = int(counts.min()), int(counts.max())
    return f"{counts.sum()} ({high} a class)" if low == high else f"{counts.sum()} ({high} to {low} a class)"
