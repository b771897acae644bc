// Ranks of one run must be the same program with the same spec and data on the same kind of CPU, or its bits would depend
// on which rank had what. They compare hashes before anything is computed.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "experiment/trained_model.hpp"
#include "ranks/ranks.hpp"

namespace mlrun {

using RankFacts = std::vector<std::pair<std::string, std::string>>;  // what must be the same: name, value

// Of the program and of the CPU.
RankFacts facts_of_this_rank();

// Error(kUsage), on all ranks, that names the first rank on which a fact is another than on rank 0; Error(kData) where it
// is "data". Kinds of CPU may differ where `mixed_cpus` says so: then that is a warning.
void require_same_on_all_ranks(Ranks& ranks, const RankFacts& facts, bool mixed_cpus);

// A file that all ranks read, by its hash. Error(kUsage) where it cannot be read.
std::pair<std::string, std::string> fact_of_file(const std::string& name, const std::string& path);

// Error(kUsage) unless there is something to do for every rank: "3 ranks, and the test split of this data has 1 example
// to share out".
void require_share_for_each(const Ranks& ranks, int64_t items, const std::string& item, const std::string& where = "");

// A trained model that every rank loads: the same checkpoint, asked for by the same command of the same program, on one
// kind of CPU unless `mixed_cpus`. `files`: what the command reads beside it. Else Error, by all ranks.
TrainedModel load_on_all_ranks(Ranks& ranks, const std::string& selector, const std::string& which,
                               const std::vector<std::string>& files, bool mixed_cpus);

// Threads of this rank for so many lanes: `wanted`, or with 0 its part of the cores that it shares with other ranks.
int threads_of_rank(const Ranks& ranks, int64_t lanes, int wanted);

}  // namespace mlrun
