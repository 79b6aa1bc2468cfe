# SPDX-License-Identifier: Apache-2.0
"""Learn from the hard and the rare: losses for torch whose gradient comes with the loss, in one native pass.

`focal_loss` (binary and multi-class), `class_balanced_loss` and `logit_adjusted_cross_entropy` read the logits once and
write their gradient at once; what autograd keeps is that gradient alone. Gradients are finite for every gamma from 0,
in every floating dtype, for sure and for masked classes. `class_weights` counts labels, and works without
torch.
"""

from __future__ import annotations

from typing import Any

from burnish._extras import needs_extra
from burnish.losses._weights import class_weights

try:
    from burnish.losses._focal import FocalLoss, focal_loss
    from burnish.losses._imbalanced import class_balanced_loss, logit_adjusted_cross_entropy
    from burnish.losses._native import free_memory
except ModuleNotFoundError as error:
    if error.name != "torch":
        raise

__all__ = [
    "FocalLoss",
    "class_balanced_loss",
    "class_weights",
    "focal_loss",
    "free_memory",
    "logit_adjusted_cross_entropy",
]


def __getattr__(name: str) -> Any:
    """Say what is missing when a loss is asked for without torch."""
    if name in __all__:
        with needs_extra("torch"):
            import torch  # noqa: F401
    raise AttributeError(f"module 'burnish.losses' has no attribute {name!r}")
