// mlrun data: what is in the data folder, and whether it is what it should be.
#include <fmt/ranges.h>
#include <unistd.h>

#include <ctime>
#include <memory>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "base/advice.hpp"
#include "base/printable.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/braille.hpp"
#include "cli/terminal/text_table.hpp"
#include "cli/terminal/wrapped.hpp"
#include "commands/describe_data.hpp"
#include "data/cache_folder.hpp"
#include "data/dataset.hpp"
#include "data/reference.hpp"
#include "data/source_file.hpp"
#include "experiment/load_spec.hpp"
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
  if (globals.json) return;
  print_wrapped(root + "/  (MLRUN_DATA_ROOT)");
  print_fitting(table, {"bytes"});
  fmt::print("get them with   {}\n", fetching("all"));
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
  if (!globals.json) {
    print_wrapped(root + "/");
    print_fitting(files);
    fmt::print("\n");
    print_fitting(table);
    fmt::print("{}", failures);
  }
  if (!failures.empty()) finish_with(ExitCode::kData);
}

std::string time_of(std::time_t time) {
  std::tm local{};
  ::localtime_r(&time, &local);
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}", local.tm_year + 1900, local.tm_mon + 1, local.tm_mday,
                     local.tm_hour, local.tm_min);
}

constexpr int kMostOfPath = 30;

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
    table.add({time_of(e.used), human_size(static_cast<int64_t>(e.bytes)), e.content,
               e.files.empty() ? "" : elided(e.files[0], kMostOfPath)});
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
  print_wrapped(folder + "/");
  print_wrapped(fmt::format("{} packed {}, {} of at most {}{}", entries.size(), entries.size() == 1 ? "copy" : "copies",
                            human_size(static_cast<int64_t>(bytes)), human_size(static_cast<int64_t>(kCacheBytes)),
                            clear ? "; removed" : "; the one not used for the longest goes first"));
  if (!entries.empty() && !clear) print_fitting(table, {"used"});
}

const NearDuplicates::OfSplit& near_of(const DataDescription& d, size_t split) {
  return static_cast<Split>(split) == Split::kValid ? d.near.valid : d.near.test;
}

// What was called near, and what was looked at where that was not everything.
std::string words_of_near(const DataDescription& d) {
  if (d.near.most_differing == 0)
    return "near  not looked for: rows of fewer than 64 symbols, or of very many values\n";
  std::string text = fmt::format("near  at most {} of {} {} differ from a row of train, and at least one\n",
                                 d.near.most_differing, d.spec.positions(), d.spec.is_image() ? "pixels" : "symbols");
  if (d.near.black_and_white)
    text += fmt::format("      in being brighter than their image's mean, and levels correlate by {} or more\n",
                        NearDuplicates::kLeastCorrelation);
  if (d.near.train_rows < d.splits[0].rows)
    text += fmt::format("      only {} rows of train were looked at, at even distances\n", d.near.train_rows);
  for (const size_t s : {size_t{1}, size_t{2}}) {
    const NearDuplicates::OfSplit& split = near_of(d, s);
    const char* name = name_of(static_cast<Split>(s));
    if (split.rows < d.splits[s].rows)
      text += fmt::format("      only {} rows of {} were looked at\n", split.rows, name);
    if (split.cut > 0)
      text +=
          fmt::format("      {} rows of {} are like so many of train that not all were compared\n", split.cut, name);
  }
  return text;
}

