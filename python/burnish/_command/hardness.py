# SPDX-License-Identifier: Apache-2.0
"""``burnish hardness``: the classes and images that a classifier is unsure about."""

from __future__ import annotations

import argparse
import dataclasses
import importlib
from pathlib import Path
from typing import Any

import numpy as np

from burnish import data as images
from burnish._classifier import convolutional_folds, linear_folds
from burnish._command.hardness_output import print_label_noise, print_summary, write_report
from burnish._command.hardness_score import Task, score
from burnish._command.options import CIFAR10, PATH_HELP, add_training_options, check_out, integer, progress, read_images
from burnish._extras import needs_extra
from burnish.data import DataError, HumanLabels, LabeledImages


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
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
    add("path", nargs="?", metavar="PATH", help=PATH_HELP)
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
    add("--top", type=integer(1, 60), default=24, metavar="N", help="hardest images to show, 1 to 60 (default: 24)")
    add("--limit", type=integer(2), metavar="N", help="use the first N images of each class only")
    add(
        "--noisy-labels",
        choices=("aggregate", "worst"),
        help="with cifar10: take the labels that people gave (CIFAR-10N) and measure how well scores find wrong ones",
    )
    add = parser.add_argument_group("training").add_argument
    add(
        "--folds",
        type=integer(2, 20),
        metavar="N",
        help="each of N parts is scored by a model trained on the others, 2 to 20 (default: 2; demo: 5)",
    )
    add("--epochs", type=integer(1), metavar="N", help="default: 6, more for small sets")
    add_training_options(add)
    parser.set_defaults(run=_run, error=parser.error)


def _run(options: argparse.Namespace) -> None:
    _refuse_idle_options(options)
    _check_libraries(options)
    check_out(options.out)
    everything = images.load_cifar10_human_labels(options.noisy_labels) if options.noisy_labels else None
    human = everything.first_of_each_class(options.limit) if everything is not None else None
    task = _task(options, human)
    for name in options.classes:
        if name not in task.data.names:
            raise DataError(f"--class {name} is not a class; accepted: {', '.join(task.data.names)}")
    scored = score(task, options.top)
    print_summary(task, scored)
    if human is not None and everything is not None:
        print_label_noise(scored, human, everything)
    write_report(options.out, task, scored, classes=options.classes, human=human)


def _refuse_idle_options(options: argparse.Namespace) -> None:
    """Refuse what would have no effect."""
    if (options.path is None) == (not options.demo):
        options.error("name a folder, a zip or cifar10, or give --demo")
    if options.noisy_labels and options.path != CIFAR10:
        options.error("--noisy-labels goes with cifar10 only")
    if options.demo and (options.epochs or options.flip):
        options.error("--epochs and --flip go with a PATH; the demo trains no network")
    if options.image_size and options.path in (None, CIFAR10):
        options.error("--image-size goes with a folder or zip of your own")


def _task(options: argparse.Namespace, human: HumanLabels | None) -> Task:
    if options.demo:
        data, folds = images.load_digits().first_of_each_class(options.limit), options.folds or 5
        trained = linear_folds(data, folds=folds, seed=options.seed)
        return Task(data, "scikit-learn's digits", f"logistic regression, {folds} folds", trained)
    folds = options.folds or 2
    data, title = read_images(options)
    if human is not None:
        data, title = _relabeled(data, human), f"{title}, human labels ({options.noisy_labels})"
    trained = convolutional_folds(
        data,
        folds=folds,
        seed=options.seed,
        epochs=options.epochs,
        flip=options.flip or options.path == CIFAR10,
        progress=progress,
    )
    return Task(data, title, f"small convolutional network, {folds} folds", trained)


def _relabeled(data: LabeledImages, human: HumanLabels) -> LabeledImages:
    if not np.array_equal(human.true, data.labels):
        raise DataError("the photographs and the human labels do not belong together: classes have different sizes")
    return dataclasses.replace(data, labels=human.given)


def _check_libraries(options: argparse.Namespace) -> None:
    """Refuse a missing library before the work rather than after it."""
    with needs_extra("demo"):
        importlib.import_module("matplotlib.figure")
        if options.demo or options.noisy_labels:
            importlib.import_module("sklearn.metrics")
        if not options.demo:
            importlib.import_module("PIL.Image")
            importlib.import_module("torch")
