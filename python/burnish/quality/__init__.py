# SPDX-License-Identifier: Apache-2.0
"""Which labels are wrong, which samples repeat, which are missing.

On embeddings: `near_duplicates`, `leaks`, `uniqueness`, `representativeness`, `outliers`, `coreset`, and `sample` for
what to annotate next. Over the epochs of a training: `DynamicsRecorder`. With several annotators: `majority`,
`consensus`, `agreement`.
"""

from burnish.quality._agreement import agreement
from burnish.quality._annotators import Consensus, consensus, majority
from burnish.quality._coreset import coreset
from burnish.quality._dynamics import Dynamics, DynamicsRecorder
from burnish.quality._leaks import Leaks, leaks
from burnish.quality._near_duplicates import NearDuplicates, near_duplicates
from burnish.quality._outliers import outliers
from burnish.quality._representativeness import representativeness
from burnish.quality._sample import sample
from burnish.quality._uniqueness import uniqueness

__all__ = [
    "near_duplicates",
    "NearDuplicates",
    "leaks",
    "Leaks",
    "uniqueness",
    "representativeness",
    "outliers",
    "coreset",
    "sample",
    "DynamicsRecorder",
    "Dynamics",
    "majority",
    "consensus",
    "Consensus",
    "agreement",
]
