// SPDX-License-Identifier: Apache-2.0
// Which ways there are through a pass that are shorter than tiles of floats.
#pragma once

#include "augment/kernels.hpp"

namespace burnish::augment {

// A pass that finds something out about an image and leaves it as it is.
bool only_looks(const Pass& pass);

// Whether a filter reads images where they are, interleaved or planes, before the pass reads its result.
bool has_filter(const Pass& pass);

// A pass that leaves the part of an image that it reads as it is, in the layout that it was in, for such a filter.
bool only_shows(const Pass& pass, const Pass& next);

// What the filter made is all of the result.
bool only_filters(const Pass& pass, const Image& to);

// Whether what a pass leaves is one tile that the next pass goes on with: nothing needs to be stored in between.
bool stays_in_tile(const Pass& pass, const Pass& next);

// Operations up to there make bytes of bytes, one by one.
int end_of_byte_ops(const Program& program, const Pass& pass);

// Of the operations before `end`, up to the last that looks values up, which tiles of floats are slow at.
int end_of_look_ups(const Program& program, const Pass& pass, int end);

// Whether values stay as they are stored, or are bytes that become bytes one by one.
bool only_moves(const Pass& pass, const Image& to, int byte_end);

// Whether bytes of colors become floats, after what is done to them as bytes.
bool only_scales(const Program& program, const Pass& pass, const Image& to, int byte_end, bool streams,
                 ColorScale& scale);

// A warp of colors side by side to floats side by side, at most `scale`d after it: needs no planes in between.
bool warps_at_once(const Program& program, const Pass& pass, const Image& to, const Step*& scale);

// A warp of colors side by side, bytes of bytes.
bool warps_bytes(const Pass& pass, const Image& to);

}  // namespace burnish::augment
