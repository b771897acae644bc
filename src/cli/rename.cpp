// mlrun rename: another name for a run.
#include <memory>

#include "cli/commands.hpp"
#include "cli/words/label.hpp"

namespace mlrun::cli {
namespace {

struct RenameOptions {
  std::string selector, name;
};

}  // namespace

void add_rename(Command& command, const Globals&) {
  auto o = std::make_shared<RenameOptions>();
  set_examples(command, "mlrun rename @last wide-made                 # its directory and id stay as they are");
  add_one_run(command, o->selector);
  command.add_option("NAME", o->name, "what ls, plot and report call it")->required()->type_name("NAME");
  command.callback([o] { label_and_print({summarise_run(find_run(o->selector))}, {.name = o->name}); });
}

}  // namespace mlrun::cli
