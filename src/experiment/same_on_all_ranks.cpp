#include "experiment/same_on_all_ranks.hpp"

#include <algorithm>
#include <optional>
#include <sstream>

#include "base/advice.hpp"
#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/host_name.hpp"
#include "base/lanes.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "io/file.hpp"
#include "io/sha256.hpp"
#include "kernels/isa.hpp"
#include "kernels/library.hpp"
#include "runs/find_run.hpp"

namespace mlrun {
namespace {

constexpr const char* kCpu = "kind of CPU";

// Of two texts, the first lines that differ.
std::pair<std::string, std::string> first_difference(const std::string& a, const std::string& b) {
  std::istringstream left(a), right(b);
  std::string x, y;
  for (;;) {
    const bool more_left = static_cast<bool>(std::getline(left, x)),
               more_right = static_cast<bool>(std::getline(right, y));
    if (!more_left) x.clear();
    if (!more_right) y.clear();
    if (x != y || (!more_left && !more_right)) return {x, y};
  }
}

}  // namespace

RankFacts facts_of_this_rank() {
  return {{"program",
           fmt::format("mlrun {}, sha256 {:.12}", kVersion,
                       io::sha256_hex(io::read_file("/proc/self/exe", uint64_t{1} << 32, ExitCode::kInternal).span()))},
          {"oneDNN", kernels::library_version()},
          {kCpu, fmt::format("{} ({}, {})", cpu_name(), name_of(kernels::isa_in_force()), kernels::library_isa())}};
}

void require_same_on_all_ranks(Ranks& ranks, const RankFacts& facts, bool mixed_cpus) {
  if (!ranks.several()) return;
  const std::vector<std::string> hosts = texts_of_all(ranks, host_name());
  for (const auto& [name, value] : facts) {
    const std::vector<std::string> all = texts_of_all(ranks, value);
    const auto other = std::find_if(all.begin(), all.end(), [&](const std::string& one) { return one != all[0]; });
    if (other == all.end()) continue;
    const auto rank = static_cast<size_t>(other - all.begin());
    const auto [first, there] = first_difference(all[0], all[rank]);
    if (name == kCpu && mixed_cpus) {
      if (ranks.first())
        log::warning("rank {} on {} runs on {}, and rank 0 on {}: the bits may differ from those of one kind of CPU",
                     rank, hosts[rank], there, first);
      continue;
    }
    const std::string remedy =
        name == kCpu ? "\n  allow it (the bits may differ from those of one kind)   " + advice::again({"--mixed-cpus"})
                     : "";
    fail(name == "data" ? ExitCode::kData : ExitCode::kUsage,
         "the ranks differ: rank {} on {} has another {} than rank 0 on {}\n  there   {}\n  rank 0  {}{}", rank,
         hosts[rank], name, hosts[0], there, first, remedy);
  }
}

std::pair<std::string, std::string> fact_of_file(const std::string& name, const std::string& path) {
  return {name, "sha256 " + io::sha256_hex(io::read_file(path, uint64_t{1} << 40, ExitCode::kUsage).span())};
}

void require_share_for_each(const Ranks& ranks, int64_t items, const std::string& item, const std::string& where) {
  if (items >= ranks.size()) return;
  fail(ExitCode::kUsage, "{} ranks, and {}{}{} {}{} to share out\n  in one process   {}", ranks.size(), where,
       where.empty() ? "" : " ", items, item, items == 1 ? "" : "s", advice::alone());
}

TrainedModel load_on_all_ranks(Ranks& ranks, const std::string& selector, const std::string& which,
                               const std::vector<std::string>& files, bool mixed_cpus) {
  std::optional<TrainedModel> trained;
  RankFacts facts;
  together(ranks, [&] {
    trained.emplace(load_trained_model(find_checkpoint(selector, which)));
    if (!ranks.several()) return;
    facts = facts_of_this_rank();
    facts.emplace_back("command", advice::alone());
    facts.push_back(fact_of_file("checkpoint", trained->path));
    for (const std::string& file : files) facts.push_back(fact_of_file(file, file));
  });
  require_same_on_all_ranks(ranks, facts, mixed_cpus);
  return std::move(*trained);
}

int threads_of_rank(const Ranks& ranks, int64_t lanes, int wanted) {
  if (wanted > 0 || !ranks.several()) return threads_for(lanes, wanted);
  const auto cores = static_cast<int>(affinity_cores().size());
  return threads_for(lanes, std::max(1, cores / ranks.sharing_cores()));
}

}  // namespace mlrun
