# SPDX-License-Identifier: Apache-2.0
"""Every sampler of imbalanced-learn as an empty subclass: another class that does the same, and must be accepted."""

from __future__ import annotations

import importlib

from imblearn_suite import PACKAGES

for _package in map(importlib.import_module, PACKAGES):
    for _name in _package.__all__:
        globals()[_name] = type(_name, (getattr(_package, _name),), {"__module__": __name__})
