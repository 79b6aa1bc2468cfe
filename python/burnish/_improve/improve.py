# SPDX-License-Identifier: Apache-2.0
"""All stages in a row, and what they found."""

from __future__ import annotations

import importlib
import json
import os
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from burnish._extras import needs_extra
from burnish._files import KEPT
from burnish._improve.copies import pipeline_of, pipeline_text, varied
from burnish._improve.embed import Embedding, embed
from burnish._improve.feature_rows import feature_labels, feature_rows
from burnish._improve.given_features import given_features
from burnish._improve.manifest import FEATURES, MANIFEST, Form, Plan
from burnish._improve.mend import mend
from burnish._improve.options import EVEN_TARGETS, OF_FEATURES, Options, adds_images, checked_options
from burnish._improve.place import refuse_data
from burnish._improve.predictions import given_logits
from burnish._improve.progress import Progress, silent
from burnish._improve.proof import Proof
from burnish._improve.proposals import Proposals, checked_actions
from burnish._improve.prove import prove
from burnish._improve.repeats import Repeats, partners, repeats_of_scan
from burnish._improve.rows import some_rows
from burnish._improve.scan import Scan, scan
from burnish._improve.score import Scores, rows_to_score, score_scan
from burnish._improve.store import Store, key_of
from burnish.data import DataError, ImageSet, open_images
from burnish.data._table import SUFFIXES as TABLES

Integers = npt.NDArray[np.int64]

