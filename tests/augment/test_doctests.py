# SPDX-License-Identifier: Apache-2.0
"""The examples in the docstrings run, and the docstrings tell of every parameter."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from typing import Any

import pytest
from burnish import augment

MODULES = [module.name for module in pkgutil.walk_packages(augment.__path__, "burnish.augment.")]
CLASSES = [name for name in augment.__all__ if inspect.isclass(getattr(augment, name))]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", CLASSES)
def test_docstrings(name: str) -> None:
    member: Any = getattr(augment, name)
    text = inspect.getdoc(member) or ""
    assert text.splitlines()[0].endswith(".")
    for parameter in inspect.signature(member).parameters:
        assert any(parameter in line.split(" : ")[0].split(", ") for line in text.splitlines()), parameter


@pytest.mark.parametrize("name", augment.functional.__all__)
def test_functions_have_docstrings(name: str) -> None:
    assert (inspect.getdoc(getattr(augment.functional, name)) or "").splitlines()[0].endswith(".")
