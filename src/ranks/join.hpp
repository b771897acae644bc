// The ranks that a launcher started.
#pragma once

#include <memory>
#include <string>

#include "ranks/launch.hpp"
#include "ranks/ranks.hpp"

namespace mlrun {

// Loads the library that connects ranks (libmlrun_mpi.so, beside the program or where `make install` puts it) and meets
// the others. Error(kUsage), in words, where there is no such library, or where the launcher and the library do not belong
// together: the processes of a launcher never become as many separate runs by mistake.
std::unique_ptr<Ranks> join_ranks(const Launch& launch);

// Whether there is such a library here, for a machine that is looked at: its name and version ("Open MPI v4.1.4"), or why
// it cannot be used, in words for people. Loads it.
struct RanksLibrary {
  std::string name, problem;  // one of them is ""
};
RanksLibrary library_of_ranks();

}  // namespace mlrun
