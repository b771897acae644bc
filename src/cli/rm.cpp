// mlrun rm: whole runs go; says what it would remove, and removes it with --yes.
#include <memory>

#include "cli/commands.hpp"
#include "cli/words/removal.hpp"
#include "commands/runs/where.hpp"
#include "runs/select_runs.hpp"

namespace mlrun::cli {
namespace {

struct RmOptions {
  std::vector<std::string> selectors, where;
  bool yes = false;
};

}  // namespace

void add_rm(Command& command, const Globals& globals) {
  auto o = std::make_shared<RmOptions>();
  set_examples(command,
               "mlrun rm @last                               # says what would go\n"
               "mlrun rm @last --yes\n"
               "mlrun rm made --where 'valid/nll > 100'      # also: 'status = killed', 'step < 100', 'tag = old'");
  add_runs(command, o->selectors, /*required=*/true);
  command.add_option("--where", o->where, "only those that fit: 'FIELD OP VALUE', as of mlrun ls")
      ->type_name("CONDITION")
      ->one_at_a_time();
  command.add_flag("--yes", o->yes, "remove them: directory, checkpoints, metrics and all");
  command.callback([o, &globals] {
    remove_and_print(removal_of(some_runs_where(select_runs(o->selectors), o->where)), o->yes, globals);
  });
}

}  // namespace mlrun::cli
