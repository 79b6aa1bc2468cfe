# SPDX-License-Identifier: Apache-2.0
"""Huge images, interrupts, forks, many threads, copies, pickles: results stay right, and nothing hangs or crashes."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
import textwrap
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import burnish
import numpy as np
import pytest
from burnish import augment
from burnish.augment import functional as F  # noqa: N812

IDS = np.arange(8)


def _huge() -> np.ndarray:
    """Return an image of 20,000 x 20,000 pixels that takes no memory; each row is the same."""
    return np.broadcast_to(np.arange(20_000, dtype=np.int64).astype(np.uint8)[None, :, None], (1, 20_000, 20_000, 1))


def test_a_huge_image_costs_what_is_left_of_it() -> None:
    image = _huge()
    pipe = augment.Compose(
        [augment.RandomCrop(300, 200), augment.Rotate(p=1), augment.GaussianBlur((3, 7), p=1), augment.InvertImg(p=1)]
    )
    plan = pipe.plan([3], sizes=(20_000, 20_000), channels=1)
    left = int(plan["RandomCrop"]["left"][0])
    start = time.process_time()  # of this process alone, however busy the machine is
    result = pipe.apply(image, plan)
    assert time.process_time() - start < 1  # 0.01; all of the image would take several
    part = np.ascontiguousarray(image[:, :300, left : left + 200])
    there = augment.Compose(pipe.transforms[1:])
    plan.entries, plan.sizes = plan.entries[1:], None
    assert np.array_equal(result, there.apply(part, plan))


def test_places_in_a_huge_image_are_right() -> None:
    image = _huge()
    assert np.array_equal(F.crop(image, 19_990, 19_000, 10, 1000)[0, 3, :, 0], image[0, 0, 19_000:, 0])
    turned = augment.Compose([augment.Rotate((180, 180), p=1), augment.CenterCrop(4, 4)])(image)
    assert np.array_equal(turned[0, 0, :, 0], image[0, 0, 9998:10_002, 0][::-1])


def test_many_images() -> None:
    n = 300_000
    images = np.broadcast_to(np.arange(12, dtype=np.uint8).reshape(1, 2, 2, 3), (n, 2, 2, 3))
    pipe = augment.Compose([augment.HorizontalFlip(), augment.RandomBrightnessContrast()], seed=4)
    result = pipe(images, np.arange(n))
    some = [0, 1, 77_777, n - 1]
    assert np.array_equal(result[some], pipe(images[:4], some))


def test_many_callers(photos: np.ndarray, pipe: augment.Compose) -> None:
    expected = {epoch: pipe(photos, IDS, epoch) for epoch in range(4)}
    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(lambda k: pipe(photos, IDS, k % 4), range(64)))
    assert all(np.array_equal(result, expected[k % 4]) for k, result in enumerate(found))


def test_many_callers_that_count_get_all_numbers_once(photos: np.ndarray) -> None:
    """Without ids, calls at the same time must not get the same ones."""
    pipe = augment.Compose([augment.GaussNoise(p=1)], seed=2)
    expected = {result.tobytes() for result in pipe(np.concatenate([photos[:1]] * 64), np.arange(64))}
    with ThreadPoolExecutor(8) as executor:
        found = list(executor.map(lambda _: pipe(photos[:1]).tobytes(), range(64)))
    assert set(found) == expected


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda pipe: pickle.loads(pickle.dumps(pipe))])
def test_copies(photos: np.ndarray, pipe: augment.Compose, copied: object) -> None:
    pipe(photos)
    other = copied(pipe)  # type: ignore[operator]
    assert other.next_id == pipe.next_id == 8
    assert np.array_equal(other(photos), pipe(photos))
    other.seed = 99
    assert pipe.seed == 5
    assert not np.array_equal(other(photos, IDS), pipe(photos, IDS))


PROGRAM = """
    import os, signal, sys, threading, time
    import numpy as np
    import burnish
    from burnish import augment
    from burnish.augment import functional as F

    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (32, 40, 50, 3), dtype=np.uint8)
    pipe = augment.Compose(
        [augment.Rotate(p=1), augment.ColorJitter(p=1), augment.GaussNoise(p=1), augment.GaussianBlur((3, 7), p=1)]
    )
    ids = np.arange(32)
