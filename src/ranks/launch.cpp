#include "ranks/launch.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <system_error>
#include <vector>

#include "base/environment.hpp"
#include "base/number.hpp"
#include "base/shell_word.hpp"

namespace mlrun {
namespace {

namespace fs = std::filesystem;

// -1 where the variable is not there, or no number.
int number_of(const char* variable) {
  const auto number = parse_integer(environment_variable(variable));
  return number && *number >= 0 && *number < (1 << 20) ? static_cast<int>(*number) : -1;
}

struct LauncherVariables {
  const char *rank, *size, *launcher;
};
// Open MPI; MPICH and Intel MPI, and Slurm by PMI-2; Slurm by any way, PMIx among them.
constexpr std::array<LauncherVariables, 3> kLaunchers = {{{"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "mpirun"},
                                                          {"PMI_RANK", "PMI_SIZE", "mpirun"},
                                                          {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "srun"}}};

std::vector<std::string> words_of_parent() {
  std::ifstream file("/proc/" + std::to_string(getppid()) + "/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

}  // namespace

Launch launch_of_environment() {
  if (environment_variable("MLRUN_RANKS") == "alone") return {};
  for (const LauncherVariables& variables : kLaunchers) {
    const int rank = number_of(variables.rank), size = number_of(variables.size);
    if (size > 1 && rank >= 0 && rank < size)
      return {rank, size, number_of("SLURM_PROCID") >= 0 ? "srun" : variables.launcher};
  }
  return {};
}

std::string launching_words(const Launch& launch) {
  const std::vector<std::string> words = words_of_parent();
  const std::string name = words.empty() ? "" : fs::path(words[0]).filename().string();
  if (name == "mpirun" || name == "mpiexec" || name == "orterun" || name == "prterun") {
    std::string text = name == "prterun" ? "mpirun" : shell_word(words[0]);  // what mpirun of Open MPI 5 becomes
    std::error_code ignored;
    const fs::path own = fs::read_symlink("/proc/self/exe", ignored);
    const bool several_programs = std::find(words.begin(), words.end(), ":") != words.end();
    for (size_t i = 1; i < words.size() && !several_programs; ++i) {
      // Its options end where this program is named.
      if (fs::path(words[i]).filename() == own.filename()) return text;
      text += " " + shell_word(words[i]);
    }
  }
  return fmt::format("{} -n {}", launch.launcher == "srun" ? "srun" : "mpirun", launch.size);
}

}  // namespace mlrun
