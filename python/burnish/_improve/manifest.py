# SPDX-License-Identifier: Apache-2.0
"""The manifest: what becomes of every image, why, and in which file; made, written and read again."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

import burnish
from burnish import augment
from burnish._files import replacing
from burnish._improve.copies import LONGEST
from burnish._improve.options import Options
from burnish._improve.proposals import ACTIONS, DROPS, Proposals, joined
from burnish._words import one_line
from burnish.data import DataError
from burnish.data._file_names import class_folders, distinct, file_name, split_suffix
from burnish.data._image_set import ImageSet
from burnish.data._tree import writing

Form = Literal["folder", "table", "npz"]

FOLDER, TABLE, NPZ, MANIFEST = "improved", "improved.csv", "improved.npz", "manifest.json"
FEATURES = "improved-features.npz"
OUTPUTS = (FOLDER, TABLE, NPZ, FEATURES)
NEXT = ".manifest.next.json"  # of what is about to be put in its place


@dataclass(frozen=True)
class Row:
    """What became of a sample, or a copy: a row of the manifest.

    Attributes
    ----------
    source : str
        The sample's id.
    action : str
        "keep", "relabel", "copy", "interpolate"; or "drop-label", "drop-repeat", "drop-leak", "held-out", "no-label",
        "unreadable" of what is not in the improved set.
    reason : str
        A sentence, where there is one.
    file : str or None
        Where it is, below the folder of the manifest; in an .npz the place in the arrays. None where it is not. What is
        interpolated is among the features only.
    label : str or None
        Its class there.
    was : str or None
        Its class in the data.
    number : int
        Of what is added, from 1 in each sample; else 0.
    annotate : str or None
        Why a person should look at it.
    sha256 : str or None
        Of what was written: of a file, or of pixels or features in an .npz.
    source_sha256 : str or None
        Of what it was made from. None where that was not read: held out, or not readable.
    neighbor : str or None
        The id of the sample towards which features were interpolated.
    step : float or None
        How far they were: 0 is `source`, 1 `neighbor`.
    """

    source: str
    action: str
    reason: str
    file: str | None
    label: str | None
    was: str | None
    number: int = 0
    annotate: str | None = None
    sha256: str | None = None
    source_sha256: str | None = None
    neighbor: str | None = None
    step: float | None = None

    @property
    def is_between(self) -> bool:
        """Whether it is no image, but lies between the features of two."""
        return self.action == "interpolate"


@dataclass(frozen=True, eq=False)  # arrays have no single answer to ==
class Plan:
    """What is to become of a set.

    Attributes
    ----------
    images : ImageSet
        N images.
    proposals : Proposals
        Those to carry out, counted among the N (`Proposals.among`).
    options : Options
        Written down; all of the seed's effect is in `pipeline`.
    pipeline : burnish.augment.Compose
        Makes the copies; see `burnish._improve.copies.pipeline_of`.
    usable : bool array of shape (N,), optional
        Which could be read; the others are left out.
    problems : mapping of int to str
        What is wrong with those that could not.
    """

    images: ImageSet
    proposals: Proposals
    options: Options
    pipeline: augment.Compose
    usable: npt.NDArray[np.bool_] | None = None
    problems: Mapping[int, str] = field(default_factory=dict)


def rows_of(plan: Plan, form: Form) -> tuple[list[Row], list[int]]:
    """Return the manifest's rows, samples in their order and what is added last, and the sample of each."""
    images, proposals = plan.images, plan.proposals
    after, names = proposals.labels_after(images.labels), images.names
    why: dict[str, dict[int, str]] = {action: {} for action in ACTIONS}
    for i, action, reason in zip(proposals.sample.tolist(), proposals.action.tolist(), proposals.reason, strict=True):
        why[action][i] = reason
    rows, samples = [], []
    for i, label in enumerate(after.tolist()):
        was = names[images.labels[i]] if images.labels[i] >= 0 else None
        action, reason = "keep", ""
        if images.held_out[i]:
            action, reason = "held-out", "Held out to judge models; it stays where it is."
        elif plan.usable is not None and not plan.usable[i]:
            action, reason = "unreadable", plan.problems.get(i, "Cannot be read.")
        elif was is None:
            action, reason = "no-label", "Has no label."
        else:
            changes = (name for name in (*DROPS, "relabel") if i in why[name])
            action, reason = next(((name, why[name][i]) for name in changes), (action, reason))
        is_in = action in ("keep", "relabel")
        rows.append(
            Row(images.ids[i], action, reason, "" if is_in else None, names[label] if is_in else None, was,
                annotate=why["annotate"].get(i) if is_in else None)
        )  # fmt: skip
        samples.append(i)
    copied = proposals.only("copy")
    added = joined([copied.take(np.lexsort((copied.number, copied.sample))), proposals.only("interpolate")])
    for j, (i, other) in enumerate(zip(added.sample.tolist(), added.other.tolist(), strict=True)):
        is_between = bool(added.action[j] == "interpolate")
        for end in (i, other) if is_between else (i,):
            if rows[end].file is None:
                what = "interpolates from" if is_between else "copies"
                raise ValueError(f"apply: 'proposals' {what} {images.ids[end]!r}, which is not kept")
        rows.append(
            Row(images.ids[i], str(added.action[j]), str(added.reason[j]), "", names[added.to[j]], rows[i].was,
                int(added.number[j]), neighbor=images.ids[other] if is_between else None,
                step=float(added.score[j]) if is_between else None)
        )  # fmt: skip
        samples.append(i)
    return _with_files(images, rows, samples, form), samples


