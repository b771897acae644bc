// mlrun gc: what no run needs goes; says what it would remove, and removes it with --yes.
#include <memory>

#include "cli/commands.hpp"
#include "cli/words/removal.hpp"
#include "runs/run_directory.hpp"

namespace mlrun::cli {
namespace {

struct GcOptions {
  bool yes = false;
};

}  // namespace

void add_gc(Command& command, const Globals& globals) {
  auto o = std::make_shared<GcOptions>();
  set_examples(command,
               "mlrun gc                                     # says what would go\n"
               "mlrun gc --yes");
  command.add_flag("--yes", o->yes, "remove it");
  command.callback([o, &globals] { remove_and_print(garbage_in(run_root()), o->yes, globals); });
}

}  // namespace mlrun::cli
