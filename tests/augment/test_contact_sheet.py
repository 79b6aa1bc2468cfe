# SPDX-License-Identifier: Apache-2.0
"""The contact sheet shows every transform, in bytes."""

from __future__ import annotations

import numpy as np
import pytest
from contact_sheet import photographs, rows
from every_transform import EVERY


def test_every_transform_has_a_row(photos: np.ndarray) -> None:
    listed = rows(photos[:2], 2)
    assert [name for name, _ in listed] == ["originals", *EVERY, "MixUp", "CutMix"]
    for name, images in listed:
        assert len(images) == 4, name
        assert all(image.dtype == np.uint8 for image in images), name
        assert all(np.ptp(image) > 0 for image in images), name


def test_photographs() -> None:
    pytest.importorskip("sklearn")
    pytest.importorskip("PIL")
    found = photographs(None)
    assert found.shape == (2, 144, 144, 3)
    assert (found.std(axis=(1, 2, 3)) > 30).all()
