# SPDX-License-Identifier: Apache-2.0
"""Small sets with planted faults, and what a model that knows the truth would say of them."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from burnish import hardness, quality
from burnish._improve.proposals import Proposals


@dataclass(frozen=True)
class Judgment:
    """What `mend` needs to know of samples."""

    logits: npt.NDArray[Any]
    entropy: npt.NDArray[Any]
    logit_margin: npt.NDArray[Any]
    issue: npt.NDArray[Any]
    suggested: npt.NDArray[Any]
    repeat_of: npt.NDArray[Any]
    repeat_distance: npt.NDArray[Any]


def judgment(labels: npt.NDArray[Any], probs: npt.NDArray[Any], **changes: Any) -> Judgment:
    """Return the judgment of a model with these probabilities; a label is an issue where it says something else."""
    logits = np.log(np.maximum(np.asarray(probs, np.float32), 1e-6))
    prediction = logits.argmax(axis=1)
    issue = prediction != labels
    n = len(labels)
    made = Judgment(
        logits=logits,
        entropy=np.asarray(hardness.entropy(logits)) if n else np.zeros(0, np.float32),
        logit_margin=np.asarray(quality.logit_margin(logits, labels)) if n else np.zeros(0, np.float32),
        issue=issue,
        suggested=np.where(issue, prediction, -1),
        repeat_of=np.full(n, -1),
        repeat_distance=np.full(n, np.nan, np.float32),
    )
    return replace(made, **changes)


def sure_of(classes: npt.NDArray[Any], num_classes: int, p: float = 0.9) -> npt.NDArray[np.float64]:
    """Return probabilities (N, K) with `p` for these classes, the rest shared."""
    probs = np.full((len(classes), num_classes), (1 - p) / max(1, num_classes - 1))
    probs[np.arange(len(classes)), classes] = p
    return probs


def proposals(*rows: tuple[int, str, dict[str, int]]) -> Proposals:
    """Return proposals written by hand: sample, action, and what is not the default."""
    return Proposals(
        sample=np.array([row[0] for row in rows], np.int64),
        action=np.array([row[1] for row in rows], "U12"),
        reason=np.array([f"Since {row[1]} <{row[0]}>." for row in rows], object),
        to=np.array([row[2].get("to", -1) for row in rows], np.int64),
        other=np.array([row[2].get("other", -1) for row in rows], np.int64),
        score=np.ones(len(rows), np.float32),
        number=np.array([row[2].get("number", 0) for row in rows], np.int64),
    )


def jpeg(seed: int, size: tuple[int, int] = (40, 30), **options: Any) -> bytes:
    """Return a JPEG of soft colors."""
    from PIL import Image

    rng = np.random.default_rng(seed)
    small = Image.fromarray(rng.integers(0, 256, (4, 5, 3), dtype=np.uint8))
    with io.BytesIO() as file:
        small.resize(size, Image.Resampling.BICUBIC).save(file, "JPEG", **options)
        return file.getvalue()


def everything_below(folder: Path) -> dict[str, bytes]:
    """Return all files below a folder by name, their contents as they are."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
