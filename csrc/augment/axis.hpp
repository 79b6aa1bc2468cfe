// SPDX-License-Identifier: Apache-2.0
// The weights of filters over all of an image.
#pragma once

#include "augment/program.hpp"

namespace burnish::augment {

Axis axis_of(int from, int to, Filter filter, bool is_antialiased);

// The radius of three boxes in a row that come close to a normal distribution, as Pillow has it.
// P. Gwosdek, S. Grewenig, A. Bruhn, J. Weickert: Theoretical foundations of Gaussian convolution by extended box
// filtering. SSVM 2011.
float extended_box_radius(float sigma);

}  // namespace burnish::augment
