# SPDX-License-Identifier: Apache-2.0
"""Rows between rows, as imbalanced-learn writes it: the difference in the dtype of X, the rest in float64."""

from __future__ import annotations

from typing import Any

import numpy as np


def interpolate(X: Any, base: Any, neighbor: Any, step: Any, neighbors_in: Any = None, scale: Any = None) -> Any:
    """``X[base] + step * (neighbors_in[neighbor] - X[base])``, rounded once; integers are cut off towards zero."""
    others = X if neighbors_in is None else neighbors_in
    with np.errstate(all="ignore"):
        difference = others[neighbor] - X[base]
        if scale is not None:
            difference = (difference.astype(np.float64) * scale[:, None]).astype(X.dtype)
        steps = step[:, None].astype(np.float64)
        return (X[base].astype(np.float64) + steps * difference.astype(np.float64)).astype(X.dtype)
