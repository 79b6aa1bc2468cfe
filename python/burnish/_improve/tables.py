# SPDX-License-Identifier: Apache-2.0
"""What a run found, as tables: all images with their scores in a Parquet file, and what pandas shows."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

import burnish
from burnish._extras import needs_extra
from burnish._files import replacing
from burnish._improve.page.findings import findings_of
from burnish._improve.proof import ALL, AS_IT_IS
from burnish._improve.proposals import ACTIONS, ADDS, Proposals
from burnish._improve.score import Scores

if TYPE_CHECKING:
    from burnish._improve.improve import Improvement

_NUMBERS = ("entropy", "self_confidence", "logit_margin", "uniqueness", "outlier", "repeat_distance")


def write_parquet(path: Path, table: Any) -> None:
    """Write a `pyarrow.Table` as a Parquet file, whose folder is there."""
    with needs_extra("demo"):
        from pyarrow import parquet

    with replacing(path) as partial:
        parquet.write_table(table, partial)


def scores_table(
    images: Any,
    scan: Any,
    scores: Scores,
    rows: npt.NDArray[np.int64],
    *,
    model: str = "",
    proposals: Proposals | None = None,
) -> Any:
    r"""Return what is known of all N images; nothing (null) where an image was not scored.

    Parameters
    ----------
    images : ImageSet
    scan : Scan
    scores : Scores
        Of M images.
    rows : int64 array of shape (M,)
        Their places among all.
    model : str, optional
        What scored them; kept in the metadata.
    proposals : Proposals, optional
        Of which the first for each image, what is added aside, is a column.

    Returns
    -------
    pyarrow.Table

    Notes
    -----
    Columns: id, label, held_out, usable, copy_of (id of the first image with the same pixels), prediction, hardness
    (entropy, nats), self_confidence, logit_margin, issue, suggested, uniqueness, outlier, repeat_of (an id),
    repeat_distance, and with proposals proposal. Bytes of ids that are no text are written as "\\udcff" and the like.
    """
    with needs_extra("demo"):
        import pyarrow

    n = len(images.ids)
    ids = np.array([_text(name) for name in images.ids], object)
    names = np.array([*map(_text, images.names), None], object)  # -1 is none
    either: npt.NDArray[np.object_] = np.array([*ids, None], object)  # -1 is none
    columns = {
        "id": pyarrow.array(ids, pyarrow.string()),
        "label": pyarrow.array(names[images.labels], pyarrow.string()),
        "held_out": pyarrow.array(np.asarray(images.held_out, bool)),
        "usable": pyarrow.array(np.asarray(scan.usable, bool)),
        "copy_of": pyarrow.array(either[scan.copy_of], pyarrow.string()),
        "prediction": pyarrow.array(names[_spread(scores.prediction, rows, n, -1)], pyarrow.string()),
    }
    for name in _NUMBERS:
        values = _spread(getattr(scores, name), rows, n, np.nan)
        columns["hardness" if name == "entropy" else name] = pyarrow.array(values, mask=np.isnan(values))
    scored = np.zeros(n, bool)
    scored[rows] = True
    columns["issue"] = pyarrow.array(_spread(scores.issue, rows, n, False), mask=~scored)
    columns["suggested"] = pyarrow.array(names[_spread(scores.suggested, rows, n, -1)], pyarrow.string())
    repeat_of = np.where(scores.repeat_of >= 0, rows[scores.repeat_of], -1) if len(rows) else scores.repeat_of
    columns["repeat_of"] = pyarrow.array(either[_spread(repeat_of, rows, n, -1)], pyarrow.string())
    if proposals is not None:
        proposed: npt.NDArray[np.object_] = np.full(n, None, object)
        other = proposals.only(*(action for action in ACTIONS if action not in ADDS))
        proposed[other.sample[::-1]] = other.action[::-1]
        columns["proposal"] = pyarrow.array(proposed, pyarrow.string())
    return pyarrow.table(columns, metadata={"burnish": burnish.__version__, "model": model})


def _spread(values: npt.NDArray[Any], rows: npt.NDArray[np.int64], n: int, nothing: Any) -> npt.NDArray[Any]:
    """Return the values of all rows, `nothing` where there is none."""
    spread = np.full(n, nothing, values.dtype)
    spread[rows] = values
    return spread


def _text(name: str) -> str:
    """Return a name that can be encoded."""
    return name.encode("utf-8", "backslashreplace").decode()


def frame(name: str, found: Improvement) -> Any:
    """Return the table "scores", "proposals" or "classes" as a pandas.DataFrame."""
    with needs_extra("demo"):
        import pandas as pd
    if name == "scores":
        return scores_table(found.images, found.scan, found.scores, found.rows, proposals=found.proposals).to_pandas()
    return pd.DataFrame({"proposals": _proposals, "classes": _classes}[name](found))


def _proposals(found: Improvement) -> dict[str, Any]:
    proposals, images = found.proposals, found.images
    names, ids = (*map(_text, images.names), None), (*map(_text, images.ids), None)
    return {
        "id": [ids[i] for i in proposals.sample],
        "action": proposals.action,
        "reason": [_text(reason) for reason in proposals.reason],
        "label": [names[i] for i in images.labels[proposals.sample]],
        "to": [names[i] for i in proposals.to],
        "other": [ids[i] for i in proposals.other],
        "score": proposals.score,
        "number": proposals.number,
    }


def _classes(found: Improvement) -> dict[str, Any]:
    before, after, added = findings_of(found).class_counts()
    names = [_text(name) for name in found.images.names]
    columns: dict[str, Any] = {"class": names, "images": before, "images_after": after, "added": added}
    scores, labels = found.scores, found.images.labels[found.rows]
    sizes = np.maximum(1, np.bincount(labels, minlength=len(before)))
    columns["hardness"] = np.bincount(labels, scores.entropy, minlength=len(before)) / sizes
    columns["issues"] = np.bincount(labels, scores.issue, minlength=len(before)).astype(np.int64)
    if found.proof is not None:
        for name, trial in (("recall", AS_IT_IS), ("recall_after", ALL)):
            of_trial = found.proof.trial(trial)
            if of_trial is not None:
                columns[name] = of_trial.mean_recall()
    return columns
