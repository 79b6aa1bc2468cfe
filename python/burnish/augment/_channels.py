# SPDX-License-Identifier: Apache-2.0
"""Transforms of whole channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from burnish import _check as check
from burnish import _core
from burnish.augment._arguments import one_of, whole_pair
from burnish.augment._color import color_channels
from burnish.augment._numbers import Bools, Floats, uniform_whole
from burnish.augment._shapes import Shapes
from burnish.augment._transform import MOST_CHANNELS, Params, Step, Transform, columns

GRAYS = {
    "weighted_average": _core.Gray.luma, "average": _core.Gray.average, "max": _core.Gray.max,
    "desaturation": _core.Gray.desaturation,
}  # fmt: skip


def drop_step(dropped: Bools, shapes: Shapes, fill: float) -> Step:
    """Return the engine's step that replaces channels, those of `dropped` (N, C), by a value."""
    if dropped.shape != (len(shapes), shapes.channels):
        raise ValueError(f"'dropped' has shape {dropped.shape}; accepted: {(len(shapes), shapes.channels)}")
    params = np.empty((len(shapes), 2 * shapes.channels))
    params[:, 0::2] = ~dropped
    params[:, 1::2] = np.where(dropped, fill, 0.0)
    return _core.Op.linear, [], params


class ChannelDropout(Transform):
    """Some channels replaced by one value.

    Parameters
    ----------
    channel_drop_range : pair of int, default (1, 1)
        How many.
    fill : float, default 0
        In the image's own units: 0..255 in uint8, 0..1 in float32.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "dropped" (N, C), bool.
    """

    def __init__(self, channel_drop_range: Any = (1, 1), fill: float = 0, p: float = 0.5) -> None:
        super().__init__(p)
        self.channel_drop_range = channel_drop_range
        self._range = whole_pair("ChannelDropout", "channel_drop_range", channel_drop_range, 1)
        self.fill = check.real("ChannelDropout", "fill", fill, -255, 255)

    _draws = 1 + MOST_CHANNELS  # how many, and an order

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        low, high = self._range
        if shapes.channels > MOST_CHANNELS or high >= shapes.channels:
            raise ValueError(
                f"ChannelDropout: up to {high} of {shapes.channels} channels are to be dropped; accepted: fewer than "
                f"there are, of up to {MOST_CHANNELS}"
            )
        order = np.argsort(u[:, 1 : 1 + shapes.channels], axis=1, kind="stable")
        ranks = np.argsort(order, axis=1, kind="stable")
        return {"dropped": ranks < uniform_whole(u[:, 0], low, high)[:, None]}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [drop_step(np.asarray(params["dropped"], bool), shapes, self.fill)]


class ChannelIsolation(Transform):
    """Only one channel left, the others 0.

    Parameters
    ----------
    channels : sequence of int, default (0, 1, 2)
        Those that one is drawn from.
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "channel".
    """

    _draws = 1

    def __init__(self, channels: Any = (0, 1, 2), p: float = 0.5) -> None:
        super().__init__(p)
        self.channels = channels
        values = list(channels) if isinstance(channels, tuple | list) else [channels]
        self._channels = np.array(
            [check.integer("ChannelIsolation", "channels", c, 0, 1 << 24) for c in values], np.int64
        )
        if not values:
            raise ValueError("ChannelIsolation: 'channels' is empty; accepted: one or more")

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        if self._channels.max() >= shapes.channels:
            raise ValueError(
                f"ChannelIsolation: 'channels' is {self.channels!r} for {shapes.channels} channels; "
                f"accepted: 0 to {shapes.channels - 1}"
            )
        return {"channel": self._channels[uniform_whole(u[:, 0], 0, len(self._channels) - 1)]}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [drop_step(np.arange(shapes.channels) != np.asarray(params["channel"])[:, None], shapes, 0.0)]


class ChannelShuffle(Transform):
    """Channels in a random order, of which each has the same chance.

    Parameters
    ----------
    p : float, default 0.5

    Notes
    -----
    Planned parameter: "order" (N, C): for each channel of the result, the one that it is taken from.
    """

    _draws = MOST_CHANNELS

    def __init__(self, p: float = 0.5) -> None:
        super().__init__(p)

    def _parameters(self, u: Floats, shapes: Shapes, active: Bools) -> Params:
        if shapes.channels > MOST_CHANNELS:
            raise ValueError(
                f"ChannelShuffle: 'images' has {shapes.channels} channels; accepted: up to {MOST_CHANNELS}"
            )
        return {"order": np.argsort(u[:, : shapes.channels], axis=1, kind="stable")}

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        return [(_core.Op.permute, [], np.ascontiguousarray(params["order"], np.float64))]


class ToGray(Transform):
    """Red, green and blue made the same.

    Parameters
    ----------
    num_output_channels : int, default 3
        Only 3: the number of channels does not change. A fourth one stays as it is.
    method : {"weighted_average", "average", "max", "desaturation"}, default "weighted_average"
        The luma of ITU-R 601, the mean, the largest, or the middle between the largest and the smallest.
        Albumentations' "from_lab" and "pca" are not supported.
    p : float, default 0.5
    """

    def __init__(self, num_output_channels: int = 3, method: str = "weighted_average", p: float = 0.5) -> None:
        super().__init__(p)
        self.num_output_channels = one_of(
            "ToGray", "num_output_channels", num_output_channels, (3,), "the number of channels does not change"
        )
        self.method = one_of("ToGray", "method", method, tuple(GRAYS))

    def _steps(self, params: Params, shapes: Shapes) -> list[Step]:
        color_channels("ToGray", shapes.channels)
        return [(_core.Op.gray, [float(GRAYS[self.method])], columns(len(shapes)))]
