# SPDX-License-Identifier: Apache-2.0
"""``burnish augment``: whether varying the training images helps a classifier, measured on images it has not seen."""

from __future__ import annotations

import argparse
import importlib
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from burnish._classifier import BATCH, duration
from burnish._command.augment_output import print_proof, write_proof, write_sheet
from burnish._command.augment_proof import PIPELINES, Run, checked, run, split
from burnish._command.options import (
    CIFAR10,
    PATH_HELP,
    add_training_options,
    check_out,
    integer,
    progress,
    read_pipeline,
    read_with_test,
)
from burnish._extras import needs_extra

# Enough for the network to learn all that it can from images as they are: its loss on them is then near 0.
_PASSES, _FEWEST_EPOCHS, _MOST_EPOCHS = 60_000, 4, 100
_DEMO_PASSES = 12_000
_LEAST_FOR_THREADS = 16  # pixels; threads of torch that share less work than this wait for each other


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "augment",
        help="measure whether varying the training images helps",
        description="Put a test part aside, train a small network on the other images as they are, and again, from\n"
        "the same weights for as many steps, on what pipelines of burnish.augment make of them; print\n"
        "how many test images and how many of each class each network gets right, several seeds, and\n"
        "write a sheet of varied images beside their originals. Test images are never varied.",
        epilog="examples:\n"
        "  burnish augment --demo                     scikit-learn's digits: what helps and what harms\n"
        "  burnish augment photos/                    your own images, one folder per class\n"
        "  burnish augment letters.zip --pipelines signs,flips\n"
        "  burnish augment photos/ --preview          only look at what the pipeline makes of them; seconds\n"
        "  burnish augment photos/ --pipelines mine.json   json.dump(pipe.to_dict(), file)\n"
        "  burnish augment cifar10                    real photographs from $BURNISH_DATA; minutes\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("path", nargs="?", metavar="PATH", help=PATH_HELP)
    add("--demo", action="store_true", help="use scikit-learn's handwritten digits")
    add(
        "--out",
        type=Path,
        default=Path("report"),
        metavar="FOLDER",
        help="where to write the sheet and the numbers of every run (default: report)",
    )
    add(
        "--pipelines",
        type=_pipelines,
        metavar="A,B,...",
        help=f"of {', '.join(PIPELINES)}, or JSON files of a pipeline's to_dict() (default: photos; demo: signs,flips)",
    )
    add("--preview", action="store_true", help="write the sheet of varied images only, train nothing")
    add = parser.add_argument_group("training").add_argument
    add(
        "--per-class",
        type=integer(1),
        metavar="N",
        help="train on N images of each class, drawn anew in each run (default: all but the test part; "
        "cifar10: 200; demo: 20)",
    )
    add("--runs", type=integer(2, 100), metavar="N", help="seeds, 2 to 100 (default: 3; demo: 6)")
    add("--epochs", type=integer(1), metavar="N", help=f"default: {_PASSES:,} images in all; demo: {_DEMO_PASSES:,}")
    add("--limit", type=integer(2), metavar="N", help="read the first N images of each class only")
    add_training_options(add, flip=False)
    parser.set_defaults(run=_run, error=parser.error)


def _pipelines(text: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(text.split(",")))
    for name in chosen:
        if name not in PIPELINES and not name.endswith(".json"):
            raise argparse.ArgumentTypeError(f"{name!r} is not accepted; accepted: {', '.join(PIPELINES)}, *.json")
    return chosen


def _run(options: argparse.Namespace) -> None:
    _refuse_idle_options(options)
    _check_libraries(options)
    check_out(options.out)
    named = options.pipelines or (("signs", "flips") if options.demo else ("photos",))
    files = {name: read_pipeline(name) for name in named if name not in PIPELINES}
    data, title, given_test = read_with_test(options)
    size = data.images.shape[1]
    pipelines = {
        name: checked(name, files[name] if name in files else PIPELINES[name](size), data.images) for name in named
    }
    if options.preview:
        write_sheet(options.out, data, title, np.arange(len(data)), pipelines)
        return
    if size < _LEAST_FOR_THREADS:
        importlib.import_module("torch").set_num_threads(1)
    per_class = options.per_class or (20 if options.demo else 200 if options.path == CIFAR10 else None)
    number_of_runs, start = options.runs or (6 if options.demo else 3), time.monotonic()
    runs: list[Run] = []
    for number in range(number_of_runs):
        seed = options.seed + number
        train, test = split(data, per_class=per_class, seed=seed, given_test=given_test)
        epochs = options.epochs or _default_epochs(len(train), _DEMO_PASSES if options.demo else _PASSES)
        told = _progress(number, number_of_runs, (None, *pipelines), epochs, start)
        runs.append(run(data, train, test, pipelines, seed=seed, epochs=epochs, progress=told))
    steps = epochs * math.ceil(len(train) / BATCH)
    print(f"{title}: {len(train)} images to train on, {len(test)} to test, {len(data.names)} classes")
    print(f"a small convolutional network, {epochs} epochs ({steps} steps) for each pipeline")
    print_proof(data.names, runs, pipelines)
    write_proof(options.out, data, title, runs, pipelines)


def _refuse_idle_options(options: argparse.Namespace) -> None:
    """Refuse what would have no effect."""
    if (options.path is None) == (not options.demo):
        options.error("name a folder, a zip or cifar10, or give --demo")
    if options.image_size and options.path in (None, CIFAR10):
        options.error("--image-size goes with a folder or zip of your own")
    for name in ("per_class", "runs", "epochs"):
        if options.preview and getattr(options, name) is not None:
            options.error(f"--{name.replace('_', '-')} goes with training; --preview trains nothing")


def _check_libraries(options: argparse.Namespace) -> None:
    """Refuse a missing library before the work rather than after it."""
    with needs_extra("demo"):
        importlib.import_module("matplotlib.figure")
        importlib.import_module("scipy.special")
        importlib.import_module("sklearn.datasets" if options.demo else "PIL.Image")
        if not options.preview:
            importlib.import_module("torch")


def _default_epochs(n: int, passes: int) -> int:
    return max(_FEWEST_EPOCHS, min(_MOST_EPOCHS, passes // n))


def _progress(
    number: int, runs: int, names: tuple[str | None, ...], epochs: int, start: float
) -> Callable[[str, int, float], None]:
    done = 0

    def told(name: str, epoch: int, loss: float) -> None:
        nonlocal done
        done += 1
        if epoch % max(1, epochs // 5) and epoch != epochs:
            return
        spent = time.monotonic() - start
        left = spent * (runs * len(names) * epochs / (number * len(names) * epochs + done) - 1)
        progress(
            f"run {number + 1}/{runs}, pipeline {name}, epoch {epoch}/{epochs}: loss {loss:.3f}, "
            f"{duration(spent)} spent, about {duration(left)} left"
        )

    return told