_BLOCK = 512  # copies described at once


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Improvement:
    """What `burnish.improve` found.

    Attributes
    ----------
    scan : Scan
        Every image looked at once: facts, problems, exact copies.
    embedding : Embedding
        Descriptions of the images, from which the light model learns.
    rows : int64 array of shape (M,)
        The images that were scored: readable, labeled, not held out.
    scores : Scores
        Of these.
    proposals : Proposals
        What to mend, counted among all images.
    proof : Proof or None
        What that gains; None where it was not to be measured.
    options : Options
    pipeline : burnish.augment.Compose
        What makes copies.
    seconds : dict of str to float
        By stage, by the clock on the wall; a stage whose results were kept takes next to nothing.
    out : pathlib.Path or None
        Where results are kept.
    form : {"folder", "table", "npz"}
        What `apply` writes; that of the data.
    sources : tuple of path
        Where that lies what was given, which is not to be written over.
    predictions_given : bool
        Whether the images were scored by predictions that were given, not by the light model.
    """

    scan: Scan
    embedding: Embedding
    rows: Integers
    scores: Scores
    proposals: Proposals
    proof: Proof | None
    options: Options
    pipeline: Any
    seconds: dict[str, float]
    out: Path | None = None
    form: Form = "folder"
    sources: tuple[Any, ...] = ()
    predictions_given: bool = False

    @property
    def images(self) -> ImageSet:
        """The data, as they were listed."""
        return self.scan.images

    @property
    def scored_by(self) -> str:
        """What scored the images, in words."""
        if self.predictions_given:
            return "predictions that were given"
        return f"linear model on {self.embedding.name}, {self.options.folds} folds"

    def __repr__(self) -> str:
        return self.summary()

    def summary(self) -> str:
        """Say what was found in words, for a terminal.

        Returns
        -------
        str
            Lines: what was read, scores, proposals, and what they gain.
        """
        from burnish._improve.summary import summary

        return summary(self)

    def _repr_html_(self) -> str:
        """Return the report for a notebook."""
        from burnish._improve.page.notebook import embedded

        return embedded(self)

    def scores_table(self) -> Any:
        """Return what is known of each image, as in ``scores.parquet``.

        Returns
        -------
        pandas.DataFrame
            A row for each image.
        """
        return _frame("scores", self)

    def proposals_table(self) -> Any:
        """Return what to do about which image, and why.

        Returns
        -------
        pandas.DataFrame
            A row for each proposal: id, action, reason, label, to, other, score, number.
        """
        return _frame("proposals", self)

    def class_table(self) -> Any:
        """Return what changes for each class.

        Returns
        -------
        pandas.DataFrame
            A row for each class: images before and after, what is added, mean hardness, labels that look wrong; with a
            proof the recall before and after, too.
        """
        return _frame("classes", self)

    def improved_features(self) -> tuple[npt.NDArray[np.float32], Integers]:
        """Return the improved training set as features, to train a model on.

        Returns
        -------
        X : float32 array of shape (M, D)
            The features of the images that are kept, then those that are interpolated, where `fill` is "smote". Copies
            of images are not among them.
        y : int64 array of shape (M,)
            Their classes after the changes.
        """
        training = np.zeros(len(self.images), bool)
        training[self.rows] = True
        kept = np.flatnonzero(training & (self.proposals.labels_after(self.images.labels) >= 0))
        features = self.embedding.features
        X = np.concatenate([features[:0], *feature_rows(features, kept, self.proposals)])
        return X, feature_labels(self.images.labels, kept, self.proposals)

    def write(
        self, out: str | os.PathLike[str] | None = None, *, commands: Iterable[tuple[str, str]] = ()
    ) -> list[tuple[Path, str]]:
        """Write ``report.html``, ``scores.parquet`` and ``manifest.json``, which says what would be done and why.

        Parameters
        ----------
        out : path, optional
            Folder; default that which `burnish.improve` was given.
        commands : sequence of (what for, command), optional
            For the report.

        Returns
        -------
        list of (path, what it holds)
        """
        from burnish._improve.apply import write_plan
        from burnish._improve.page.page import write_report
        from burnish._improve.tables import scores_table, write_parquet

        folder = self._folder(out)
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / KEPT if self.out is not None and folder == self.out else None
        with self._alone(folder):
            write_report(self, folder / "report.html", commands=tuple(commands), folder=kept)
            table = scores_table(
                self.images, self.scan, self.scores, self.rows, model=self.scored_by, proposals=self.proposals
            )
            write_parquet(folder / "scores.parquet", table)
            written = [
                (folder / "report.html", "what was found and what it gains; open it in a browser"),
                (folder / "scores.parquet", "every image with its scores"),
            ]
            if write_plan(self._plan(), folder):
                written.append((folder / "manifest.json", "what is proposed for which image, and why"))
        return written

    def apply(
        self, out: str | os.PathLike[str] | None = None, *, form: Form | None = None, progress: Progress = silent
    ) -> list[tuple[Path, str]]:
        """Write the improved training set, beside a manifest of what came from where.

        Parameters
        ----------
        out : path, optional
            Folder; default that which `burnish.improve` was given.
        form : {"folder", "table", "npz"}, optional
            Default: that of the data.
        progress : callable, optional
            Called with what is done, the number of images written, and of all.

        Returns
        -------
        list of (path, what it holds)
        """
        from burnish._improve.apply import apply

        folder = self._folder(out)
        with self._alone(folder):
            applied = apply(
                self._plan(),
                folder,
                features=self.embedding.features if self.options.fill in OF_FEATURES else None,
                form=form or self.form,
                progress=lambda done, of: progress("write images", done, of),
            )
        counts = ", ".join(f"{number} {action}" for action, number in applied.counts.items())
        texts = {
            MANIFEST: f"what became of every image: {counts}",
            FEATURES: "the same as features, with the rows that are added between them",
        }
        return [(path, texts.get(path.name, "the improved training set")) for path in applied.written]

    def _folder(self, out: str | os.PathLike[str] | None) -> Path:
        folder = Path(out) if out is not None else self.out
        if folder is None:
            raise ValueError("'out' is not given; accepted: a folder to write to")
        refuse_data(folder, *self.sources)
        return folder

    def _alone(self, folder: Path) -> AbstractContextManager[None]:
        """Keep other runs out while something is written to where results are kept."""
        return Store(folder / KEPT).alone() if folder == self.out else nullcontext()

    def _plan(self) -> Plan:
        problems: dict[int, str] = {}
        for problem in self.scan.problems:
            problems.setdefault(problem.sample, problem.text)
        return Plan(self.images, self.proposals, self.options, self.pipeline, self.scan.usable, problems)


def _frame(table: str, improvement: Improvement) -> Any:
    from burnish._improve.tables import frame

    return frame(table, improvement)


