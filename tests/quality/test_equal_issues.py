# SPDX-License-Identifier: Apache-2.0
"""The same labels are flagged as by cleanlab; equal_issues.py says how the two are compared."""

from __future__ import annotations

import pytest

pytest.importorskip("cleanlab", reason="cleanlab is not installed")

from equal_issues import PROBLEMS, compare
from quality_data import FILTERS


@pytest.mark.parametrize("name", PROBLEMS)
def test_sets(name: str) -> None:
    labels, probs, _ = PROBLEMS[name](0)
    for filter_by in FILTERS:
        flagged, differ, _ = compare(labels, probs, filter_by)
        assert flagged > 0
        assert differ == 0, filter_by
