# SPDX-License-Identifier: Apache-2.0
"""Make this folder's own modules importable under every import mode."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
