# SPDX-License-Identifier: Apache-2.0
"""What a sampler accepts, told the way scikit-learn asks; imbalanced-learn's own classes where it is loaded."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from typing import Any

from sklearn.utils import InputTags as _InputTags
from sklearn.utils import Tags as _Tags
from sklearn.utils import TargetTags


@dataclass
class InputTags(_InputTags):  # type: ignore[misc]
    """scikit-learn's, and whether data frames are accepted."""

    dataframe: bool = False


@dataclass
class SamplerTags:
    """Whether the fitted sampler has `sample_indices_`."""

    sample_indices: bool = False


@dataclass
class Tags(_Tags):  # type: ignore[misc]
    """scikit-learn's, and those of a sampler."""

    input_tags: InputTags = field(default_factory=InputTags)
    sampler_tags: SamplerTags | None = None


def sampler_tags(*, sparse: bool, string: bool, allow_nan: bool, sample_indices: bool) -> Any:
    """Return the tags of a sampler."""
    theirs = sys.modules.get("imblearn.utils._tags")
    classes: Any = theirs if hasattr(theirs, "SamplerTags") else sys.modules[__name__]
    tags = classes.Tags(
        estimator_type="sampler",
        target_tags=TargetTags(required=True),
        sampler_tags=classes.SamplerTags(sample_indices=sample_indices),
    )
    tags.input_tags = classes.InputTags(
        two_d_array=True, sparse=sparse, string=string, allow_nan=allow_nan, dataframe=True
    )
    return tags
