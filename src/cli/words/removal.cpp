#include "cli/words/removal.hpp"

#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/advice.hpp"
#include "base/log.hpp"
#include "cli/terminal/text_table.hpp"
#include "cli/terminal/wrapped.hpp"
#include "io/json_line.hpp"
#include "runs/run_directory.hpp"

namespace mlrun::cli {
namespace {

// For people the run root is said once, in front; for programs every path is whole.
void print_removals(const std::vector<Removal>& removals) {
  const std::string root = run_root() + "/";
  const bool below = std::all_of(removals.begin(), removals.end(), [&](const Removal& r) {
    return r.path.size() > root.size() && r.path.starts_with(root);
  });
  const bool in_short = below && is_terminal(STDOUT_FILENO);
  TextTable table({"size", "path", "reason"});
  for (const Removal& r : removals)
    table.add({human_size(r.bytes), in_short ? r.path.substr(root.size()) : r.path, r.reason});
  if (in_short) fmt::print("in {}\n", elided(root, terminal_width(STDOUT_FILENO) - 3));
  print_fitting(table);
}

}  // namespace

void remove_and_print(const std::vector<Removal>& removals, bool yes, const Globals& globals) {
  int64_t bytes = 0;
  for (const Removal& r : removals) bytes += r.bytes;
  if (yes) remove_all(removals);
  for (const Removal& r : removals) {
    if (globals.json)
      fmt::print("{}\n", io::json_line({{"path", r.path}, {"reason", r.reason}, {"bytes", r.bytes}, {"removed", yes}}));
  }
  if (!globals.json && !removals.empty()) print_removals(removals);
  if (removals.empty()) log::info("nothing to remove");
  else if (yes) log::info("{} removed, {}", removals.size(), human_size(bytes));
  else
    log::info("{} would be removed, {}; nothing was yet\n  remove   {}", removals.size(), human_size(bytes),
              advice::again({"--yes"}));
}

}  // namespace mlrun::cli
