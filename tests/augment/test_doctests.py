# SPDX-License-Identifier: Apache-2.0
"""The examples in the docstrings run, and the docstrings tell of every parameter."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest
from burnish import augment

MODULES = [module.name for module in pkgutil.walk_packages(augment.__path__, "burnish.augment.")]
PUBLIC = {
    **{name: getattr(augment, name) for name in augment.__all__ if callable(getattr(augment, name))},
    **{f"functional.{name}": getattr(augment.functional, name) for name in augment.functional.__all__},
}


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", PUBLIC)
def test_docstrings(name: str) -> None:
    """A summary, and each parameter."""
    text = inspect.getdoc(PUBLIC[name]) or ""
    assert text.splitlines()[0].endswith(".")
    for parameter in inspect.signature(PUBLIC[name]).parameters:
        assert any(parameter in line.split(" : ")[0].split(", ") for line in text.splitlines()), parameter
