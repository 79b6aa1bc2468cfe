# SPDX-License-Identifier: Apache-2.0
"""``burnish score``: how hard each image is, whether its label looks wrong, what it repeats."""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path
from typing import Any

import numpy as np

from burnish import hardness
from burnish._command.options import (
    add_data_options,
    check_out,
    integer,
    open_data,
    printable,
    refuse_named_data,
    stage_progress,
)
from burnish._extras import needs_extra
from burnish._files import KEPT
from burnish._improve.embed import embed
from burnish._improve.given_features import given_features
from burnish._improve.options import MODELS, Options
from burnish._improve.predictions import given_logits
from burnish._improve.scan import Scan, scan
from burnish._improve.score import Scores, score_scan
from burnish._improve.store import Store
from burnish._improve.tables import scores_table, write_parquet

_WORST = 5  # issues and repeats that are named
_LEARNED = 0.995  # of labels that a user's predictions agree with: those of images that were trained on


def add_parser(commands: Any) -> None:
    """Add the subcommand."""
    parser = commands.add_parser(
        "score",
        help="say of every image how hard it is, whether its label looks wrong, what it repeats",
        description="Score every image by a light model that has not seen it, or by your own predictions, and write\n"
        "scores.parquet: hardness, confidence in the label, label issues with suggestions, near\n"
        "duplicates, how unlike all others an image is. Nothing in DATA is changed.",
        epilog="examples:\n"
        "  burnish score --demo --out scores          scikit-learn's digits; seconds\n"
        "  burnish score photos/ --out scores         photos/cat/*.jpg, photos/dog/*.jpg, ...\n"
        "  burnish score photos/ --out scores --probs probs.npy\n"
        "                                             rows in the order of burnish scan, or with ids; they must be\n"
        "                                             out of sample: of models that were not trained on the image\n",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add_data_options(parser, test="; they are not scored")
    add = parser.add_argument
    add("--out", type=Path, required=True, metavar="FOLDER", help="where to write; goes on there if interrupted")
    _add_score_options(parser)
    parser.set_defaults(run=_run, error=parser.error)


def _add_score_options(parser: Any) -> None:
    """Add what says how images are scored."""
    add = parser.add_mutually_exclusive_group().add_argument
    add("--probs", type=Path, metavar="FILE", help="your out-of-sample probabilities: .npy, .npz, .csv or .parquet")
    add("--logits", type=Path, metavar="FILE", help="the same before softmax")
    add = parser.add_mutually_exclusive_group().add_argument
    add("--model", choices=MODELS, default="auto", help="what describes images (default: auto)")
    add("--features", type=Path, metavar="FILE", help="features of a network of your own instead; such a file, too")
    add = parser.add_argument
    add("--folds", type=integer(2, 20), default=5, metavar="N", help="of the cross-validation, 2 to 20 (default: 5)")
    add("--seed", type=integer(0), default=0, metavar="N", help="default: 0")


def _run(options: argparse.Namespace) -> None:
    check_out(options.out)
    with needs_extra("demo"):
        for library in ("pyarrow.parquet", "scipy.optimize"):
            importlib.import_module(library)
    refuse_named_data(options.out, options.data, options.test, options.features, options.probs, options.logits)
    images = open_data(options)
    store = Store(options.out / KEPT)
    settings = Options(model=options.model, folds=options.folds, seed=options.seed)
    told = stage_progress()
    with store.alone():
        found = scan(images, store, workers=options.workers, strict=options.strict, progress=told)
        logits = given_logits(found, probs=options.probs, logits=options.logits)
        if options.features:
            embedding = given_features(options.features, found, store, progress=told)
        else:
            embedding = embed(found, settings, store, progress=told)
        rows, scores = score_scan(found, embedding, settings, store, logits=logits, progress=told)
    by = (
        f"predictions of {options.probs or options.logits}"
        if logits is not None
        else (f"linear model on {embedding.name}, {settings.folds} folds")
    )
    print(printable(summary(found, rows, scores, by, given=logits is not None)))
    path = options.out / "scores.parquet"
    write_parquet(path, scores_table(images, found, scores, rows, model=by))
    print(f"\nwritten: {path}: every image with its scores")


def summary(found: Scan, rows: Any, scores: Scores, by: str, *, given: bool) -> str:
    """Say in a page what was found."""
    images = found.images
    labels = images.labels[rows]
    right = scores.prediction == labels
    table = hardness.Accumulator(1, len(images.names))
    table.update(scores.logits, labels)
    lines = [
        f"{images.title}: {len(images):,} images, {len(rows):,} of them scored, {len(images.names)} classes",
        f"{by}: {100 * right.mean():.1f} % as labeled",
    ]
    if given and right.mean() > _LEARNED:
        lines.append("WARNING: predictions of a model that has seen these images show no wrong labels; see --probs")
    lines += ["", str(table.by_class(images.names)), ""]
    alone = np.flatnonzero(np.isnan(scores.logit_margin))
    if len(alone):
        lines.append(f"labels that cannot be judged, the only ones of their class: {len(alone):,}")
    issues = np.flatnonzero(scores.issue)
    issues = issues[np.argsort(scores.logit_margin[issues], kind="stable")]
    lines.append(f"labels that look wrong: {len(issues):,} of {len(rows):,} ({_percent(len(issues), len(rows))})")
    for i in issues[:_WORST]:
        label, other = images.names[labels[i]], images.names[scores.suggested[i]]
        lines.append(f"  {images.ids[rows[i]]}: labeled {label}, looks like {other}")
    repeats = np.flatnonzero(scores.repeat_of >= 0)
    repeats = repeats[np.argsort(scores.repeat_distance[repeats], kind="stable")]
    lines.append(f"images that repeat another: {len(repeats):,} ({_percent(len(repeats), len(rows))})")
    for i in repeats[:_WORST]:
        other = scores.repeat_of[i]
        clash = (
            ""
            if labels[i] == labels[other]
            else f", labeled {images.names[labels[i]]} and {images.names[labels[other]]}"
        )
        lines.append(f"  {images.ids[rows[i]]}: repeats {images.ids[rows[other]]}{clash}")
    return "\n".join(lines)


def _percent(part: int, of: int) -> str:
    return f"{100 * part / max(of, 1):.1f} %"
