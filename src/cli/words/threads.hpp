// The option --threads of every command that computes.
#pragma once

#include <string>

namespace mlrun::cli {

// "auto" (then MLRUN_THREADS, if set) is 0; else the number. Error(kUsage).
int threads_of(const std::string& text);

}  // namespace mlrun::cli
