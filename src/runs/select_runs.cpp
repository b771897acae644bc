#include "runs/select_runs.hpp"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

bool same_directory(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return a == b || std::filesystem::equivalent(a, b, ignored);
}

}  // namespace

std::vector<RunSummary> select_runs(const std::vector<std::string>& selectors) {
  const std::vector<RunSummary> all = all_runs(run_root());
  if (selectors.empty()) return all;
  std::vector<RunSummary> chosen;
  const auto add = [&](const RunSummary& run) {
    for (const RunSummary& other : chosen) {
      if (same_directory(other.path, run.path)) return;
    }
    chosen.push_back(run);
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
