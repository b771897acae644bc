// mlrun show --layout.
#pragma once

#include <string>

#include "cli/command.hpp"

namespace mlrun::cli {

void show_layout(const std::string& checkpoint_path, const Globals& globals);

}  // namespace mlrun::cli
