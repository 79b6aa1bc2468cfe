# SPDX-License-Identifier: Apache-2.0
"""``burnish balance``: whether balancing uneven classes helps a classifier, measured on images it has not seen."""

from __future__ import annotations

import argparse
import importlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from burnish._classifier import convolutional_features, duration, pixel_features
from burnish._command.balance_output import counts_text, print_proof, write_proof
from burnish._command.balance_proof import METHODS, Floats, Run, run
from burnish._command.balance_split import Indices, split
from burnish._command.options import (
    CIFAR10,
    PATH_HELP,
    add_training_options,
    check_out,
    integer,
    progress,
    read_with_test,
)
from burnish._extras import needs_extra
from burnish.data import LabeledImages

_RATIO = 100.0
_METHODS = ("class-weights", "logit-adjustment", "RandomOverSampler", "SMOTE")


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "balance",
        help="measure whether balancing uneven classes helps",
        description="Put a test part aside, make the classes of the rest uneven (or take them as they are), train\n"
        "a classifier before and after balancing them in several ways, and print the recall of each\n"
        "class, accuracy and calibration. Only the training part is resampled.",
        epilog="examples:\n"
        "  burnish balance --demo                     scikit-learn's digits; seconds\n"
        "  burnish balance photos/                    your own uneven classes, as they are\n"
        "  burnish balance photos/ --ratio 20         made uneven: 20 times fewer of the last class\n"
        "  burnish balance cifar10                    CIFAR-10-LT from the files in $BURNISH_DATA; minutes\n"
        "  burnish balance cifar10 --features pixels  the same without a network\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("path", nargs="?", metavar="PATH", help=PATH_HELP)
    add("--demo", action="store_true", help="use scikit-learn's handwritten digits")
    add("--out", type=Path, metavar="FOLDER", help="also write the numbers of every run there (CSV)")
    add(
        "--methods",
        type=_methods,
        default=_METHODS,
        metavar="A,B,...",
        help=f"of {', '.join(METHODS)} (default: {','.join(_METHODS)})",
    )
    add = parser.add_argument_group("uneven classes").add_mutually_exclusive_group().add_argument
    add(
        "--ratio",
        type=_ratio,
        metavar="R",
        help="the first class keeps all images, the last R times fewer, those between along an exponential "
        "(default: 100 for cifar10 and the demo)",
    )
    add("--as-is", action="store_true", help="take classes as they are (default for a folder or zip of your own)")
    add = parser.add_argument_group("training").add_argument
    add(
        "--features",
        choices=("network", "pixels"),
        help="balance what the last layer of a small network sees and refit that layer, or pixels averaged to 8x8 "
        "(default: network; demo: pixels)",
    )
    add("--runs", type=integer(2, 100), metavar="N", help="2 to 100 (default: 3 with a network, else 10)")
    add("--limit", type=integer(4), metavar="N", help="use the first N images of each class only")
    add("--epochs", type=integer(1), metavar="N", help="of the network; default: 6, more for small sets")
    add_training_options(add)
    parser.set_defaults(run=_run, error=parser.error)


def _methods(text: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(text.split(",")))
    for name in chosen:
        if name not in METHODS:
            raise argparse.ArgumentTypeError(f"{name!r} is not accepted; accepted: {', '.join(METHODS)}")
    return chosen


def _ratio(text: str) -> float:
    value = float(text) if re.fullmatch(r"\d{1,6}(\.\d{0,6})?", text) else 0.0
    if not value > 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not accepted; accepted: a number above 1, below a million")
    return value


def _run(options: argparse.Namespace) -> None:
    options.features = options.features or ("pixels" if options.demo else "network")
    _refuse_idle_options(options)
    _check_libraries(options)
    if options.out is not None:
        check_out(options.out)
    data, title, given_test = read_with_test(options)
    by_rule = options.demo or options.path == CIFAR10
    ratio = options.ratio or (_RATIO if by_rule and not options.as_is else None)
    network, start = options.features == "network", time.monotonic()
    runs: list[Run] = []
    number_of_runs = options.runs or (3 if network else 10)
    for number in range(number_of_runs):
        seed = options.seed + number
        train, test = split(data, ratio=ratio, seed=seed, given_test=given_test)
        told = _progress(number, number_of_runs, start)
        features = _network_features(data, train, options, seed, told) if network else pixel_features(data)
        runs.append(run(data, train, test, features, methods=options.methods, seed=seed))
    uneven = "classes as they are" if ratio is None else f"classes made uneven, ratio {ratio:g}"
    print(f"{title}, {uneven}: images to train on {counts_text(runs[0].train_counts)}, ", end="")
    print(f"to test {counts_text(runs[0].test_counts)}")
    inputs = "the features of a small convolutional network" if network else "pixels"
    print(f"a logistic regression on {inputs}; only the training part is balanced")
    print_proof(data.names, runs)
    if options.out is not None:
        write_proof(options.out, data.names, runs)


def _refuse_idle_options(options: argparse.Namespace) -> None:
    """Refuse what would have no effect."""
    if (options.path is None) == (not options.demo):
        options.error("name a folder, a zip or cifar10, or give --demo")
    if options.features == "pixels" and (options.epochs or options.flip):
        options.error("--epochs and --flip go with --features network")
    if options.image_size and options.path in (None, CIFAR10):
        options.error("--image-size goes with a folder or zip of your own")


def _check_libraries(options: argparse.Namespace) -> None:
    """Refuse a missing library before the work rather than after it."""
    with needs_extra("demo"):
        importlib.import_module("sklearn.linear_model")
        if not options.demo:
            importlib.import_module("PIL.Image")
        if options.features == "network":
            importlib.import_module("torch")
    importlib.import_module("burnish.balance")


def _network_features(
    data: LabeledImages,
    train: Indices,
    options: argparse.Namespace,
    seed: int,
    told: Callable[[int, int, float], None],
) -> Callable[[Indices], Floats]:
    """Learn features before balancing (Kang et al., Decoupling representation and classifier, ICLR 2020)."""
    flip = options.flip or options.path == CIFAR10
    return convolutional_features(data, train, seed=seed, epochs=options.epochs, flip=flip, progress=told)


def _progress(number: int, runs: int, start: float) -> Callable[[int, int, float], None]:
    def told(epoch: int, epochs: int, loss: float) -> None:
        spent = time.monotonic() - start
        left = spent * (runs * epochs / (number * epochs + epoch) - 1)
        progress(
            f"run {number + 1}/{runs}, epoch {epoch}/{epochs}: loss {loss:.3f}, "
            f"{duration(spent)} spent, about {duration(left)} left"
        )

    return told
