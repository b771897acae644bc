// What rm and gc have in common.
#pragma once

#include <vector>

#include "cli/command.hpp"
#include "commands/runs/remove_runs.hpp"

namespace mlrun::cli {

// One line for each: what would go, or with `yes` what went; the command that does it is advised.
void remove_and_print(const std::vector<Removal>& removals, bool yes, const Globals& globals);

}  // namespace mlrun::cli
