// What tag, note and rename have in common.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "commands/runs/label_run.hpp"

namespace mlrun::cli {

// Writes on each and prints its directory; says of which it was known already.
void label_and_print(const std::vector<RunSummary>& runs, const LabelRequest& request);
void add_one_run(Command& command, std::string& selector);  // the argument RUN

}  // namespace mlrun::cli
