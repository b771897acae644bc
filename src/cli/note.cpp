// mlrun note: a remark on a run, kept with it.
#include <memory>

#include "cli/commands.hpp"
#include "cli/words/label.hpp"

namespace mlrun::cli {
namespace {

struct NoteOptions {
  std::string selector, note;
};

}  // namespace

void add_note(Command& command, const Globals&) {
  auto o = std::make_shared<NoteOptions>();
  set_examples(command,
               "mlrun note @last 'the learning rate is too high from step 4000 on'\n"
               "mlrun show @last                             # and there it is");
  add_one_run(command, o->selector);
  command.add_option("TEXT", o->note, "what there is to say of it")->required()->may_be_empty()->type_name("TEXT");
  command.callback([o] { label_and_print({summarise_run(find_run(o->selector))}, {.note = o->note}); });
}

}  // namespace mlrun::cli
