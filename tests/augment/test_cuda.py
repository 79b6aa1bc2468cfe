# SPDX-License-Identifier: Apache-2.0
"""Pipelines on a GPU: the CPU's bits, on the caller's stream, in CUDA graphs. With "cpu" the tests try themselves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from burnish import augment
from every_transform import EVERY

torch = pytest.importorskip("torch")

IDS = np.array([5, 11, 2, 900, -4, 1 << 40, 7, 8])


@pytest.fixture
def gpu(device: str) -> Any:
    if device == "cpu":
        pytest.skip("streams and graphs are a GPU's")
    return torch.device("cuda", torch.cuda.current_device())


def planes(photos: np.ndarray, dtype: str = "uint8") -> Any:
    images = photos if dtype == "uint8" else (photos / 255).astype(np.float32)
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2)))


def same(found: Any, expected: Any, device: str) -> bool:
    assert found.device.type == device
    assert found.dtype == expected.dtype
    return torch.equal(found.cpu().view(torch.uint8), expected.view(torch.uint8))


@pytest.mark.parametrize("dtype", ["uint8", "float32"])
@pytest.mark.parametrize("name", EVERY)
def test_every_transform(name: str, dtype: str, photos: np.ndarray, device: str) -> None:
    images = planes(photos, dtype)
    pipe = augment.Compose([EVERY[name]], seed=1)
    for fuse in (True, False):
        assert same(pipe(images.to(device), IDS, fuse=fuse), pipe(images, IDS, fuse=fuse), device)


@pytest.mark.parametrize("channels", [1, 3, 4, 6])
def test_channels(channels: int, photos: np.ndarray, device: str) -> None:
    images = planes(np.repeat(photos, 2, axis=3)[..., :channels])
    parts = [
        augment.HorizontalFlip(),
        augment.Rotate(20, p=1),
        augment.GaussNoise(p=1),
        augment.GaussianBlur((3, 9), p=1),
    ]
    pipe = augment.Compose(parts, seed=2)
    assert same(pipe(images.to(device), IDS), pipe(images, IDS), device)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
def test_dtypes_and_layouts(dtype: str, layout: str, pipe: augment.Compose, photos: np.ndarray, device: str) -> None:
    images = planes(photos)
    result = pipe(images.to(device), IDS, out_layout=layout, dtype=dtype)
    assert same(result, pipe(images, IDS, out_layout=layout, dtype=dtype), device)
    turned = torch.from_numpy(photos).to(device).flip(0).permute(0, 3, 1, 2)  # rows of colors
    assert same(pipe(turned, IDS), pipe(turned.cpu(), IDS), device)


def test_lists_of_sizes(photos: np.ndarray, device: str) -> None:
    images = [torch.from_numpy(photo[: 20 + 2 * i, : 50 - 3 * i].copy()) for i, photo in enumerate(photos)]
    pipe = augment.Compose(
        [augment.ColorJitter(0.4, 0.4, 0.4, 0.1), augment.HorizontalFlip(), augment.Equalize()], seed=4
    )
    found = pipe([image.to(device) for image in images], IDS, layout="NHWC")
    for one, expected in zip(found, pipe(images, IDS, layout="NHWC"), strict=True):
        assert same(one, expected, device)
    pipe = augment.RandomResizedCrop((24, 31), p=1)
    alike = pipe([image.to(device) for image in images], IDS, layout="NHWC")
    for one, expected in zip(alike, pipe(images, IDS, layout="NHWC"), strict=True):
        assert same(one, expected, device)


def test_results_in_memory_that_is_there(pipe: augment.Compose, photos: np.ndarray, device: str) -> None:
    images = planes(photos)
    expected = pipe(images, IDS)
    out = torch.empty_like(expected, device=device)
    assert pipe(images.to(device), IDS, out=out) is out
    assert same(out, expected, device)
    assert pipe(images.to(device)[:0], IDS[:0]).device.type == device


def test_one_image(pipe: augment.Compose, photos: np.ndarray, device: str) -> None:
    image = planes(photos)[0]
    assert same(pipe(image=image.to(device), ids=5)["image"], pipe(image=image, ids=5)["image"], device)


def test_devices_do_not_mix(gpu: Any, photos: np.ndarray) -> None:
    flip, images = augment.HorizontalFlip(p=1), planes(photos)
    with pytest.raises(ValueError, match=r"'out' is on cpu; accepted: cuda:\d+, where 'images' are"):
        flip(images.to(gpu), out=torch.empty_like(images))
    with pytest.raises(ValueError, match=r"'out' is on cuda:\d+; accepted: cpu, where 'images' are"):
        flip(images, out=torch.empty_like(images, device=gpu))
    with pytest.raises(ValueError, match="image 1 is on cpu, image 0 is on cuda"):
        flip([images[0].to(gpu), images[1]])
    with pytest.raises(ValueError, match="'ids' is on a GPU"):
        flip(images.to(gpu), torch.arange(8, device=gpu))


def test_many_channels_are_refused_on_a_gpu(gpu: Any) -> None:
    with pytest.raises(ValueError, match="have 65 channels; accepted on a GPU: 1 to 64"):
        augment.HorizontalFlip(p=1)(torch.zeros((1, 65, 4, 4), dtype=torch.uint8, device=gpu))


def test_side_stream_is_used_and_not_waited_for(pipe: augment.Compose, photos: np.ndarray, gpu: Any) -> None:
    images = planes(photos)
    expected = pipe(images, IDS)
    there = images.to(gpu)
    source = torch.zeros_like(there)
    pipe(source, IDS)
    stream, ready = torch.cuda.Stream(), torch.cuda.Event()
    torch.cuda.synchronize()
    with torch.cuda.stream(stream):
        torch.cuda._sleep(200_000_000)
        source.copy_(there)
        ready.record()
        result = pipe(source, IDS)
        assert not ready.query()  # the call returned before its images were there
    stream.synchronize()
    assert same(result, expected, "cuda")


def test_cuda_graph(photos: np.ndarray, gpu: Any) -> None:
    parts = [augment.Rotate(30), augment.ColorJitter(0.4, 0.4, 0.4, 0.2, p=1), augment.Equalize(), augment.GaussNoise(),
             augment.UnsharpMask((1, 3)), augment.GaussianBlur((3, 7)), augment.Normalize()]  # fmt: skip
    pipe = augment.Compose(parts, seed=6)
    images = planes(photos)
    source = images.to(gpu)
    expected = pipe(images, IDS)
    out = torch.zeros_like(expected, device=gpu)
    side = torch.cuda.Stream()
    side.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(side):  # once before, as torch asks for
        pipe(source, IDS, out=out)
    torch.cuda.current_stream().wait_stream(side)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        pipe(source, IDS, out=out)
    for changed in (images, images.flip(0), 255 - images):
        source.copy_(changed)
        out.zero_()
        graph.replay()
        assert same(out, pipe(changed, IDS), "cuda")
