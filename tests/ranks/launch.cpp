// What started a process as one of several, by its environment.
#include "ranks/launch.hpp"

#include <cstdlib>
#include <map>
#include <string>

#include "catch.hpp"

using namespace mlrun;

namespace {

Launch launch_with(const std::map<std::string, std::string>& variables) {
  for (const char* name : {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMI_SIZE", "SLURM_PROCID",
                           "SLURM_STEP_NUM_TASKS", "MLRUN_RANKS"})
    unsetenv(name);
  for (const auto& [name, value] : variables) setenv(name.c_str(), value.c_str(), 1);
  const Launch launch = launch_of_environment();
  for (const auto& [name, value] : variables) unsetenv(name.c_str());
  return launch;
}

}  // namespace

TEST_CASE("launchers are known by what they leave in the environment") {
  CHECK_FALSE(launch_with({}).several());
  Launch launch = launch_with({{"OMPI_COMM_WORLD_RANK", "2"}, {"OMPI_COMM_WORLD_SIZE", "3"}});
  CHECK(launch.rank == 2);
  CHECK(launch.size == 3);
  CHECK(launch.launcher == "mpirun");
  launch = launch_with({{"PMI_RANK", "0"}, {"PMI_SIZE", "4"}});
  CHECK(launch.size == 4);
  launch = launch_with({{"SLURM_PROCID", "1"}, {"SLURM_STEP_NUM_TASKS", "2"}});
  CHECK(launch.rank == 1);
  CHECK(launch.launcher == "srun");
}

TEST_CASE("one process, a number that is none, and a wish to be alone are no launch") {
  CHECK_FALSE(launch_with({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "1"}}).several());
  CHECK_FALSE(launch_with({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "many"}}).several());
  CHECK_FALSE(launch_with({{"OMPI_COMM_WORLD_RANK", "5"}, {"OMPI_COMM_WORLD_SIZE", "4"}}).several());
  CHECK_FALSE(launch_with({{"SLURM_STEP_NUM_TASKS", "2"}}).several());  // of a batch script outside of a step
  CHECK_FALSE(
      launch_with({{"OMPI_COMM_WORLD_RANK", "0"}, {"OMPI_COMM_WORLD_SIZE", "3"}, {"MLRUN_RANKS", "alone"}}).several());
}
