# SPDX-License-Identifier: Apache-2.0
"""Pixels covered or shaded."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish.augment._erase import MOST_HOLES, grid_holes, hole_fill, hole_step
from burnish.augment._plan import checked_seed
from burnish.augment._shadow import MOST_CORNERS, shade_step
from burnish.augment._transform import columns
from burnish.augment.functional._call import Call


def erase(images: Any, top: Any, left: Any, height: Any, width: Any, *, fill: Any = 0, seed: int = 0, ids: Any = None,
          layout: Any = None, out: Any = None) -> Any:  # fmt: skip
    """Cover a rectangle.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    top, left, height, width : int or array of shape (N,)
        In pixels; what lies beyond the image is left out.
    fill, seed, ids
        As in `erase_holes`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("erase", images, layout)
    named = {"top": top, "left": left, "height": height, "width": width}
    holes = columns(len(call), *(call.numbers(name, values) for name, values in named.items()))
    return _cover(call, holes, fill, seed, ids, out)


def erase_holes(images: Any, holes: Any, *, fill: Any = 0, seed: int = 0, ids: Any = None, layout: Any = None,
                out: Any = None) -> Any:  # fmt: skip
    """Cover any number of rectangles.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    holes : array of shape (N, holes, 4), or (holes, 4) for all
        Top, left, height, width, in pixels; what lies beyond the image is left out.
    fill : float, one for each channel, "random" or "random_uniform", default 0
        As in `CoarseDropout`.
    seed, ids
        For fills that are drawn, as in `gaussian_noise`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("erase_holes", images, layout)
    table = call.table("holes", holes, (None, 4))
    if table.shape[1] == 0:
        table = np.zeros((len(call), 1, 4))
    return _cover(call, table.reshape(len(call), -1), fill, seed, ids, out)


def grid_dropout(
    images: Any, rows: Any, columns: Any, ratio: Any = 0.5, *, shift_xy: tuple[int, int] = (0, 0), fill: Any = 0,
    seed: int = 0, ids: Any = None, layout: Any = None, out: Any = None,
) -> Any:  # fmt: skip
    """Cover a part of each cell of a grid.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    rows, columns : int or array of shape (N,)
        How many cells there are down and across, 1 or more each; at most 65,536.
    ratio : float or array of shape (N,), default 0.5
        Of a hole's sides to its cell's, above 0 and up to 1.
    shift_xy : (int, int), default (0, 0)
        How far holes are moved from the upper left of their cells, to the right and down.
    fill, seed, ids
        As in `erase_holes`.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays
    """
    call = Call("grid_dropout", images, layout)
    counts = call.numbers("rows", rows, 1, whole=True), call.numbers("columns", columns, 1, whole=True)
    down, across = (values.astype(np.int64) for values in counts)
    down, across = np.minimum(down, call.sizes[:, 0]), np.minimum(across, call.sizes[:, 1])
    cells = int((down * across).max(initial=1))
    if cells > MOST_HOLES:
        raise ValueError(f"grid_dropout: a grid has {cells} cells; accepted: at most {MOST_HOLES}")
    part = call.numbers("ratio", ratio)
    if ((part <= 0) | (part > 1)).any():
        raise ValueError("grid_dropout: 'ratio' has values outside of 0 to 1; accepted: above 0, up to 1")
    if not isinstance(shift_xy, tuple | list) or len(shift_xy) != 2:
        raise TypeError(f"grid_dropout: 'shift_xy' is {shift_xy!r}; accepted: a pair of integers")
    moved = tuple(check.integer("grid_dropout", "shift_xy", value, 0, 1 << 20) for value in shift_xy)
    holes = grid_holes(call.sizes, down, across, cells, part[:, None], (moved[0], moved[1]), None)
    return _cover(call, holes.reshape(len(call), -1), fill, seed, ids, out)


def shade(images: Any, vertices: Any, factor: Any, *, layout: Any = None, out: Any = None) -> Any:
    """Multiply the values in polygons.

    Parameters
    ----------
    images
        A batch, a list or one image; see `burnish.augment.functional`.
    vertices : array of shape (N, polygons, corners, 2), or (polygons, corners, 2) for all
        x and y of 3 to 64 corners in pixels; 0, 0 is the upper left corner of the first pixel. Sides may cross.
    factor : array of shape (N, polygons), or (polygons,) for all
        Those that overlap multiply one after the other, each rounded in uint8.
    layout, out
        See `burnish.augment.functional`.

    Returns
    -------
    array or list of arrays

    Notes
    -----
    A pixel lies in a polygon if its center is to the right of an odd number of sides, or on one of them; a side
    reaches from its upper end to just above its lower end.
    """
    call = Call("shade", images, layout)
    places = call.table("vertices", vertices, (None, None, 2))
    if places.shape[1] < 1 or not 3 <= places.shape[2] <= MOST_CORNERS:
        raise ValueError(
            f"shade: 'vertices' has shape {np.shape(vertices)}; accepted: one polygon or more, "
            f"of 3 to {MOST_CORNERS} corners"
        )
    return call.run_steps([shade_step(places, call.table("factor", factor, (places.shape[1],)))], out)


def _cover(call: Call, holes: Any, fill: Any, seed: int, ids: Any, out: Any) -> Any:
    seed = checked_seed(call.name, seed)
    step = hole_step(call.name, hole_fill(call.name, fill), call.channels, holes)
    return call.run_steps([step], out, seed=seed, ids=call.names(ids))
