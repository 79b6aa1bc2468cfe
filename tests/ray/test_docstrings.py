# SPDX-License-Identifier: Apache-2.0
"""The examples in the docstrings run, and the docstrings tell of every parameter."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil

import pytest

pytest.importorskip("ray.data")

from burnish import ray as package


@pytest.mark.parametrize("name", [module.name for module in pkgutil.iter_modules(package.__path__)])
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(f"burnish.ray.{name}")).failed == 0


@pytest.mark.parametrize("name", package.__all__)
def test_every_parameter_is_told_of(name: str) -> None:
    member = getattr(package, name)
    text = inspect.getdoc(member) or ""
    for parameter in inspect.signature(member).parameters:
        assert f"\n{parameter}" in text or f", {parameter}" in text or parameter == "options", parameter
