# SPDX-License-Identifier: Apache-2.0
"""The examples in the docstrings run, and the docstrings tell of every parameter."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from typing import Any

import pytest

PACKAGES = [importlib.import_module(f"burnish.{name}") for name in ("hardness", "losses", "metrics", "quality")]
MODULES = [
    f"{package.__name__}.{module.name}" for package in PACKAGES for module in pkgutil.iter_modules(package.__path__)
]
MEMBERS = {f"{package.__name__}.{name}": getattr(package, name) for package in PACKAGES for name in package.__all__}


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_there_are_examples(package: Any) -> None:
    shown = [name for name in package.__all__ if ">>>" in (inspect.getdoc(getattr(package, name)) or "")]
    assert 3 * len(shown) > len(package.__all__)


def described(text: str, section: str) -> str:
    """The text of a numpydoc section."""
    _, found, rest = text.partition(f"{section}\n{'-' * len(section)}\n")
    assert found, f"no section {section}"
    lines = rest.splitlines()
    ends = [i for i in range(1, len(lines)) if lines[i] and set(lines[i]) == {"-"}]
    return "\n".join(lines[: ends[0] - 1] if ends else lines)


@pytest.mark.parametrize("name", MEMBERS)
def test_docstrings(name: str) -> None:
    member = MEMBERS[name]
    text = inspect.getdoc(member) or ""
    assert text.splitlines()[0].endswith(".")
    for placeholder in ("{parameters}", "{footer}", "{undefined}"):
        assert placeholder not in text
    if not inspect.isfunction(member):
        return
    if inspect.signature(member).parameters:
        parameters = described(text, "Parameters").splitlines()
        headings = [line.split(" : ")[0] for line in parameters if line and not line.startswith(" ")]
        documented = [one.strip() for heading in headings for one in heading.split(",")]
        assert documented == list(inspect.signature(member).parameters)
        described(text, "Returns")
