# SPDX-License-Identifier: Apache-2.0
"""``burnish improve``: find what is wrong with a set of images, mend it, and measure what that gained."""

from __future__ import annotations

import argparse
import importlib
import shlex
from pathlib import Path
from typing import Any

from burnish._command.options import (
    add_workers,
    check_out,
    integer,
    named,
    printable,
    read_pipeline,
    refuse_named_data,
    stage_progress,
)
from burnish._extras import needs_extra
from burnish._improve.improve import improve
from burnish._improve.options import FILLS, MODELS, TARGETS, Options, adds_images
from burnish._improve.place import refuse_occupied
from burnish._improve.proposals import ACTIONS
from burnish._improve.truth import findings_against, truth_text
from burnish.data import DataError, load_faulty_digits

_DEMO_RUNS = 6  # small sets differ more, and cost less
_DATA_HELP = (
    "a folder (or zip of it) with a folder of images per class, inside train/ and test/ where there is a test part; a "
    ".npz with images and labels; a .csv or .parquet with the columns path, label and, if there is one, split; or "
    "cifar10, from $BURNISH_DATA"
)


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    defaults = Options()
    parser = commands.add_parser(
        "improve",
        help="find what is wrong with a set of images, mend it, and measure the gain",
        description="Look at every image, score it by models that have not seen it, find wrong labels, repeats and\n"
        "leaks, propose what to mend, and measure on images put aside whether that helps. Nothing in\n"
        "DATA is changed; --apply writes the improved set to OUT. A run that was interrupted goes on\n"
        "where it stopped when the same command is given again.",
        epilog="examples:\n"
        "  burnish improve --demo --out report             scikit-learn's digits with planted faults\n"
        "  burnish improve photos/ --out report            photos/cat/*.jpg, photos/dog/*.jpg, ...\n"
        "  burnish improve photos/ --out report --apply    also write report/improved/\n"
        "  burnish improve set.csv --out report --probs cv.npy    with your own model's probabilities\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("data", nargs="?", metavar="DATA", help=_DATA_HELP)
    add("--demo", action="store_true", help="use scikit-learn's digits, made uneven, with wrong labels and repeats")
    add("--out", type=Path, required=True, metavar="OUT", help="folder for the report and what else is written")
    add(
        "--apply",
        action="store_true",
        help="write the improved training set: OUT/improved/, of a .npz OUT/improved.npz; with SMOTE its features, too",
    )
    add("--target", choices=TARGETS, default=defaults.target, help=f"what is to rise (default: {defaults.target})")
    add("--budget", type=integer(0), default=defaults.budget, metavar="N",
        help=f"how many images to propose for annotation (default: {defaults.budget})")  # fmt: skip
    add("--without", type=_actions, default=(), metavar="A,B,...", help=f"leave out proposals: {', '.join(ACTIONS)}")
    add("--reject", type=Path, metavar="FILE", help="leave the images as they are whose ids stand in it, one a line")
    add = parser.add_argument_group("data").add_argument
    add("--test", metavar="DATA", help="the test part, where it lies elsewhere")
    add("--strict", action="store_true", help="skip what is usually converted: CMYK, 16 bits, turned by EXIF, animated")
    add_workers(add)
    model = parser.add_argument_group("model")
    add, given = model.add_argument, model.add_mutually_exclusive_group()
    given.add_argument("--probs", type=Path, metavar="FILE", help="out-of-sample probabilities of a model of your own: "
                       ".npy, .npz, .csv or .parquet, a row an image")  # fmt: skip
    given.add_argument("--logits", type=Path, metavar="FILE", help="the same as logits")
    described = model.add_mutually_exclusive_group()
    described.add_argument(
        "--model", choices=MODELS, default=defaults.model, help="what describes images: a pretrained network, "
        "patches of the set, pixels (default: auto, the first that is installed and fits their size)")  # fmt: skip
    described.add_argument("--features", type=Path, metavar="FILE", help="features of a network of your own instead: "
                           "a file as for --probs; .parquet may have a column of lists")  # fmt: skip
    add(
        "--image-size",
        type=integer(8, 512),
        metavar="PIXELS",
        help="a side of what the model sees (default: 64, less for small images)",
    )
    add("--folds", type=integer(2, 20), default=defaults.folds, metavar="N", help=f"default: {defaults.folds}")
    add = parser.add_argument_group("proof").add_argument
    add("--runs", type=integer(2, 100), metavar="N", help=f"2 to 100 (default: {defaults.runs}; demo: {_DEMO_RUNS})")
    add("--no-proof", action="store_true", help="do not measure")
    add("--seed", type=integer(0), default=defaults.seed, metavar="N", help=f"default: {defaults.seed}")
    add = parser.add_argument_group("what fills up rare classes").add_argument
    add("--fill", choices=FILLS, default=defaults.fill, help="varied copies of images, or rows between features "
        "(SMOTE), to train on these (default: auto, copies unless --features)")  # fmt: skip
    add("--pipeline", type=Path, metavar="FILE", help="what varies copies: a pipeline's to_dict() as JSON")
    add(
        "--flip",
        action=argparse.BooleanOptionalAction,
        help="whether to mirror copies (default: where "
        "images have colors, unless classes are called by letters, numbers or sides)",
    )
    parser.set_defaults(run=_run, error=parser.error)


def _actions(text: str) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(text.split(",")))
    for name in chosen:
        if name not in ACTIONS:
            raise argparse.ArgumentTypeError(f"{name!r} is not accepted; accepted: {', '.join(ACTIONS)}")
    return chosen