def improve(
    dataset: Any,
    *,
    out: str | os.PathLike[str] | None = None,
    test: Any = None,
    probs: Any = None,
    logits: Any = None,
    features: Any = None,
    proof: bool = True,
    without: Iterable[str] = (),
    reject: Iterable[str] = (),
    pipeline: Any = None,
    image_size: int | None = None,
    strict: bool = False,
    workers: int | None = None,
    progress: Progress = silent,
    **settings: Any,
) -> Improvement:
    """Find what is wrong with a set of labeled images, propose what to mend, and measure what that gains.

    Nothing in `dataset` is changed; `Improvement.apply` writes an improved set beside it.

    Parameters
    ----------
    dataset : path, ImageSet, (images, labels), torch Dataset or Hugging Face Dataset
        As `burnish.data.open_images` takes it.
    out : path, optional
        Folder for results; intermediate ones are kept below it, so that the same call goes on where it was interrupted.
        Default: nothing stays.
    test : the same as `dataset`, optional
        The test part, where it lies elsewhere. It is judged by, never trained on, never changed.
    probs, logits : array of shape (N, K) or path, optional
        Out-of-sample predictions of a model of your own, a row for each image; see `burnish score --help`. Default:
        those of a light model on descriptions of the images, by cross-validation.
    features : array of shape (N, D) or path, optional
        What a network of your own makes of the images, a row for each, in place of descriptions that are made here: the
        light model learns from them, repeats are looked for among them, and rare classes are filled up between them.
        Of a file as for `probs`; .parquet may have a column of lists.
    proof : bool, default True
        Whether to measure the gain.
    without : sequence of str, optional
        Proposals to leave out: "relabel", "drop-label", "drop-repeat", "drop-leak", "annotate", "copy", "interpolate".
    reject : sequence of str, optional
        Ids of images to leave as they are.
    pipeline : burnish.augment.Compose, optional
        What varies copies. Default: small moves and changes of light, mirrored where that is safe.
    image_size : int, optional
        Pixels a side of what models see. Default: 64, less for small images.
    strict : bool, default False
        Skip what is usually converted: CMYK, 16 bits, turned by EXIF, animated.
    workers : int, optional
        Threads that read images. Default: one for each processor.
    progress : callable, optional
        Called with what is done, how much of it, and of how much.
    **settings
        model : {"auto", "backbone", "patches", "pixels"}, default "auto"
            What images are described by: a pretrained network (of the extra ``embed``), patches of the set itself, or
            pixels. "auto": the first of these that is installed and fits the size of the images.
        target : {"balanced-accuracy", "accuracy", "macro-f1", "log-loss"}, default "balanced-accuracy"
            What is to rise. Rare classes are filled up for the first and third only.
        budget : int, default 100
            How many images to propose for annotation.
        folds : int, default 5
            Each of as many parts is scored by a model trained on the others.
        runs : int, default 3
            Of the proof, each on parts of its own.
        seed : int, default 0
        sure : float, default 0.5
            A wrong label becomes the class to which the model gives at least this probability, else the image goes.
        fill : {"auto", "copies", "smote"}, default "auto"
            How: "copies", varied copies of images; "smote", rows between the features of a class (see
            `burnish.balance.SMOTE`), for a model that is trained on features. "auto": copies, or with `features`
            "smote", since copies cannot be described then. The proof tries both where it can.
        flip : {"auto", "yes", "no"}, default "auto"
            Whether copies may be mirrored. "auto": where images have colors, unless names of classes are letters,
            numbers or sides.

    Returns
    -------
    Improvement

    Raises
    ------
    DataError
        If the data cannot be used, or have fewer than two classes with images that can be read; if another run is
        writing to `out`.
    TypeError, ValueError
        If an argument is of a kind or value that is not accepted.

    Examples
    --------
    >>> found = burnish.improve("photos/", out="report")  # doctest: +SKIP
    >>> found.write()  # doctest: +SKIP
    >>> found.apply()  # doctest: +SKIP
    """
    if probs is not None and logits is not None:
        raise ValueError("improve: 'probs' and 'logits' are both given; accepted: one of them")
    if pipeline is not None:
        settings["pipeline"] = pipeline_text(pipeline)
    options = _with_fill(checked_options(settings), features is not None, proof)
    if options.target in EVEN_TARGETS and (proof or options.fill in OF_FEATURES):
        with needs_extra("balance"):  # SMOTE's; told before the work rather than after it
            importlib.import_module("sklearn")
    sources = tuple(each for each in (dataset, test, features, probs, logits) if isinstance(each, str | os.PathLike))
    refuse_data(out, *sources)
    images = open_images(dataset, test=test)
    rejected, without = _checked_ids(images, reject), checked_actions("improve", "without", without)
    folder = None if out is None else Path(out)
    store = Store(None if folder is None else folder / KEPT)
    clock = _Clock()
    with store.alone():
        with clock("read"):
            seen = scan(images, store, size=image_size, workers=workers, strict=strict, progress=progress)
        rows = rows_to_score(seen)
        _check_classes(seen, rows)
        given = given_logits(seen, probs=probs, logits=logits)
        pipe = pipeline_of(options, images.names, seen.thumbnails)
        with clock("describe"):
            embedding = (
                embed(seen, options, store, progress)
                if features is None
                else given_features(features, seen, store, progress)
            )
        with clock("score"):
            rows, scores = score_scan(seen, embedding, options, store, logits=given, progress=progress)
        with clock("mend"):
            repeats = repeats_of_scan(seen, embedding, store, progress)
            proposals = _proposals(seen, embedding, rows, scores, repeats, options).without(without, rejected)
        found = Improvement(
            seen, embedding, rows, scores, proposals, None, options, pipe, clock.seconds, folder, _form(dataset),
            sources, predictions_given=given is not None,
        )  # fmt: skip
        if not proof:
            return found
        with clock("prove"):
            labels = np.where(seen.usable, images.labels, -1)
            proved = prove(
                labels,
                embedding.features,
                repeats,
                options,
                num_classes=len(images.names),
                held_out=images.held_out,
                embed_copies=_embed_copies(seen, embedding, pipe),
                without=without,
                store=store,
                key=key_of(embedding.key, images.ids, json.dumps(pipe.to_dict(), sort_keys=True)),
                progress=progress,
            )
        return replace(found, proof=proved)


