#include "cli/words/removal.hpp"

#include <nlohmann/json.hpp>

#include "base/advice.hpp"
#include "base/log.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {

void remove_and_print(const std::vector<Removal>& removals, bool yes, const Globals& globals) {
  int64_t bytes = 0;
  for (const Removal& r : removals) bytes += r.bytes;
  if (yes) remove_all(removals);
  for (const Removal& r : removals) {
    if (globals.json)
      fmt::print("{}\n", io::json_line({{"path", r.path}, {"reason", r.reason}, {"bytes", r.bytes}, {"removed", yes}}));
    else fmt::print("{:>8}  {}  {}\n", human_size(r.bytes), r.path, r.reason);
  }
  if (removals.empty()) log::info("nothing to remove");
  else if (yes) log::info("{} removed, {}", removals.size(), human_size(bytes));
  else
    log::info("{} would be removed, {}; nothing was yet\n  remove   {}", removals.size(), human_size(bytes),
              advice::again({"--yes"}));
}

}  // namespace mlrun::cli