"""


def _program(tmp_path: Path, code: str) -> list[str]:
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(PROGRAM) + textwrap.dedent(code))
    return [sys.executable, str(path)]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_while_others_call(tmp_path: Path) -> None:
    code = """
    burnish.set_num_threads(2)
    expected = pipe(images, ids)
    stop = threading.Event()

    def work():
        while not stop.is_set():
            assert np.array_equal(pipe(images, ids), expected)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for worker in workers:
        worker.start()
    for _ in range(5):
        child = os.fork()
        if child == 0:
            signal.alarm(300)
            right = np.array_equal(pipe(images, ids), expected)
            os._exit(0 if right else 1)
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    for worker in workers:
        worker.join()
    """
    run = subprocess.run(_program(tmp_path, code), capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_forked_while_others_count(tmp_path: Path) -> None:
    """Without ids a call takes a lock, which a child must not wait for."""
    code = """
    from burnish.augment import _pipeline
    stop = threading.Event()

    def work():
        while not stop.is_set():
            with _pipeline._COUNTING:
                time.sleep(0.01)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    for _ in range(5):
        child = os.fork()
        if child == 0:
            signal.alarm(300)
            pipe(images)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
    stop.set()
    worker.join()
    """
    run = subprocess.run(_program(tmp_path, code), capture_output=True, text=True, timeout=600)
    assert run.returncode == 0, run.stderr


def test_what_is_filtered_is_turned(tmp_path: Path) -> None:
    # In a process of its own: what goes wrong here writes to others' memory.
    code = """
    for channels in (1, 3):
        for shape in ((31, 1), (1, 31), (5, 5), (7, 4)):
            img = rng.integers(0, 256, (1, *shape, channels), dtype=np.uint8)
            for image in (img, (img / 255).astype(np.float32)):
                for steps in ([augment.UnsharpMask(3, 300, 0, p=1)], [augment.GaussianBlur((5, 5), p=1)]):
                    pipe = augment.Compose([*steps, augment.Transpose(p=1), *steps, augment.Transpose(p=1)])
                    for one in (pipe, augment.Compose([*steps, augment.Transpose(p=1)])):
                        assert np.array_equal(one(image, ids=[0]), one(image, ids=[0], fuse=False))
    print("done")
    """
    run = subprocess.run(_program(tmp_path, code), capture_output=True, text=True, timeout=600, check=False)
    assert (run.returncode, run.stdout) == (0, "done\n"), run.stderr


def test_reads_end_where_images_end(tmp_path: Path) -> None:
    code = """
    import ctypes, mmap
    page = mmap.PAGESIZE
    memory = mmap.mmap(-1, 3 * page)
    address = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    assert ctypes.CDLL(None).mprotect(ctypes.c_void_p(address + 2 * page), page, 0) == 0  # whoever reads there ends
    for dtype in (np.uint8, np.float32):
        for width in (11, 12, 33):
            size = 8 * width * 3 * np.dtype(dtype).itemsize
            img = np.frombuffer(memory, dtype, 8 * width * 3, 2 * page - size).reshape(8, width, 3)
            for interpolation in ("nearest", "bilinear", "bicubic"):
                for image in (img, img[..., ::-1], img[::-1], img[:, ::-1]):
                    F.rotate(image, 30, interpolation=interpolation)
    print("done")
    """
    run = subprocess.run(_program(tmp_path, code), capture_output=True, text=True, timeout=600, check=False)
    assert (run.returncode, run.stdout) == (0, "done\n"), run.stderr


@pytest.mark.parametrize("interpolation", ["nearest", "bilinear", "bicubic"])
def test_rows_far_apart(interpolation: str) -> None:
    row = 75_000_000  # rows of an image of more than 2 GiB
    image = np.empty((30, row), np.uint8)[:, :120].reshape(30, 40, 3)  # of which little is touched
    image[...] = np.random.default_rng(0).integers(0, 256, image.shape)
    given: dict[str, Any] = {"angle": 23, "interpolation": interpolation}
    assert np.array_equal(F.rotate(image, **given), F.rotate(image.copy(), **given))


LONG = {
    "one image": "F.rotate(one((1, 20_000, 20_000, 1)), 10, out=out)",
    "one image in steps": "augment.Compose([augment.Rotate(p=1), augment.GaussianBlur((31, 31), p=1)])("
    "one((1, 20_000, 20_000, 1)), out=out)",
    "a blur of one image": "F.gaussian_blur(one((1, 20_000, 20_000, 1)), 31, 6, out=out)",
    "Pillow's blur of one image": "F.pillow_gaussian_blur(one((1, 20_000, 20_000, 1)), 9, out=out)",
    "many images": "F.gaussian_blur(one((400, 1000, 1000, 1)), 127, 20, out=out.reshape(400, 1000, 1000, 1))",
}


@pytest.mark.parametrize("call", LONG)
@pytest.mark.parametrize("threads", [1, 2])
def test_interrupted_before_the_end(tmp_path: Path, call: str, threads: int) -> None:
    """That the last pixel is as it was shows that the call did not go on to its end, however slow the machine is."""
    code = f"""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of a shell ignores it

    def one(shape):
        return np.broadcast_to(np.uint8(7), shape)  # takes no memory

    burnish.set_num_threads({threads})
    small = pipe(images, ids)
    out = np.empty((1, 20_000, 20_000, 1), np.uint8)
    out[0, -1, -1, 0] = 99
    threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
    try:
        {LONG[call]}
        print("finished")
    except KeyboardInterrupt:
        print("interrupted", out[0, -1, -1, 0])
    assert np.array_equal(pipe(images, ids), small)  # works as before
    """
    run = subprocess.run(_program(tmp_path, code), capture_output=True, text=True, timeout=300, check=False)
    assert (run.returncode, run.stdout) == (0, "interrupted 99\n"), run.stderr


def test_drawing_is_interrupted(tmp_path: Path) -> None:
    code = """
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background of a shell ignores it
    dropout = augment.CoarseDropout((200, 200), p=1)
    seconds = []
    for _ in range(3):
        start = time.monotonic()
        dropout.plan(np.arange(10_000), sizes=(9, 9))
        seconds.append(time.monotonic() - start)
    threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGINT]).start()
    start = time.monotonic()
    try:
        dropout.plan(np.arange(400_000), sizes=(9, 9))
        print("finished")
    except KeyboardInterrupt:
        print("interrupted", time.monotonic() - start < 0.3 + 20 * max(seconds))  # half of what all takes
    """
    run = subprocess.run(_program(tmp_path, code), capture_output=True, text=True, timeout=300, check=False)
    assert (run.returncode, run.stdout) == (0, "interrupted True\n"), run.stderr


def test_numbers_of_threads_do_not_leak(photos: np.ndarray, pipe: augment.Compose) -> None:
    before = burnish.get_num_threads()
    with pytest.raises(ValueError, match="accepted"):
        pipe(photos[:, :3])
    assert burnish.get_num_threads() == before
