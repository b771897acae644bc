// mlrun show --codebook: how the valid split uses the codes of a VQ-VAE.
#pragma once

#include <string>

#include "cli/command.hpp"

namespace mlrun::cli {

// Encodes the valid split of its data. Error(kUsage) for another kind of model.
void show_codebook(const std::string& checkpoint, const Globals& globals);

}  // namespace mlrun::cli