def _with_files(images: ImageSet, rows: list[Row], samples: list[int], form: Form) -> list[Row]:
    inside = [j for j, row in enumerate(rows) if row.file is not None and not row.is_between]
    between = [j for j, row in enumerate(rows) if row.is_between]
    first = sum(rows[j].number == 0 for j in inside)  # behind the features of what is kept
    if form == "npz":
        files = [f"{NPZ}#{place}" for place in range(len(inside))]
    else:
        inside.sort(key=lambda j: rows[j].action == "relabel")  # what stays in its class stays with its name
        folders = class_folders(images.names)
        wanted = [f"{FOLDER}/{folders[rows[j].label or '']}/{_file_name(images, rows[j], samples[j])}" for j in inside]
        files = distinct(wanted, [f"{rows[j].source}#{rows[j].number}" for j in inside])
    files += [f"{FEATURES}#{first + place}" for place in range(len(between))]
    result = list(rows)
    for j, file in zip(inside + between, files, strict=True):
        result[j] = replace(rows[j], file=file)
    return result


def _file_name(images: ImageSet, row: Row, sample: int) -> str:
    name = file_name(row.source, images.suffix(sample))
    return f"{split_suffix(name)[0]}.copy{row.number}.png" if row.number else name


def head_of(plan: Plan, rows: list[Row]) -> dict[str, Any]:
    """Return what stands before the rows."""
    images, folders = plan.images, class_folders(plan.images.names)
    chosen = asdict(plan.options)
    chosen.pop("pipeline", None)
    return {
        "made_by": "burnish improve",
        "version": burnish.__version__,
        "title": images.title,
        "seed": plan.options.seed,
        "options": chosen,
        "pipeline": plan.pipeline.to_dict(),
        "longest_side_of_copies": LONGEST,
        "classes": [{"name": name, "folder": folders[name]} for name in images.names],
        "held_out": sum(row.action == "held-out" for row in rows),
    }


def write_manifest(path: Path, head: dict[str, Any], rows: Sequence[Row]) -> None:
    """Write the manifest: JSON with a row in each line."""
    with writing(path), replacing(path) as partial, partial.open("w", encoding="ascii", newline="\n") as file:
        text = json.dumps(head, indent=1)
        file.write(text[: text.rindex("\n")] + ',\n "rows": [')
        for j, row in enumerate(rows):
            filled = {
                name: value
                for name, value in row.__dict__.items()
                if value not in (None, "") and (name, value) != ("number", 0)
            }
            file.write(",\n  " if j else "\n  ")
            file.write(json.dumps(filled))
        file.write("\n ]\n}\n")


def read_manifest(path: Path) -> tuple[dict[str, Any], list[Row]]:
    """Read a manifest.

    Returns
    -------
    dict, list of Row
        What stands before the rows, and these.

    Raises
    ------
    DataError
        If it is none.
    """
    try:
        head = json.loads(path.read_text(encoding="utf-8"))
        if head["made_by"] != "burnish improve":
            raise ValueError(f"made by {head['made_by']}")
        empty = {"reason": "", "file": None, "label": None, "was": None}
        rows = [Row(**{**empty, **row}) for row in head.pop("rows")]
    except (KeyError, OSError, TypeError, ValueError) as error:
        raise DataError(f"{path} is not a manifest that burnish wrote: {one_line(error)}") from error
    return head, rows
