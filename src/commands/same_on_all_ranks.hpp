// Ranks of one run must be the same program with the same spec and data on the same kind of CPU, or its bits would depend
// on which rank had what. They compare hashes before anything is computed.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "ranks/ranks.hpp"

namespace mlrun {

using RankFacts = std::vector<std::pair<std::string, std::string>>;  // what must be the same: name, value

// Of the program and of the CPU.
RankFacts facts_of_this_rank();

// Error(kUsage), on all ranks, that names the first rank on which a fact is another than on rank 0; Error(kData) where it
// is "data". Kinds of CPU may differ where `mixed_cpus` says so: then that is a warning.
void require_same_on_all_ranks(Ranks& ranks, const RankFacts& facts, bool mixed_cpus);

// Threads of this rank for so many lanes: `wanted`, or with 0 its part of the cores that it shares with other ranks.
int threads_of_rank(const Ranks& ranks, int64_t lanes, int wanted);

}  // namespace mlrun
