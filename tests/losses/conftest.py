# SPDX-License-Identifier: Apache-2.0
"""Make ``finite_table`` importable under every import mode; without torch there are no losses."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).resolve().parent))
