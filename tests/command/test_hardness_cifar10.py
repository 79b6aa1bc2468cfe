# SPDX-License-Identifier: Apache-2.0
"""``burnish hardness cifar10`` on the real photographs and human labels, which the folder BURNISH_DATA holds."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
from conftest import read_csv

pytest.importorskip("torch")
pytest.importorskip("sklearn")
pytest.importorskip("matplotlib")
pytest.importorskip("PIL")

DATA = Path(os.environ.get("BURNISH_DATA", ""))
MISSING = [name for name in ("cifar10-train.zip", "cifar10n-resnet18.npz") if not (DATA / name).is_file()]
pytestmark = [
    pytest.mark.skipif(bool(MISSING), reason=f"BURNISH_DATA does not name a folder with {' and '.join(MISSING)}"),
    pytest.mark.usefixtures("one_thread"),
]

NAMES = ["airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"]
QUICK = ("hardness", "cifar10", "--epochs", 1, "--limit")


@pytest.mark.parametrize(
    ("kind", "wrong", "auroc"),
    [
        ("aggregate", "4505 of all 50000 (9.0 %)", {"entropy": 0.719, "self-confidence": 0.977, "logit margin": 0.979}),
        ("worst", "20104 of all 50000 (40.2 %)", {}),
    ],
)
def test_human_labels(
    burnish_command: Callable[..., Any], tmp_path: Path, kind: str, wrong: str, auroc: dict[str, float]
) -> None:
    run = burnish_command(*QUICK, 100, "--noisy-labels", kind, "--out", tmp_path)
    assert run.code == 0
    assert wrong in run.stdout
    columns = read_csv(tmp_path / "hardness.csv")
    assert list(columns) == ["id", "label", "prediction", "hardness", "logit_margin", "true_label"]
    assert columns["id"] == [f"{name}/{i:04}.jpg" for name in NAMES for i in range(100)]
    assert columns["true_label"] == [name for name in NAMES for _ in range(100)]
    assert f"{(np.array(columns['label']) != columns['true_label']).sum()} of 1000 " in run.stdout
    lines = run.stdout.splitlines()
    for name, expected in auroc.items():
        line = next(line for line in lines if line.startswith(name) and len(line.split()) >= 5)
        assert round(float(line.split()[-2]), 3) == expected


def test_without_human_labels_the_folders_are_the_labels(burnish_command: Callable[..., Any], tmp_path: Path) -> None:
    run = burnish_command(*QUICK, 10, "--out", tmp_path)
    assert run.code == 0
    assert "CIFAR-10: 100 images, 10 classes" in run.stdout
    assert "checked: no score depends on the batch" in run.stdout
    assert "AUROC" not in run.stdout
    columns = read_csv(tmp_path / "hardness.csv")
    assert columns["label"] == [name for name in NAMES for _ in range(10)]
    assert np.isfinite(np.array(columns["hardness"], dtype=float)).all()
