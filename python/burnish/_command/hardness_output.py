# SPDX-License-Identifier: Apache-2.0
"""What ``burnish hardness`` prints and writes."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish import hardness, report
from burnish._command.hardness_score import Scored, Task
from burnish._extras import needs_extra
from burnish.data import HumanLabels

_NO_LABEL_ERRORS = (
    "Entropy finds ambiguous samples, not wrong labels. To look for wrong labels, sort\n"
    "{csv} by logit_margin, lowest first."
)


def print_summary(task: Task, scored: Scored) -> None:
    """Print the table by class and the histogram."""
    data, accumulator = task.data, scored.accumulator
    entropy, right = scored.by_sample["entropy"], scored.by_sample["correct"]
    print(f"{task.title}: {len(data)} images, {len(data.names)} classes")
    print(f"{task.method}; every image scored by a model that has not seen it: {100 * right.mean():.1f} % right")
    checked = "WARNING: scores depend on" if scored.batch_dependent else "checked: no score depends on"
    print(f"{checked} the batch it was computed in\n")
    print(accumulator.by_class(data.names))
    print(
        f"\nhardness: entropy of the prediction in nats, 0 (sure) to {np.log(len(data.names)):.3f} (no idea); "
        f"mean {_mean(entropy[right])} where right, {_mean(entropy[~right])} where wrong\n"
    )
    encoding = getattr(sys.stdout, "encoding", None) or "ascii"
    ascii_only = "█▏".encode(encoding, errors="replace") != "█▏".encode()
    print(report.histogram_text(accumulator.histogram, accumulator.bin_edges, ascii_only=ascii_only))
    print("(the two columns of bars have scales of their own)\n")


def _mean(values: npt.NDArray[Any]) -> str:
    return f"{values.mean(dtype=np.float64):.3f}" if len(values) else "-"


def print_label_noise(scored: Scored, given: HumanLabels, everything: HumanLabels) -> None:
    """Say how well the scores of `given`, and those of a ResNet-18 on `everything`, find wrong labels."""
    names = ("entropy", "cross_entropy", "logit_margin")
    wrong_here, wrong = given.given != given.true, everything.given != everything.true
    theirs = hardness.scores(None, everything.given, names, probs=everything.probs)
    print(f"wrong labels: {wrong_here.sum()} of {len(wrong_here)} ({100 * wrong_here.mean():.1f} %)", end="")
    print(f"; {wrong.sum()} of all {len(wrong)} ({100 * wrong.mean():.1f} %)" if len(wrong) > len(wrong_here) else "")
    print("how well scores find them (AUROC, average precision):\n")
    print(f"{'':<16}  {'this network':<16}  ResNet-18, all {len(wrong)}")
    for name, text in zip(names, ("entropy", "self-confidence", "logit margin"), strict=True):
        ours = _found(wrong_here, scored.by_sample[name], name)
        print(f"{text:<16}  {ours:<16}  {_found(wrong, theirs[name], name)}")
    print()


def _found(wrong: npt.NDArray[np.bool_], scores: npt.NDArray[Any], name: str) -> str:
    with needs_extra("demo"):
        from sklearn.metrics import average_precision_score, roc_auc_score
    if wrong.all() or not wrong.any() or not np.isfinite(scores).all():
        return "-"
    suspicion = -scores if name == "logit_margin" else scores
    return f"{roc_auc_score(wrong, suspicion):.4f}  {average_precision_score(wrong, suspicion):.4f}"


def write_report(
    folder: Path, task: Task, scored: Scored, *, classes: Sequence[str], human: HumanLabels | None
) -> None:
    """Write scores and pictures to `folder`, and print what was written."""
    data, accumulator = task.data, scored.accumulator
    folder.mkdir(parents=True, exist_ok=True)
    print("written:")
    columns = {
        "id": data.ids,
        "label": [data.names[i] for i in data.labels],
        "prediction": [data.names[i] if i >= 0 else "" for i in scored.by_sample["predictions"]],
        "hardness": [f"{value:.9g}" for value in scored.by_sample["entropy"]],
        "logit_margin": [f"{value:.9g}" for value in scored.by_sample["logit_margin"]],
    }
    if human is not None:
        columns["true_label"] = [data.names[i] for i in human.true]
    report.write_csv(folder / "hardness.csv", columns)
    print(f"  {folder / 'hardness.csv'}: every image with its scores")
    report.histogram_picture(
        folder / "histogram.png", accumulator.histogram, accumulator.bin_edges, title=f"{task.title}: hardness"
    )
    print(f"  {folder / 'histogram.png'}")
    report.samples_picture(
        folder / "hardest.png",
        [("hardest first; hardness is the entropy of the prediction", _samples(task, scored, accumulator.ids))],
        title=f"{task.title}: the {len(accumulator.ids)} hardest of {len(data)} images",
    )
    print(f"  {folder / 'hardest.png'}: the {len(accumulator.ids)} hardest images")
    for name in dict.fromkeys(classes or [accumulator.by_class(data.names).names[0]]):
        path = folder / f"class-{name}.png"
        _write_class(path, task, scored, name)
        print(f"  {path}: its hardest wrong and easiest right images")
    print(f"\n{_NO_LABEL_ERRORS.format(csv=folder / 'hardness.csv')}")


def _write_class(path: Path, task: Task, scored: Scored, name: str) -> None:
    entropy, right = scored.by_sample["entropy"], scored.by_sample["correct"]
    of_class = task.data.labels == task.data.names.index(name)
    wrong, good = np.flatnonzero(of_class & ~right), np.flatnonzero(of_class & right)
    hardest_wrong = wrong[hardness.hardest(entropy[wrong], min(12, len(wrong)))]
    easiest_right = good[hardness.hardest(-entropy[good], min(12, len(good)))]
    sections = [
        (f"predicted wrong, hardest first ({len(wrong)} in all)", _samples(task, scored, hardest_wrong)),
        (f"predicted right, easiest first ({len(good)} in all)", _samples(task, scored, easiest_right)),
    ]
    report.samples_picture(path, sections, title=f"{task.title}: images labeled {name}")


def _samples(task: Task, scored: Scored, indices: npt.NDArray[np.int64]) -> list[report.Sample]:
    data, predictions = task.data, scored.by_sample["predictions"]
    return [
        report.Sample(
            pixels,
            name=data.ids[i],
            label=data.names[data.labels[i]],
            prediction=data.names[predictions[i]] if predictions[i] >= 0 else "nothing",
            score=f"{scored.by_sample['entropy'][i]:.2f} nats",
        )
        for i, pixels in zip(indices, data.pictures(indices), strict=True)
    ]
