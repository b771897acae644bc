// mlrun doctor: versions, processor, threads, folders; what is wrong, and what helps.
#include <clocale>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/terminal/text_table.hpp"
#include "commands/doctor.hpp"

namespace mlrun::cli {
namespace {

Finding locale() {
  std::string name = "C";
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = std::getenv(variable);
    if (!value || !*value) continue;
    name = value;
    break;
  }
  Finding f{Finding::State::kOk, "locale", name + "  (numbers are read and written the same in every locale)", ""};
  if (!utf8_locale()) {
    f.state = Finding::State::kWarning;
    f.found = name + "; not UTF-8, so pictures in the terminal are coarse";
    f.remedy = "export LC_ALL=C.UTF-8";
  }
  return f;
}

void run(const Globals& globals) {
  std::vector<Finding> findings = examine_machine();
  findings.push_back(locale());
  bool fails = false;
  TextTable table({"", "what", "found"});
  nlohmann::ordered_json answer = {{"findings", nlohmann::ordered_json::array()}};
  for (const Finding& f : findings) {
    fails = fails || f.state == Finding::State::kFail;
    answer["findings"].push_back(
        {{"what", f.subject}, {"state", name_of(f.state)}, {"found", f.found}, {"remedy", f.remedy}});
    table.add({name_of(f.state), f.subject, f.found});
    if (!f.remedy.empty()) table.add({"", "", "-> " + f.remedy});
  }
  answer["pass"] = !fails;
  if (globals.json) fmt::print("{}\n", answer.dump());
  else fmt::print("{}", table.plain());
  if (fails) finish_with(ExitCode::kInternal);
}

void add(Command& app, const Globals& globals) {
  Command* sub = app.add_subcommand("doctor", "is this machine fit to train on? versions, cores, folders, remedies");
  set_examples(*sub, "mlrun doctor\nmlrun doctor --json | jq -r '.findings[] | select(.state != \"ok\") | .remedy'");
  sub->callback([&globals] { run(globals); });
}

[[maybe_unused]] const bool registered = register_command(90, add);

}  // namespace
}  // namespace mlrun::cli
