#include "run/select_runs.hpp"

#include <algorithm>
#include <filesystem>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "run/run_directory.hpp"

namespace mlrun {
namespace {

bool same_directory(const std::string& a, const std::string& b) {
  std::error_code ignored;
  return a == b || std::filesystem::equivalent(a, b, ignored);
}

// What stands behind `mark` in the selector, if it begins with that.
std::optional<std::string> after(const std::string& selector, const std::string& mark) {
  if (!selector.starts_with(mark)) return std::nullopt;
  return selector.substr(mark.size());
}

[[noreturn]] void nothing_fits(const std::string& selector, std::vector<std::string> known, const char* what) {
  std::sort(known.begin(), known.end());
  known.erase(std::unique(known.begin(), known.end()), known.end());
  std::erase(known, "");
  const std::string name = selector.substr(selector.find(':') + 1);
  const auto nearest = nearest_name(name, known);
  std::string list;
  for (size_t i = 0; i < std::min<size_t>(known.size(), 8); ++i) list += (i ? ", " : "") + known[i];
  fail(ExitCode::kUsage, "{}: no run in {} has this {}{}", selector, run_root(), what,
       nearest         ? fmt::format("; did you mean '{}'?", *nearest)
       : known.empty() ? ""
                       : fmt::format("; there are {}", list));
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
    const size_t before = chosen.size();
    bool fits = false;
    const auto add_where = [&](const auto& condition) {
      for (const RunSummary& run : all) {
        if (!condition(run)) continue;
        fits = true;
        add(run);
      }
    };
    if (const auto group = after(selector, "@group:")) {
      add_where([&](const RunSummary& run) { return has_word(run.groups, *group); });
      std::vector<std::string> known;
      for (const RunSummary& run : all) known.insert(known.end(), run.groups.begin(), run.groups.end());
      if (!fits) nothing_fits(selector, known, "group");
    } else if (const auto tag = after(selector, "@tag:")) {
      std::vector<std::string> known;
      for (const RunSummary& run : all) known.insert(known.end(), run.tags.begin(), run.tags.end());
      add_where([&](const RunSummary& run) { return has_word(run.tags, *tag); });
      if (!fits) nothing_fits(selector, known, "tag");
    } else if (!RunDirectory::is_run(selector) && !selector.empty() && selector[0] != '@') {
      add_where([&](const RunSummary& run) { return run.id.starts_with(selector); });
      if (!fits && before == chosen.size()) add(summarise_run(find_run(selector)));
    } else {
      add(summarise_run(find_run(selector)));
    }
  }
  std::stable_sort(chosen.begin(), chosen.end(),
                   [](const RunSummary& a, const RunSummary& b) { return a.created < b.created; });
  return chosen;
}

}  // namespace mlrun
