# SPDX-License-Identifier: Apache-2.0
"""Text and pictures of a report, with inputs that a run of the command does not bring about."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from burnish import report

Image = pytest.importorskip("PIL.Image")
pytest.importorskip("matplotlib")


def test_histogram_text() -> None:
    histogram = np.array([[0, 0, 1, 0], [30, 10, 0, 10]])
    text = report.histogram_text(histogram, np.linspace(0, 1, 5), bins=2, width=4)
    assert text.splitlines() == [
        "hardness     right: 50      wrong: 1",
        "0.00 - 0.50       40  ████        0",
        "0.50 - 1.00       10  █           1  ████",
    ]


@pytest.mark.parametrize(("count", "bar"), [(0, ""), (1, "▏"), (125, "▏"), (126, "▎"), (500, "▌"), (1000, "█")])
def test_a_bar_of_anything_is_visible(count: int, bar: str) -> None:
    text = report.histogram_text(np.array([[0, 0], [count, 1000]]), np.arange(3.0), bins=2, width=1)
    assert text.splitlines()[1].split()[4:5] == ([bar] if bar else ["0"])


def test_histogram_text_for_plain_terminals() -> None:
    text = report.histogram_text(np.array([[1, 0], [3, 9]]), np.arange(3.0), bins=2, width=9, ascii_only=True)
    assert text.isascii()
    assert "9  #########" in text
    assert "3  ###  " in text


def test_an_empty_histogram_has_no_bars() -> None:
    text = report.histogram_text(np.zeros((2, 4), dtype=np.int64), np.linspace(0, 1, 5), bins=4)
    assert len(text.splitlines()) == 5
    assert "█" not in text


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError, ValueError])
def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path, error: type[BaseException]) -> None:
    path = tmp_path / "x.csv"
    report.write_csv(path, {"a": [1, 2], "b": ["x", 'say "x", y']})
    before = path.read_bytes()
    assert before == b'a,b\r\n1,x\r\n2,"say ""x"", y"\r\n'

    def column() -> Any:
        yield 1
        raise error

    with pytest.raises(error):
        report.write_csv(path, {"a": column()})
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def _sample(shape: tuple[int, ...], name: str = "n", label: str = "l", prediction: str = "p") -> report.Sample:
    return report.Sample(np.full(shape, 100, dtype=np.uint8), name, label, prediction, "1.00 nats")


@pytest.mark.parametrize(
    "samples",
    [
        [],
        [_sample((8, 8))],
        [_sample((1, 1, 3)), _sample((256, 3, 3)), _sample((3, 256, 3))],
        [_sample((32, 32, 3), name="n" * 300, label="l" * 300, prediction="W" * 300)] * 13,
        [_sample((8, 8), name="\udcff", label="$\\frac{1}$", prediction="{}_^猫")],
    ],
)
def test_pictures_of_anything(tmp_path: Path, samples: list[report.Sample]) -> None:
    report.samples_picture(tmp_path / "x.png", [("$", samples), ("b", samples[:1])], title="$\\x" * 100)
    with Image.open(tmp_path / "x.png") as picture:
        assert picture.format == "PNG"
        assert picture.width == 1144
        assert picture.height > 100 + 240 * -(-len(samples) // 6)
    assert [path.name for path in tmp_path.iterdir()] == ["x.png"]


def test_captions_stay_in_their_columns(tmp_path: Path) -> None:
    wide = _sample((8, 8), name="W" * 40, label="W" * 40, prediction="W" * 40)
    report.samples_picture(tmp_path / "x.png", [("", [wide] * 6)], title="")
    with Image.open(tmp_path / "x.png") as picture:
        pixels = np.asarray(picture.convert("L"))
    starts = [round((0.2 + 1.7 * i) * 110) for i in range(6)]
    captions = pixels[-90:]
    assert all(captions[:, start - 4 : start - 1].min() == 255 for start in starts)
    assert all(captions[:, start : start + 100].min() < 100 for start in starts)


@pytest.mark.parametrize("counts", [[[0, 0], [0, 0]], [[1, 0], [10**9, 3]]])
def test_histogram_picture(tmp_path: Path, counts: list[list[int]]) -> None:
    report.histogram_picture(tmp_path / "x.png", np.array(counts), np.array([0.0, 0.5, 1.0]), title="$x")
    with Image.open(tmp_path / "x.png") as picture:
        assert (picture.format, picture.size) == ("PNG", (880, 550))


def test_a_sheet_has_a_row_of_tiles_for_each_name(tmp_path: Path) -> None:
    image_module = pytest.importorskip("PIL.Image")
    red, green = np.zeros((8, 8, 3), np.uint8), np.zeros((40, 32, 4), np.uint8)
    red[..., 0], green[..., 1], green[:, :16, 3] = 255, 255, 255
    gray = np.full((100, 80), 100, np.uint8)
    rows = [("small", [red, red, red]), ("clear", [green]), ("gray, of one channel", [gray, gray])]
    report.sheet_picture(tmp_path / "sheet.png", rows, title="a sheet")
    with image_module.open(tmp_path / "sheet.png") as picture:
        pixels = np.asarray(picture.convert("RGB"))
    left, top = pixels.shape[1] - 3 * 104, pixels.shape[0] - 3 * 104
    tiles = pixels[top:, left:]
    assert (tiles[:96, :96] == (255, 0, 0)).all()  # 8 pixels, 12 times as large
    assert (tiles[:96, 2 * 104 : 2 * 104 + 96] == (255, 0, 0)).all()
    assert (tiles[97:104, :96] == 255).all()
    assert (tiles[104 : 104 + 80, :32] == (0, 255, 0)).all()  # twice
    assert (tiles[104 : 104 + 80, 33:64] == 255).all()  # transparent
    assert (tiles[208 : 208 + 100, :80] == 100).all()
    assert (tiles[208:, 208:] == 255).all()
    assert (pixels[:top] != 255).any()  # the title
    assert all((pixels[top + 104 * i : top + 104 * i + 100, :left] != 255).any() for i in range(3))  # names
