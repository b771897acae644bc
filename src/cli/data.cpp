// mlrun data: what is in the data folder, and whether it is what it should be.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/text_table.hpp"
#include "data/dataset.hpp"
#include "data/reference.hpp"

namespace mlrun::cli {
namespace {

const char* word_for(FileStatus::State state) {
  switch (state) {
    case FileStatus::State::kPresent:
      return "present";
    case FileStatus::State::kMissing:
      return "missing";
    case FileStatus::State::kWrongSize:
      return "wrong size";
    case FileStatus::State::kUnknown:
      return "not known";
  }
  return "?";
}

const char* word_for(DataFact::State state) {
  return state == DataFact::State::kHolds ? "ok" : state == DataFact::State::kFails ? "FAILS" : "missing";
}

void list(const Globals& globals) {
  const std::string root = data_sources_from_environment(1).root;
  TextTable table({"file", "bytes", "state", "what"});
  for (const FileStatus& f : data_files(root)) {
    if (globals.json)
      fmt::print(
          "{}\n",
          nlohmann::ordered_json{{"file", f.path}, {"bytes", f.bytes}, {"state", word_for(f.state)}, {"what", f.what}}
              .dump());
    table.add({f.path, fmt::format("{}", f.bytes), word_for(f.state), f.what});
  }
  if (!globals.json)
    fmt::print("{}/  (MLRUN_DATA_ROOT; get files with scripts/fetch_data.sh)\n{}", root, table.plain());
}

void check(const Globals& globals) {
  const std::string root = data_sources_from_environment(1).root;
  TextTable table({"", "data", "fact", "expected", "found"});
  bool fails = false;
  for (const DataFact& f : check_data(root)) {
    fails = fails || f.state == DataFact::State::kFails;
    if (globals.json) {
      fmt::print("{}\n", nlohmann::ordered_json{{"data", f.subject},
                                                {"fact", f.fact},
                                                {"expected", f.expected},
                                                {"found", f.found},
                                                {"state", word_for(f.state)}}
                             .dump());
    }
    table.add({word_for(f.state), f.subject, f.fact, f.expected, f.found});
  }
  if (!globals.json) fmt::print("{}", table.plain());
  if (fails) finish_with(ExitCode::kData);
}

void add(Command& app, const Globals& globals) {
  Command* sub = app.add_subcommand("data", "what is in the data folder, and whether it is intact");
  set_examples(*sub, "mlrun data ls\nmlrun data check\nMLRUN_DATA_ROOT=/big/data mlrun data check");
  sub->require_subcommand(1);
  sub->add_subcommand("ls", "files, sizes, what is missing")->callback([&globals] { list(globals); });
  sub->add_subcommand("check", "read everything again: checksums, shapes, statistics; exit 3 when something is wrong")
      ->callback([&globals] { check(globals); });
}

[[maybe_unused]] const bool registered = register_command(60, add);

}  // namespace
}  // namespace mlrun::cli
