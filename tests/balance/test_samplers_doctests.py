# SPDX-License-Identifier: Apache-2.0
"""The examples in the docstrings run, and the docstrings tell of every parameter and fitted attribute."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
import re
from typing import Any

import pytest
from burnish import balance
from samplers_data import PARAMETERS, make, three_classes

MODULES = [f"burnish.balance.{module.name}" for module in pkgutil.iter_modules(balance.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_examples_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


@pytest.mark.parametrize("name", [name for name in balance.__all__ if name not in ("Plan", "Provenance")])
def test_every_public_name_has_an_example(name: str) -> None:
    assert ">>> " in (inspect.getdoc(getattr(balance, name)) or "")


def described(text: str, section: str) -> list[str]:
    """The names that a numpydoc section has entries for."""
    _, found, rest = text.partition(f"{section}\n{'-' * len(section)}\n")
    assert found, f"no section {section}"
    body = re.split(r"\n[^\n]+\n-+\n", rest)[0]
    headings = [line.split(" : ")[0] for line in body.splitlines() if line and not line.startswith(" ")]
    return [one.strip() for heading in headings for one in heading.split(",")]


@pytest.mark.parametrize("name", [*PARAMETERS, "InstanceHardnessThreshold", "AugmentOverSampler"])
def test_parameters_are_described(name: str) -> None:
    sampler: Any = getattr(balance, name)
    text = inspect.getdoc(sampler) or ""
    assert "{" not in re.sub(r"\{'[^}]*\}|\{[0-9][^}]*\}", "", text.partition("Examples\n")[0]), "a placeholder is left"
    parameters = [parameter for parameter in inspect.signature(sampler).parameters if parameter != "self"]
    assert described(text, "Parameters") == parameters or set(described(text, "Parameters")) == set(parameters)


@pytest.mark.parametrize("name", PARAMETERS)
def test_attributes_are_described(name: str) -> None:
    sampler = make(name)
    sampler.fit_resample(*three_classes())
    fitted = {key for key in vars(sampler) if key.endswith("_") and not key.startswith("_")} | {
        key for key in vars(sampler) if key == "in_danger_indices"
    }
    assert fitted <= set(described(inspect.getdoc(type(sampler)) or "", "Attributes"))


def test_a_class_shows_its_own_parameters_on_every_python() -> None:
    class Inherits(balance.SMOTE):  # type: ignore[misc, unused-ignore]
        pass

    class Defines(balance.SMOTE):  # type: ignore[misc, unused-ignore]
        def __init__(self, *, how: str = "so") -> None:
            super().__init__()
            self.how = how

    assert list(inspect.signature(Inherits).parameters) == list(inspect.signature(balance.SMOTE).parameters)
    assert list(inspect.signature(Defines).parameters) == ["how"]
    assert "__signature__" in vars(Inherits)  # which comes before that of `__new__`, where Python looks there first