def _run(options: argparse.Namespace) -> None:
    if (options.data is None) == (not options.demo):
        options.error("name DATA, or give --demo")
    if options.demo and (options.test or options.probs or options.logits or options.features):
        options.error("--test, --probs, --logits and --features go with DATA only")
    is_asked_for = options.fill != "auto" and adds_images(options.fill, options.target)
    if options.features and is_asked_for and not options.no_proof:
        options.error(
            f"--fill {options.fill} cannot be judged with --features, which copies have none of; add --no-proof"
        )
    with needs_extra("demo"):  # a missing library is told before the work rather than after it
        for module in ("pyarrow.parquet", "PIL.Image", "scipy.special", "sklearn.linear_model"):
            importlib.import_module(module)
    check_out(options.out)
    files = (options.features, options.probs, options.logits, options.pipeline, options.reject)
    refuse_named_data(options.out, options.data, options.test, *files)
    refuse_occupied(options.out, apply=options.apply)
    demo = load_faulty_digits(options.seed) if options.demo else None
    found = improve(
        named(options.data) if demo is None else demo.images(),
        out=options.out,
        test=named(options.test),
        probs=options.probs,
        logits=options.logits,
        features=options.features,
        proof=not options.no_proof,
        without=options.without,
        reject=_ids(options.reject),
        pipeline=read_pipeline(options.pipeline) if options.pipeline else None,
        flip={None: "auto", True: "yes", False: "no"}[options.flip],
        image_size=options.image_size,
        strict=options.strict,
        workers=options.workers,
        progress=stage_progress(),
        runs=options.runs or (_DEMO_RUNS if demo is not None else Options().runs),
        **{name: getattr(options, name) for name in ("model", "target", "budget", "folds", "seed", "fill")},
    )
    print(printable(found.summary()))
    if demo is not None:
        print("\n" + truth_text(findings_against(found, demo.true, demo.repeat_of)))
    written = found.write(options.out, commands=_commands(options))
    if options.apply:
        written += found.apply(options.out, progress=stage_progress())
    print("\nwritten:")
    for path, content in dict(written).items():  # the manifest of what was done takes the place of that of the plan
        print(f"  {path}: {content}")


def _commands(options: argparse.Namespace) -> list[tuple[str, str]]:
    """Return what was given, to be given again, for the report."""
    again = shlex.join(["burnish", *(each for each in options.arguments if each != "--apply")])
    return [
        ("Make this again", again),
        ("Write the improved set", f"{again} --apply"),
        ("Make this page again, from what was kept", shlex.join(["burnish", "report", str(options.out)])),
    ]


def _ids(path: Path | None) -> tuple[str, ...]:
    if path is None:
        return ()
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="surrogateescape").split("\n")
        return tuple(line for line in (line.removesuffix("\r") for line in lines) if line)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}") from error
