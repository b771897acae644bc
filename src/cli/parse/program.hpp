// mlrun from its first word to its exit code: answers go to stdout, messages to stderr, and the exit code is a promise
// (README).
#pragma once

namespace mlrun::cli {

int run_program(int argc, char** argv);

}  // namespace mlrun::cli
