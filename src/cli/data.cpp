// mlrun data: what is in the data folder, and whether it is what it should be.
#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/text_table.hpp"
#include "data/cache_folder.hpp"
#include "data/dataset.hpp"
#include "data/reference.hpp"
#include "data/source_file.hpp"
#include "io/json_line.hpp"

namespace mlrun::cli {
namespace {

const char* word_for(FileStatus::State state) {
  switch (state) {
    case FileStatus::State::kGood:
      return "ok";
    case FileStatus::State::kMissing:
      return "missing";
    case FileStatus::State::kWrong:
      return "WRONG";
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
  TextTable table({"file", "bytes", "state"});
  for (const FileStatus& f : data_files(root)) {
    if (globals.json)
      fmt::print("{}\n", io::json_line(nlohmann::ordered_json{
                             {"file", f.path}, {"bytes", f.bytes}, {"state", word_for(f.state)}, {"what", f.what}}));
    table.add({f.path, f.state == FileStatus::State::kMissing ? "-" : fmt::format("{}", f.bytes), word_for(f.state)});
  }
  if (!globals.json) fmt::print("{}/  (MLRUN_DATA_ROOT)\n{}get them with   {}\n", root, table.plain(), fetching("all"));
}

// The two ends of what would not fit into the last column of 80.
std::string shortened(const std::string& text) {
  constexpr size_t kMost = 20, kHead = 9, kTail = 9;
  if (text.size() <= kMost) return text;
  return text.substr(0, kHead) + ".." + text.substr(text.size() - kTail);
}

void check(const Globals& globals) {
  const std::string root = data_sources_from_environment(1).root;
  const std::vector<DataFact> facts = check_data(root);
  TextTable files({"", "SHA-256 of the content", "file"}), table({"", "data", "fact", "found"});
  std::string failures;
  for (const DataFact& f : facts) {
    if (f.state == DataFact::State::kFails) {
      failures += fmt::format("\n{}: {}\n  expected  {}\n  found     {}\n", f.subject, f.fact, f.expected, f.found);
    }
    if (globals.json) {
      fmt::print("{}\n", io::json_line(nlohmann::ordered_json{{"data", f.subject},
                                                              {"fact", f.fact},
                                                              {"expected", f.expected},
                                                              {"found", f.found},
                                                              {"state", word_for(f.state)}}));
    }
    const std::string found = f.state == DataFact::State::kMissing ? "-" : shortened(f.found);
    if (f.fact == kContentSum) files.add({word_for(f.state), found, f.subject});
    else table.add({word_for(f.state), f.subject, f.fact, found});
  }
  if (!globals.json) fmt::print("{}/\n{}\n{}{}", root, files.plain(), table.plain(), failures);
  if (!failures.empty()) finish_with(ExitCode::kData);
}

std::string time_of(std::time_t time) {
  std::tm local{};
  ::localtime_r(&time, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min);
}

// The folder of packed copies. `clear` removes them and says what was there.
void cache(const Globals& globals, bool clear) {
  const std::string folder = data_sources_from_environment(1).cache;
  if (folder.empty()) fail(ExitCode::kUsage, "there is no cache: neither XDG_CACHE_HOME nor HOME is an absolute path");
  const std::vector<CacheEntry> entries = cache_entries(folder);
  nlohmann::ordered_json copies = nlohmann::ordered_json::array();
  TextTable table({"used", "size", "copy", "made of"});
  uint64_t bytes = 0;
  for (const CacheEntry& e : entries) {
    bytes += e.bytes;
    copies.push_back(
        {{"file", e.name}, {"bytes", e.bytes}, {"used", e.used}, {"content", e.content}, {"files", e.files}});
    std::string source = e.files.empty() ? "" : e.files[0];
    constexpr size_t kMost = 30;  // the end of a path tells more than its beginning
    if (source.size() > kMost) source = ".." + source.substr(source.size() - kMost + 2);
    table.add({time_of(e.used), human_size(static_cast<int64_t>(e.bytes)), e.content, source});
  }
  if (clear) clear_cache(folder);
  if (globals.json) {
    fmt::print("{}\n", io::json_line(nlohmann::ordered_json{{"folder", folder},
                                                            {"bytes", bytes},
                                                            {"most_bytes", kCacheBytes},
                                                            {"copies", copies},
                                                            {"cleared", clear}}));
    return;
  }
  fmt::print("{}/\n{} packed {}, {} of at most {}{}\n", folder, entries.size(), entries.size() == 1 ? "copy" : "copies",
             human_size(static_cast<int64_t>(bytes)), human_size(static_cast<int64_t>(kCacheBytes)),
             clear ? "; removed" : "; the one not used for the longest goes first");
  if (!entries.empty() && !clear) fmt::print("{}", table.plain());
}

}  // namespace

void add_data(Command& command, const Globals& globals) {
  set_examples(command,
               "mlrun data ls\nmlrun data check\nMLRUN_DATA_ROOT=/big/data mlrun data check\nmlrun data cache --clear");
  command.require_subcommand(1);
  command.add_subcommand("ls", "files, sizes, what is missing")->callback([&globals] { list(globals); });
  command
      .add_subcommand("check", "read everything again: checksums, shapes, statistics; exit 3 when something is wrong")
      ->callback([&globals] { check(globals); });
  Command* copies = command.add_subcommand("cache", "packed copies of data that are slow to read: folder, size, use");
  const auto clear = std::make_shared<bool>(false);
  copies->add_flag("--clear", *clear, "remove them; they are made again when they are needed");
  copies->callback([&globals, clear] { cache(globals, *clear); });
}

}  // namespace mlrun::cli
