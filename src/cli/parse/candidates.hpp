// What the word under the cursor may become, for the completion of every shell.
#pragma once

#include <string>
#include <vector>

#include "cli/parse/command_line.hpp"

namespace mlrun::cli {

struct Candidate {
  std::string text, description;  // the whole word; one line or ""
};

// `words`: all after the program's name up to the cursor; the last is the one to complete, and may be "". Commands and
// options are those of the tree; what a value may be is what `takes` said of it (cli/parse/values.hpp), and fields are
// those of the spec as the words before make it. Nothing means: whatever the shell itself completes, that is files.
// Never throws.
std::vector<Candidate> candidates(const CLI::App& root, const std::vector<std::string>& words);

}  // namespace mlrun::cli