def _with_fill(options: Options, features_are_given: bool, proof: bool) -> Options:
    """Return the options with how rare classes are filled up."""
    if options.fill == "auto":
        return replace(options, fill="smote" if features_are_given else "copies")
    if features_are_given and proof and adds_images(options.fill, options.target):
        raise ValueError(
            f"improve: 'fill' is {options.fill!r}, of which there are no features; accepted: 'smote', or no proof"
        )
    return options


def _form(dataset: Any) -> Form:
    if isinstance(dataset, str | os.PathLike):
        suffix = Path(dataset).suffix.lower()
        return "npz" if suffix == ".npz" else "table" if suffix in TABLES else "folder"
    return "npz" if isinstance(dataset, tuple | list) else "folder"


class _Clock:
    """Seconds by stage."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def __call__(self, stage: str) -> Iterator[None]:
        start = time.monotonic()
        yield
        self.seconds[stage] = time.monotonic() - start


def _check_classes(seen: Scan, rows: Integers) -> None:
    images = seen.images
    counts = np.bincount(images.labels[rows], minlength=len(images.names))
    if not len(rows):
        trained = ~images.held_out
        raise DataError(
            f"{images.title} has no images to train on: of {len(images):,}, {(~trained).sum():,} are held out, "
            f"{(trained & ~seen.usable).sum():,} cannot be read or are skipped, and "
            f"{(trained & seen.usable & (images.labels < 0)).sum():,} have no label; see burnish scan"
        )
    if (counts > 0).sum() < 2:
        there = ", ".join(name for name, count in zip(images.names, counts, strict=True) if count) or "none"
        raise DataError(f"{images.title} has images to train on of one class at most ({there}); accepted: two or more")


def _proposals(
    seen: Scan, embedding: Embedding, rows: Integers, scores: Scores, repeats: Repeats, options: Options
) -> Proposals:
    images = seen.images
    held = np.flatnonzero(images.held_out & seen.usable)
    # Of each training image the held-out one that it repeats.
    nearest = partners(repeats.group[rows], repeats.group[held])
    ids = [images.ids[i] for i in rows]
    found = mend(
        images.labels[rows],
        scores,
        len(images.names),
        options,
        features=some_rows(embedding.features, rows),
        held_out=np.where(nearest >= 0, held[nearest], -1) if len(held) else None,
        held_out_ids=images.ids,
        names=images.names,
        ids=ids,
    )
    return found.among(rows, images.ids)


def _embed_copies(
    seen: Scan, embedding: Embedding, pipeline: Any
) -> Callable[[Integers, Integers], npt.NDArray[np.float32]] | None:
    """Return a function from images and the numbers of their copies to descriptions of these, if there can be any."""
    describe = embedding.embed
    if describe is None:
        return None

    def described(samples: Integers, numbers: Integers) -> npt.NDArray[np.float32]:
        parts = []
        for start in range(0, len(samples), _BLOCK):
            some = samples[start : start + _BLOCK]
            ids = [seen.images.ids[i] for i in some]
            pixels = varied(pipeline, np.asarray(seen.thumbnails[some]), ids, numbers[start : start + _BLOCK])
            parts.append(describe(pixels))
        return np.concatenate(parts)

    return described


def _checked_ids(images: ImageSet, ids: Iterable[str]) -> tuple[str, ...]:
    chosen = (ids,) if isinstance(ids, str) else tuple(ids)
    unknown = sorted(set(chosen) - set(images.ids))
    if unknown:
        raise DataError(f"{unknown[0]!r} is not the id of an image; ids are paths such as {images.ids[0]!r}")
    return chosen
