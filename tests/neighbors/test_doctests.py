# SPDX-License-Identifier: Apache-2.0
"""The examples in the docstrings run, and the docstrings tell of every parameter."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from typing import Any

import pytest
from burnish import neighbors

MODULES = [f"burnish.neighbors.{module.name}" for module in pkgutil.iter_modules(neighbors.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    if name.endswith("_estimator"):
        pytest.importorskip("sklearn")
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", neighbors.__all__)
def test_docstrings(name: str) -> None:
    if name == "NearestNeighbors":
        pytest.importorskip("sklearn")
    member: Any = getattr(neighbors, name)
    text = inspect.getdoc(member) or ""
    assert text.splitlines()[0].endswith(".")
    assert ">>> " in text
    if inspect.isfunction(member):
        for parameter in inspect.signature(member).parameters:
            assert any(parameter in line.split(" : ")[0].split(", ") for line in text.splitlines()), parameter
        assert "Returns\n-------" in text
        assert "Raises\n------" in text
