# SPDX-License-Identifier: Apache-2.0
"""The command ``burnish``."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import importlib
import io
import os
import re
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import burnish
from burnish import data as images
from burnish import hardness, report
from burnish._classifier import Fold, convolutional_folds, linear_folds
from burnish._extras import MissingExtraError, needs_extra
from burnish.data import DataError, HumanLabels, LabeledImages

_SHARD = 1024
_BINS = 30
_NO_LABEL_ERRORS = (
    "Entropy finds ambiguous samples, not wrong labels. To look for wrong labels, sort\n"
    "{csv} by logit_margin, lowest first."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Default those of the process.

    Returns
    -------
    int
        Exit code: 0, 2 for a wrong argument or unusable input, 130 after Ctrl-C.
    """
    options = _parser().parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of folders need not be text
    try:
        options.run(options)
        sys.stdout.flush()
    except (DataError, MissingExtraError, OSError) as error:
        if isinstance(error, BrokenPipeError):  # the reader has seen enough; nothing more can be written there
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        print(f"burnish: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("burnish: interrupted; files that were named as written are whole, no other was touched", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="burnish", description="Polish the training set of a classifier.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"burnish {burnish.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_hardness(commands)
    info = commands.add_parser("info", help="say what was built and what runs", description="What was built and runs.")
    info.set_defaults(run=_info)
    return parser


def _add_hardness(commands: Any) -> None:
    parser = commands.add_parser(
        "hardness",
        help="find the samples that a classifier is unsure about",
        description="Train a quick classifier, score every image with a model that has not seen it, and say\n"
        "which classes and images are hard: a table by class, a histogram for right and wrong\n"
        "predictions, pictures of the hardest images, and all scores as a table (CSV).",
        epilog="examples:\n"
        "  burnish hardness --demo                    scikit-learn's digits; seconds\n"
        "  burnish hardness photos/                   photos/cat/*.jpg, photos/dog/*.jpg, ...\n"
        "  burnish hardness photos.zip --flip         the same in a zip, which is not unpacked\n"
        "  burnish hardness cifar10 --limit 500       cifar10-train.zip in the folder $BURNISH_DATA\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("path", nargs="?", metavar="PATH", help="a folder with a folder of images per class, a zip of that, or cifar10")
    add("--demo", action="store_true", help="use scikit-learn's handwritten digits and a logistic regression")
    add("--out", type=Path, default=Path("report"), metavar="FOLDER", help="where to write (default: report)")
    add(
        "--class",
        dest="classes",
        action="append",
        default=[],
        metavar="NAME",
        help="also show the hardest wrong and the easiest right images of this class; may be repeated "
        "(default: the hardest class)",
    )
    add("--top", type=_integer(1, 60), default=24, metavar="N", help="hardest images to show, 1 to 60 (default: 24)")
    add("--limit", type=_integer(2), metavar="N", help="use the first N images of each class only")
    add(
        "--noisy-labels",
        choices=("aggregate", "worst"),
        help="with cifar10: take the labels that people gave (CIFAR-10N) and measure how well scores find wrong ones",
    )
    add = parser.add_argument_group("training").add_argument
    add(
        "--folds",
        type=_integer(2, 20),
        metavar="N",
        help="each of N parts is scored by a model trained on the others, 2 to 20 (default: 2; demo: 5)",
    )
    add("--epochs", type=_integer(1), metavar="N", help="default: 6, more for small sets")
    add(
        "--image-size",
        type=_integer(8, 256),
        default=32,
        metavar="PIXELS",
        help="images are cropped to a square and resized to this, 8 to 256 (default: 32)",
    )
    add("--flip", action="store_true", help="mirror half of the training images; not for letters (default: cifar10)")
    add("--seed", type=_integer(0), default=0, metavar="N", help="default: 0")
    parser.set_defaults(run=_hardness, error=parser.error)


def _integer(least: int, most: int | None = None) -> Callable[[str], int]:
    accepted = f"{least} or more" if most is None else f"{least} to {most}"

    def parse(text: str) -> int:
        value = int(text) if re.fullmatch(r"\d{1,9}", text) else -1
        if value < least or (most is not None and value > most):
            raise argparse.ArgumentTypeError(f"{text!r} is not accepted; accepted: an integer, {accepted}")
        return value

    return parse


def _info(options: argparse.Namespace) -> None:
    facts = burnish.build_info()
    width = max(map(len, facts))
    for name, value in facts.items():
        text = ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
        print(f"{name:<{width}}  {text or '-'}")


@dataclass(frozen=True)
class _Task:
    """What to score, and with which classifier."""

    data: LabeledImages
    title: str
    method: str
    folds: Iterator[Fold]


@dataclass(frozen=True)
class _Scored:
    accumulator: hardness.Accumulator
    by_sample: dict[str, npt.NDArray[Any]]
    batch_dependent: bool


def _hardness(options: argparse.Namespace) -> None:
    if (options.path is None) == (not options.demo):
        options.error("name a folder, a zip or cifar10, or give --demo")
    if options.noisy_labels and options.path != "cifar10":
        options.error("--noisy-labels goes with cifar10 only")
    _check_libraries(options)
    _check_out(options.out)
    human = None if options.noisy_labels is None else images.load_cifar10_human_labels(options.noisy_labels)
    task = _task(options, human)
    for name in options.classes:
        if name not in task.data.names:
            raise DataError(f"--class {name} is not a class; accepted: {', '.join(task.data.names)}")
    scored = _score(task, options.top)
    _print_summary(task, scored)
    if human is not None:
        _print_label_noise(options, task, scored, human)
    _write_report(options, task, scored, human)


def _task(options: argparse.Namespace, human: HumanLabels | None) -> _Task:
    if options.demo:
        data = _limited(images.load_digits(), options.limit)
        folds = options.folds or 5
        return _Task(
            data, "scikit-learn's digits", f"logistic regression, {folds} folds",
            linear_folds(data, folds=folds, seed=options.seed),
        )  # fmt: skip
    progress = functools.partial(print, file=sys.stderr, flush=True)

    def read(done: int, of: int) -> None:
        if done % 10_000 == 0:
            progress(f"read {done} of {of} images")

    if options.path == "cifar10":
        data, title = images.load_cifar10(limit=options.limit, progress=read), "CIFAR-10"
        if human is not None:
            data, title = _relabeled(data, human, options.limit), f"CIFAR-10, human labels ({options.noisy_labels})"
    else:
        data = images.load_images(options.path, size=options.image_size, limit=options.limit, progress=read)
        title = Path(options.path).resolve().name
    folds = options.folds or 2
    trained = convolutional_folds(
        data, folds=folds, seed=options.seed, epochs=options.epochs, flip=options.flip or options.path == "cifar10",
        progress=progress,
    )  # fmt: skip
    return _Task(data, title, f"small convolutional network, {folds} folds", trained)


def _limited(data: LabeledImages, limit: int | None) -> LabeledImages:
    return data if limit is None else data.first_of_each_class(limit)


def _rows_of(human: HumanLabels, limit: int | None) -> npt.NDArray[np.int64]:
    places = images.place_in_class(human.true)
    return np.flatnonzero(places < (len(places) if limit is None else limit))


def _relabeled(data: LabeledImages, human: HumanLabels, limit: int | None) -> LabeledImages:
    rows = _rows_of(human, limit)
    if not np.array_equal(human.true[rows], data.labels):
        raise DataError("the photographs and the human labels do not belong together: classes have different sizes")
    return dataclasses.replace(data, labels=human.given[rows])


def _score(task: _Task, top: int) -> _Scored:
    data = task.data
    which = ("entropy", "logit_margin", "cross_entropy", "predictions", "correct")
    by_sample: dict[str, npt.NDArray[Any]] = {}
    dependent = False
    total = hardness.Accumulator(min(top, len(data)), len(data.names), bins=_BINS)
    for fold in task.folds:
        if len(fold.held_out) >= 4:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", hardness.BatchDependenceWarning)  # said in the summary
                dependent |= hardness.batch_dependent(fold.logits, fold.held_out[:256])
        part = hardness.Accumulator(min(top, len(data)), len(data.names), bins=_BINS)
        for indices in np.array_split(fold.held_out, -(-len(fold.held_out) // _SHARD)):
            logits, labels = fold.logits(indices), data.labels[indices]
            part.update(logits, labels, ids=indices)
            for name, values in hardness.scores(logits, labels, which).items():
                by_sample.setdefault(name, np.empty(len(data), values.dtype))[indices] = values
        total = total.merge(part)
    return _Scored(total, by_sample, dependent)


def _print_summary(task: _Task, scored: _Scored) -> None:
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


def _print_label_noise(options: argparse.Namespace, task: _Task, scored: _Scored, human: HumanLabels) -> None:
    names = ("entropy", "cross_entropy", "logit_margin")
    rows = _rows_of(human, options.limit)
    wrong_here, wrong = (human.given != human.true)[rows], human.given != human.true
    theirs = hardness.scores(None, human.given, names, probs=human.probs)
    print(f"wrong labels: {wrong_here.sum()} of {len(rows)} ({100 * wrong_here.mean():.1f} %)", end="")
    print("" if options.limit is None else f"; {wrong.sum()} of all {len(wrong)} ({100 * wrong.mean():.1f} %)")
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


def _check_libraries(options: argparse.Namespace) -> None:
    """Refuse a missing library before the work rather than after it."""
    with needs_extra("demo"):
        importlib.import_module("matplotlib.figure")
        if options.demo or options.noisy_labels:
            importlib.import_module("sklearn.metrics")
        if not options.demo:
            importlib.import_module("PIL.Image")
            importlib.import_module("torch")


def _check_out(folder: Path) -> None:
    """Refuse a folder that cannot be written to, before the work rather than after it."""
    nearest = next(parent for parent in (folder.absolute(), *folder.absolute().parents) if parent.exists())
    if not nearest.is_dir() or not os.access(nearest, os.W_OK | os.X_OK):
        raise DataError(f"--out {folder} cannot be written: {nearest} is not a folder that may be written to")


def _write_report(options: argparse.Namespace, task: _Task, scored: _Scored, human: HumanLabels | None) -> None:
    folder, data, accumulator = options.out, task.data, scored.accumulator
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
        columns["true_label"] = [data.names[i] for i in human.true[_rows_of(human, options.limit)]]
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
    for name in dict.fromkeys(options.classes or [accumulator.by_class(data.names).names[0]]):
        path = folder / f"class-{name}.png"
        _write_class(path, task, scored, name)
        print(f"  {path}: its hardest wrong and easiest right images")
    print(f"\n{_NO_LABEL_ERRORS.format(csv=folder / 'hardness.csv')}")


def _write_class(path: Path, task: _Task, scored: _Scored, name: str) -> None:
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


def _samples(task: _Task, scored: _Scored, indices: npt.NDArray[np.int64]) -> list[report.Sample]:
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
