// mlrun doctor: versions, processor, threads, folders; what is wrong, and what helps.
#include <clocale>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/text_table.hpp"
#include "commands/doctor.hpp"
#include "io/json_line.hpp"

#include "base/environment.hpp"

namespace mlrun::cli {
namespace {

Finding locale() {
  std::string name;
  for (const char* variable : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    name = environment_variable(variable);
    if (!name.empty()) break;
  }
  if (name.empty()) name = "C";
  Finding f{Finding::State::kOk, "locale", name + "  (numbers are read and written the same in every locale)", ""};
  if (!utf8_locale()) {
    f.state = Finding::State::kWarning;
    f.found = name + "; not UTF-8, so pictures in the terminal are coarse";
    f.remedy = "export LC_ALL=C.UTF-8";
  }
  return f;
}

void run_doctor(const Globals& globals) {
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
  if (globals.json) fmt::print("{}\n", io::json_line(answer));
  else print_fitting(table);
  if (fails) finish_with(ExitCode::kInternal);
}

}  // namespace

void add_doctor(Command& command, const Globals& globals) {
  set_examples(command, "mlrun doctor\nmlrun doctor --json | jq -r '.findings[] | select(.state != \"ok\") | .remedy'");
  command.callback([&globals] { run_doctor(globals); });
}

}  // namespace mlrun::cli
