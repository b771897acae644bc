// The options that say what samples must be.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "cli/parse/command_line.hpp"
#include "commands/sample/constraint.hpp"

namespace mlrun::cli {

// --match, --grammar, --json-schema and --mask, one of them; none goes with `complete`, where there is one. The source
// must outlive the app. The options.
std::vector<Option*> add_constraint_options(Command& command, ConstraintSource& source, Option* complete);

}  // namespace mlrun::cli