void describe(const std::vector<std::string>& words, int64_t most, const Globals& globals) {
  Overrides overrides;
  overrides.add_words({words.begin() + 1, words.end()}, 2);
  advice::accept_overrides();
  const Experiment experiment = load_spec(words[0], overrides.texts, overrides.places);
  const std::unique_ptr<Dataset> data =
      experiment.spec().data.build(data_sources_from_environment(experiment.spec().seed));
  const DataDescription d = describe_data(*data, most);
  if (globals.json) {
    nlohmann::ordered_json answer = {{"data", d.description},
                                     {"protocol", d.protocol},
                                     {"data_hash", d.hash},
                                     {"shape", d.spec.shape},
                                     {"alphabet", d.spec.alphabet},
                                     {"classes", d.spec.classes},
                                     {"class_names", d.names.classes},
                                     {"column_names", d.names.columns},
                                     {"splits", nlohmann::ordered_json::object()}};
    for (size_t s = 0; s < 3; ++s) {
      const SplitDescription& split = d.splits[s];
      answer["splits"][name_of(static_cast<Split>(s))] = {{"rows", split.rows},
                                                          {"of_class", split.of_class},
                                                          {"mean", split.mean},
                                                          {"repeated", split.repeated},
                                                          {"of_train", split.of_train}};
      if (s == 0 || d.near.most_differing == 0) continue;
      const NearDuplicates::OfSplit& near = near_of(d, s);
      answer["splits"][name_of(static_cast<Split>(s))].update(nlohmann::ordered_json{
          {"near_train", near.near}, {"near_train_rows", near.rows}, {"near_train_cut", near.cut}});
    }
    answer["near"] = {{"most_differing", d.near.most_differing},
                      {"black_and_white", d.near.black_and_white},
                      {"train_rows", d.near.train_rows}};
    return fmt::print("{}\n", io::json_line(answer));
  }
  print_wrapped("data      " + d.description);
  print_wrapped("protocol  " + d.protocol);
  fmt::print("rows of   {}, {}\n\n",
             d.spec.is_image() ? fmt::format("{} x {} pixels", d.spec.shape[0], d.spec.shape[1])
                               : fmt::format("{} symbols", d.spec.positions()),
             fmt::format("alphabet {}", d.spec.alphabet));
  TextTable table(
      {"split", "rows", d.spec.alphabet == 2 ? "ones" : "mean level", "repeated", "also in train", "near train"});
  for (size_t s = 0; s < 3; ++s) {
    const SplitDescription& split = d.splits[s];
    table.add({name_of(static_cast<Split>(s)), fmt::format("{}", split.rows),
               d.of_text ? "-" : fmt::format("{:.2f}%", 100 * split.mean), fmt::format("{}", split.repeated),
               s == 0 ? "-" : fmt::format("{}", split.of_train),
               s == 0 || d.near.most_differing == 0 ? "-" : fmt::format("{}", near_of(d, s).near)});
  }
  print_fitting(table, {"repeated"});
  std::istringstream lines(words_of_near(d));
  for (std::string line; std::getline(lines, line);) print_wrapped(line);
  if (!d.names.columns.empty())
    fmt::print("\ncolumns  {}\n", printable(fmt::format("{}", fmt::join(d.names.columns, ", "))));
  if (d.spec.classes > 0) {
    TextTable classes({"class", "train", "valid", "test"});
    for (size_t c = 0; c < static_cast<size_t>(d.spec.classes); ++c) {
      classes.add({d.names.of_class(static_cast<int64_t>(c)), fmt::format("{}", d.splits[0].of_class[c]),
                   fmt::format("{}", d.splits[1].of_class[c]), fmt::format("{}", d.splits[2].of_class[c])});
    }
    fmt::print("\n");
    print_fitting(classes);
  }
  const Screen screen = screen_of(STDOUT_FILENO, globals.color_choice());
  if (!d.pictures.empty() || !d.rows.empty()) fmt::print("\nsome of train\n");
  fmt::print("{}", pictures(d.pictures, screen.width() - 1, glyphs_for(screen)));
  for (const std::string& row : d.rows) fmt::print("  {}\n", printable(row));
}

}  // namespace

void add_data(Command& command, const Globals& globals) {
  set_examples(command,
               "mlrun data ls\n"
               "mlrun data check\n"
               "mlrun data describe configs/made.yaml data.kind=digits      # what was understood of a spec's data\n"
               "MLRUN_DATA_ROOT=/big/data mlrun data check\n"
               "mlrun data cache --clear");
  command.require_subcommand(1);
  command.add_subcommand("ls", "files, sizes, what is missing")->callback([&globals] { list(globals); });
  command
      .add_subcommand("check", "read everything again: checksums, shapes, statistics; exit 3 when something is wrong")
      ->callback([&globals] { check(globals); });
  Command* description = command.add_subcommand("describe",
                                                "what was understood of a spec's data: shape, alphabet, classes, rows "
                                                "that are repeated or nearly so, a few rows drawn");
  const auto words = std::make_shared<std::vector<std::string>>();
  const auto most = std::make_shared<int64_t>(5);
  description->add_option("SPEC", *words, "a YAML file or a run, then overrides: section.key=value")
      ->required()
      ->type_name("SPEC|RUN [key=value]...")
      ->takes({{Value::kSpec, Value::kRun}}, OverrideWords{});
  description->add_option("-n", *most, "rows to draw (5)")->between(int64_t{0}, int64_t{1000})->type_name("N");
  description->callback([&globals, words, most] { describe(*words, *most, globals); });
  Command* copies = command.add_subcommand("cache", "packed copies of data that are slow to read: folder, size, use");
  const auto clear = std::make_shared<bool>(false);
  copies->add_flag("--clear", *clear, "remove them; they are made again when they are needed");
  copies->callback([&globals, clear] { cache(globals, *clear); });
}

}  // namespace mlrun::cli
