# SPDX-License-Identifier: Apache-2.0
"""What a user may choose."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from numbers import Integral, Real
from typing import Any

LOSS = "log-loss"  # the one that is to fall
TARGETS = ("balanced-accuracy", "accuracy", "macro-f1", LOSS)
EVEN_TARGETS = ("balanced-accuracy", "macro-f1")  # in which a rare class counts as much as a frequent one
MODELS = ("auto", "backbone", "patches", "pixels")
FILLS = ("auto", "copies", "smote")
OF_FEATURES = ("smote",)  # of these: what adds rows of features, and no images


@dataclass(frozen=True)
class Options:
    """Settings of a run.

    Attributes
    ----------
    model : {"auto", "backbone", "patches", "pixels"}
        What images are described by: a pretrained network where it is installed, else how much of them looks like
        patches of the set itself, or, where they are tiny, their pixels. None of these knows the labels.
    target : {"balanced-accuracy", "accuracy", "macro-f1", "log-loss"}
        What is to rise; the first and third want rare classes filled up, the others do not.
    budget : int
        How many samples to propose for annotation.
    folds : int
        Each of as many parts is scored by a model that was trained on the others.
    runs : int
        Of the proof, each with a seed of its own.
    seed : int
    sure : float
        A sample whose label is wrong gets the class to which the model gives at least this probability, else it goes.
    fill : {"auto", "copies", "smote"}
        What fills up rare classes: varied copies of images, or rows between their features (SMOTE), for a model that
        is trained on features. "auto": copies, unless the features are given.
    flip : {"auto", "yes", "no"}
        Whether copies may be mirrored. "auto": where images have colors and names of classes do not speak against it.
    pipeline : str
        What makes copies instead: the JSON of ``to_dict()`` of a pipeline of `burnish.augment`; "" for the default.
    """

    model: str = "auto"
    target: str = "balanced-accuracy"
    budget: int = 100
    folds: int = 5
    runs: int = 3
    seed: int = 0
    sure: float = 0.5
    fill: str = "auto"
    flip: str = "auto"
    pipeline: str = ""


_CHOICES = {"model": MODELS, "target": TARGETS, "fill": FILLS, "flip": ("auto", "yes", "no")}
_LEAST = {"budget": 0, "folds": 2, "runs": 1, "seed": 0}
_SHARES = {"sure": 1.0}  # 0 to these


def adds_images(fill: str, target: str) -> bool:
    """Tell whether rare classes are filled up with images, which must be described before a model can learn of them."""
    return target in EVEN_TARGETS and fill not in OF_FEATURES


def checked_options(settings: Mapping[str, Any]) -> Options:
    """Return options, checked.

    Raises
    ------
    TypeError
        For a setting that there is not, or of another type.
    ValueError
        For a value that is not accepted.
    """
    names = [field.name for field in fields(Options)]
    for name, value in settings.items():
        if name not in names:
            raise TypeError(f"improve: there is no setting {name!r}; accepted: {', '.join(names)}")
        if name in _CHOICES:
            if value not in _CHOICES[name]:
                raise ValueError(f"improve: {name!r} is {value!r}; accepted: {', '.join(map(repr, _CHOICES[name]))}")
        elif name in _LEAST:
            if isinstance(value, bool) or not isinstance(value, Integral):
                raise TypeError(f"improve: {name!r} is {type(value).__name__}; accepted: int")
            if value < _LEAST[name]:
                raise ValueError(f"improve: {name!r} is {value}; accepted: {_LEAST[name]} or more")
        elif name in _SHARES:
            if isinstance(value, bool) or not isinstance(value, Real):
                raise TypeError(f"improve: {name!r} is {type(value).__name__}; accepted: float")
            if not 0 <= float(value) <= _SHARES[name]:
                raise ValueError(f"improve: {name!r} is {value}; accepted: 0 to {_SHARES[name]:g}")
    plain: dict[str, Any] = {name: int(value) if name in _LEAST else value for name, value in settings.items()}
    return Options(**plain)
