# SPDX-License-Identifier: Apache-2.0
"""Draw every public transform on real photographs, for the eye: ``python tests/augment/contact_sheet.py``.

Each row is one transform of every_transform.py, several draws for each photograph; the first row has the originals.
Photographs are scikit-learn's two sample images, or those of ``--photos FOLDER``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

import numpy as np
from burnish import report
from burnish.augment import Compose, CutMix, MixUp

sys.path.insert(0, str(Path(__file__).resolve().parent))
from every_transform import EVERY

SIDE = 144
ROWS = 12  # on a page


def photographs(folder: Path | None) -> np.ndarray:
    """Return photographs as squares (N, SIDE, SIDE, 3)."""
    from PIL import Image, ImageOps

    if folder is None:
        from sklearn.datasets import load_sample_images

        found = [Image.fromarray(pixels) for pixels in load_sample_images().images]
    else:
        paths = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in (".jpg", ".jpeg", ".png")]
        found = [Image.open(path).convert("RGB") for path in paths[:4]]
    return np.stack([np.asarray(ImageOps.fit(image, (SIDE, SIDE))) for image in found])


def shown(result: Any) -> list[np.ndarray]:
    """Return results as uint8; normalized ones on a scale from -2.5 to 2.5."""
    images = [np.asarray(image) for image in result]
    if images[0].dtype == np.uint8:
        return images
    slope, black = (255, 0) if all(image.min() >= 0 and image.max() <= 1 for image in images) else (51, 127.5)
    return [np.clip(np.rint(image * slope + black), 0, 255).astype(np.uint8) for image in images]


def rows(photos: np.ndarray, draws: int) -> list[tuple[str, list[np.ndarray]]]:
    """Return the draws of each transform: those of the first photograph, then those of the second, ..."""
    images, ids = np.repeat(photos, draws, axis=0), np.arange(len(photos) * draws)
    listed = [("originals", list(images))]
    for name, example in EVERY.items():
        listed.append((name, shown(Compose([example], seed=7)(list(images), ids))))
    for mixing in (MixUp(), CutMix()):
        order = np.arange(len(images)).reshape(len(photos), draws).T.ravel()  # neighbors are of different photographs
        mixed, _ = Compose([mixing], seed=7)(images[order], ids, labels=ids)
        listed.append((type(mixing).__name__, shown(mixed)))
    return listed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("out", nargs="?", type=Path, default=Path("report"), help="where to write (default: report)")
    parser.add_argument("--photos", type=Path, help="a folder of photographs; the first four are taken")
    parser.add_argument("--draws", type=int, default=4, help="of each photograph (default: 4)")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    listed = rows(photographs(options.photos), options.draws)
    for page in range(0, len(listed), ROWS):
        path = options.out / f"contact-sheet-{page // ROWS + 1}.png"
        report.sheet_picture(path, listed[page : page + ROWS], title="burnish.augment: every transform")
        print(path)


if __name__ == "__main__":
    main()
