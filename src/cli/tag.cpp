// mlrun tag: words to find runs by, after the fact.
#include <memory>

#include "cli/commands.hpp"
#include "cli/words/label.hpp"
#include "runs/select_runs.hpp"

namespace mlrun::cli {
namespace {

struct TagOptions {
  std::vector<std::string> selectors, tags;
  std::string group;
};

}  // namespace

void add_tag(Command& command, const Globals&) {
  auto o = std::make_shared<TagOptions>();
  set_examples(command,
               "mlrun tag @last -t baseline\n"
               "mlrun tag @group:lr -t paper -t figure2      # mlrun plot @tag:figure2\n"
               "mlrun tag @last --group lr                   # it is in this group as well");
  add_runs(command, o->selectors, /*required=*/true);
  command.add_option("-t,--tag", o->tags, "a word to find them by; may be repeated")
      ->type_name("WORD")
      ->one_at_a_time();
  command.add_option("--group", o->group, "a group that they are in from now on")
      ->type_name("NAME")
      ->takes({{Value::kGroup}});
  command.callback([o] {
    if (o->tags.empty() && o->group.empty()) fail(ExitCode::kUsage, "nothing to write: give -t WORD or --group NAME");
    label_and_print(select_runs(o->selectors), {.tags = o->tags, .group = o->group});
  });
}

}  // namespace mlrun::cli
