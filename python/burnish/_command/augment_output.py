# SPDX-License-Identifier: Apache-2.0
"""What ``burnish augment`` prints and writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import burnish
from burnish import report
from burnish._command.augment_proof import BEFORE, Run
from burnish._command.balance_output import aligned, append, mean_text, verdict
from burnish.augment import Compose
from burnish.data import LabeledImages

_MEASURES = {"accuracy": "accuracy", "log loss": "log_loss", "loss in training": "train_loss"}
_DRAWS = 8  # of each original on the sheet
_ORIGINALS = 8


def print_proof(names: Sequence[str], runs: Sequence[Run], pipelines: Mapping[str, Compose]) -> None:
    """Print the pipelines, a table of all, what helped, and which classes lost."""
    for name, pipe in pipelines.items():
        print(f"\n{name}: {pipe!r}")
    print(f"\nmean (standard deviation) of {len(runs)} seeds; test images as they are\n")
    print(_table(names, runs))
    print("\n" + _verdicts(runs, list(pipelines)))
    print(
        "(intervals: Student's t for the differences within runs; runs share images, other data may differ by more)\n"
    )
    for name in pipelines:
        print("\n".join(_conclusions(names, runs, name)))
    threads = burnish.get_num_threads()
    print(
        f"\nspeed in training, {threads} {'thread' if threads == 1 else 'threads'}, one call a batch with `out` reused:"
    )
    for name in pipelines:
        print(f"  {name}: {np.median(_of(runs, name, 'images_per_second')):,.0f} images a second")


def _of(runs: Sequence[Run], pipeline: str, measure: str) -> npt.NDArray[np.float64]:
    """Return the measure of each run, (R, ...)."""
    return np.stack([getattr(run.by_pipeline[pipeline], measure) for run in runs])


def _table(names: Sequence[str], runs: Sequence[Run]) -> str:
    pipelines = list(runs[0].by_pipeline)
    lines = [["pipeline", *pipelines]]
    for title, measure in _MEASURES.items():
        digits = 4 if measure == "accuracy" else 3
        lines.append([title, *(mean_text(_of(runs, name, measure), digits) for name in pipelines)])
    lines += [[], ["part of each class that is right"]]
    recalls = [_of(runs, name, "recall") for name in pipelines]
    lines += [[name, *(mean_text(recall[:, i], 3) for recall in recalls)] for i, name in enumerate(names)]
    return aligned(lines)


def _gain(runs: Sequence[Run], pipeline: str) -> tuple[float, float, float]:
    """Return by how much accuracy exceeds that without, with the ends of the 95 % interval of paired runs."""
    from scipy.special import stdtrit

    gains = _of(runs, pipeline, "accuracy") - _of(runs, BEFORE, "accuracy")
    half = float(stdtrit(len(gains) - 1, 0.975)) * gains.std(ddof=1) / np.sqrt(len(gains))
    return float(gains.mean()), float(gains.mean() - half), float(gains.mean() + half)


def _verdicts(runs: Sequence[Run], pipelines: Sequence[str]) -> str:
    lines = [["accuracy against none", "difference", "95 % interval", "in each run", ""]]
    for name in pipelines:
        gain, low, high = _gain(runs, name)
        each = _of(runs, name, "accuracy") - _of(runs, BEFORE, "accuracy")
        shown = " ".join(f"{value:+.4f}" for value in each[:5]) + (" ..." if len(each) > 5 else "")
        word = f"{verdict(gain, low, high):<17}"
        lines.append([name, f"{gain:+.4f}", f"{low:+.4f} to {high:+.4f}", shown, word])
    return aligned(lines)


def _conclusions(names: Sequence[str], runs: Sequence[Run], pipeline: str) -> list[str]:
    """Say which classes a pipeline costs, in every run."""
    lost = _of(runs, pipeline, "recall") - _of(runs, BEFORE, "recall")
    worse = [i for i in lost.mean(axis=0).argsort() if (lost[:, i] < 0).all()]
    if not worse:
        return [f"{pipeline}: no class lost in every run."]
    shown = ", ".join(f"{names[i]} ({lost[:, i].mean():+.3f})" for i in worse[:6])
    return [f"{pipeline}: classes that lost in every run: {shown}{' and more' if len(worse) > 6 else ''}."]


def write_proof(
    folder: Path, data: LabeledImages, title: str, runs: Sequence[Run], pipelines: Mapping[str, Compose]
) -> None:
    """Write the numbers of each run and a sheet of varied images to `folder`, and print what was written."""
    overall: dict[str, list[object]] = {key: [] for key in ("run", "pipeline", *_MEASURES.values())}
    recall: dict[str, list[object]] = {key: [] for key in ("run", "pipeline", "class", "recall")}
    for number, run in enumerate(runs, start=1):
        for name, trained in run.by_pipeline.items():
            append(overall, number, name, *(getattr(trained, measure) for measure in _MEASURES.values()))
            for label, value in zip(data.names, trained.recall.tolist(), strict=True):
                append(recall, number, name, label, value)
    folder.mkdir(parents=True, exist_ok=True)
    print("\nwritten:")
    for name, columns, content in (
        ("augment-overall.csv", overall, "accuracy and losses of each pipeline and run"),
        ("augment-recall.csv", recall, "the part of each class that is right"),
    ):
        report.write_csv(folder / name, columns)
        print(f"  {folder / name}: {content}")
    _write_sheet(folder, data, title, runs[0].train, pipelines)


def write_sheet(
    folder: Path, data: LabeledImages, title: str, of: npt.NDArray[np.int64], pipelines: Mapping[str, Compose]
) -> None:
    """Write a sheet of some of the images `of` and what pipelines make of them, and print that it was written."""
    folder.mkdir(parents=True, exist_ok=True)
    print("written:")
    _write_sheet(folder, data, title, of, pipelines)


def _write_sheet(
    folder: Path, data: LabeledImages, title: str, of: npt.NDArray[np.int64], pipelines: Mapping[str, Compose]
) -> None:
    rows = _sheet(data, of, pipelines)
    report.sheet_picture(folder / "augment.png", rows, title=f"{title}: as the network sees them")
    print(f"  {folder / 'augment.png'}: {len(rows[0][1])} images and {_DRAWS} draws of each pipeline for them")


def _sheet(
    data: LabeledImages, of: npt.NDArray[np.int64], pipelines: Mapping[str, Compose]
) -> list[tuple[str, list[Any]]]:
    """Return rows of images: the originals, then each pipeline's draws for them, one epoch below the other."""
    chosen = of[np.linspace(0, len(of) - 1, min(_ORIGINALS, len(of))).astype(int)]
    images = data.images[chosen]
    rows = [("originals", list(images))]
    for name, pipe in pipelines.items():
        for epoch in range(_DRAWS):
            rows.append((name if epoch == 0 else "", list(pipe(images, ids=chosen, epoch=epoch))))
    return rows
