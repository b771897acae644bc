#include "cli/words/threads.hpp"

#include "base/environment.hpp"
#include "base/error.hpp"
#include "base/number.hpp"

namespace mlrun::cli {

int threads_of(const std::string& text) {
  const std::string variable = environment_variable("MLRUN_THREADS");
  const bool by_variable = text == "auto" && !variable.empty();
  const std::string wanted = by_variable ? variable : text;
  if (wanted == "auto") return 0;
  const std::optional<int64_t> threads = parse_integer(wanted);
  if (!threads || *threads < 1 || *threads > 1024) {
    fail(ExitCode::kUsage, "{}: expected a number from 1 to 1024 or auto, found '{}'",
         by_variable ? "MLRUN_THREADS" : "--threads", wanted);
  }
  return static_cast<int>(*threads);
}

}  // namespace mlrun::cli
