// mlrun sample of a VQ-VAE, which has no law of images to draw from: test images beside their reconstructions.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.hpp"
#include "run/checkpoint.hpp"

namespace mlrun::cli {

// The first `count` images of the test split, each followed by its reconstruction, to a PNG ("": none) and, with
// `show`, into the terminal.
void sample_reconstructions(const TrainedModel& model, int64_t count, const std::string& out, bool show, int64_t scale,
                            const Globals& globals);

}  // namespace mlrun::cli
