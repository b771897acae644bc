#include "runs/select_runs.hpp"

#include <sys/stat.h>

#include <algorithm>
#include <set>
#include <utility>

#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

// Directories that were seen, whatever the paths that lead to them. One look at each: a store holds thousands of runs.
class SeenDirectories {
 public:
  bool is_new(const std::string& path) {
    struct stat facts {};
    if (::stat(path.c_str(), &facts) != 0) return gone_.insert(path).second;
    return there_.emplace(facts.st_dev, facts.st_ino).second;
  }

 private:
  std::set<std::pair<dev_t, ino_t>> there_;
  std::set<std::string> gone_;
};

}  // namespace

std::vector<RunSummary> select_runs(const std::vector<std::string>& selectors) {
  const std::vector<RunSummary> all = all_runs(run_root());
  if (selectors.empty()) return all;
  std::vector<RunSummary> chosen;
  SeenDirectories seen;
  const auto add = [&](const RunSummary& run) {
    if (seen.is_new(run.path)) chosen.push_back(run);
  };
  for (const std::string& selector : selectors) {
    if (const auto marked = marked_runs(selector, all)) {
      for (const RunSummary& run : *marked) add(run);
    } else if (!RunDirectory::is_run(selector) && !selector.empty() && selector[0] != '@') {
      bool fits = false;
      for (const RunSummary& run : all) {
        if (!run.id.starts_with(selector)) continue;
        fits = true;
        add(run);
      }
      if (!fits) add(summarise_run(find_run(selector)));
    } else {
      add(summarise_run(find_run(selector)));
    }
  }
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const RunSummary& a, const RunSummary& b) { return a.created < b.created; });
  return chosen;
}

}  // namespace mlrun
