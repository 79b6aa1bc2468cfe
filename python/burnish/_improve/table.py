# SPDX-License-Identifier: Apache-2.0
"""All images and what is known of each, as a Parquet table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

import burnish
from burnish._extras import needs_extra
from burnish._files import replacing
from burnish._improve.score import Scores

_NUMBERS = ("entropy", "self_confidence", "logit_margin", "uniqueness", "outlier", "repeat_distance")


def write_scores(
    path: Path, images: Any, scan: Any, scores: Scores, rows: npt.NDArray[np.int64], *, model: str = ""
) -> None:
    r"""Write what is known of all N images; nothing (null) where an image was not scored.

    Parameters
    ----------
    path : path
        Of the Parquet file, whose folder is there.
    images : ImageSet
    scan : Scan
    scores : Scores
        Of M images.
    rows : int64 array of shape (M,)
        Their places among all.
    model : str, optional
        What scored them; kept in the file's metadata.

    Notes
    -----
    Columns: id, label, held_out, usable, copy_of (id of the first image with the same pixels), prediction, hardness
    (entropy, nats), self_confidence, logit_margin, issue, suggested, uniqueness, outlier, repeat_of (an id),
    repeat_distance. Bytes of ids that are no text are written as "\udcff" and the like.
    """
    with needs_extra("demo"):
        import pyarrow
        from pyarrow import parquet

    n = len(images.ids)
    ids = np.array([_text(name) for name in images.ids], object)
    names = np.array([*map(_text, images.names), None], object)  # -1 is none
    columns = {
        "id": pyarrow.array(ids, pyarrow.string()),
        "label": pyarrow.array(names[images.labels], pyarrow.string()),
        "held_out": pyarrow.array(np.asarray(images.held_out, bool)),
        "usable": pyarrow.array(np.asarray(scan.usable, bool)),
        "copy_of": pyarrow.array(np.append(ids, None)[scan.copy_of], pyarrow.string()),
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
    columns["repeat_of"] = pyarrow.array(np.append(ids, None)[_spread(repeat_of, rows, n, -1)], pyarrow.string())
    table = pyarrow.table(columns, metadata={"burnish": burnish.__version__, "model": model})
    with replacing(path) as partial:
        parquet.write_table(table, partial)


def _spread(values: npt.NDArray[Any], rows: npt.NDArray[np.int64], n: int, nothing: Any) -> npt.NDArray[Any]:
    """Return the values of all rows, `nothing` where there is none."""
    spread = np.full(n, nothing, values.dtype)
    spread[rows] = values
    return spread


def _text(name: str) -> str:
    """Return a name that can be encoded."""
    return name.encode("utf-8", "backslashreplace").decode()
