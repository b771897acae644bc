#include "runs/find_run.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/advice.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/nearest_name.hpp"
#include "base/number.hpp"
#include "io/checkpoint_file.hpp"
#include "io/directory.hpp"
#include "io/journal.hpp"
#include "io/lock.hpp"
#include "runs/metrics.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

bool is_better(const RunSummary& run, double nll, double accuracy) {
  if (run.best_by == "last") return true;
  return run.best_by == "valid/accuracy" ? accuracy > run.best_accuracy : nll < run.best_nll;
}

// What a record says of the CPU time: the largest number so far. A run that was begun by an older version says nothing.
void take_cpu_seconds(const io::Record& record, RunSummary& run) {
  const auto found = record.find("cpu_seconds");
  if (found != record.end() && found->is_number()) run.cpu_seconds = std::fmax(run.cpu_seconds, found->get<double>());
}

void read_record(const io::Record& record, RunSummary& run) {
  const std::string kind = record.value("kind", ""), table = record.value("table", "");
  if (kind == "run" || kind == "label") {
    take_identity(record, run);
  } else if (kind == "extend") {  // it goes on under another spec
    take_identity(record, run);
    run.status = RunStatus::kKilled;
    run.reason.clear();
  } else if (kind == "resume") {
    run.status = RunStatus::kKilled;
    run.reason.clear();
    run.threads = record.value("threads", run.threads);
  } else if (kind == "status") {
    run.status = status_of_name(record.value("status", "")).value_or(RunStatus::kKilled);
    run.reason = record.value("reason", "");
    run.step = std::max(run.step, record.value("at_step", int64_t{0}));
    run.seconds = std::max(run.seconds, record.value("time", 0.0));
    take_cpu_seconds(record, run);
  } else if (!table.empty()) {
    run.step = std::max(run.step, record.value("step", int64_t{0}));
    run.epoch = std::max(run.epoch, record.value("epoch", 0.0));
    run.seconds = std::max(run.seconds,
                           record.contains("time") && record["time"].is_number() ? record["time"].get<double>() : 0.0);
    take_cpu_seconds(record, run);
    if (table != "valid" || !record.contains("nll") || !record["nll"].is_number()) return;
    run.last_nll = record["nll"].get<double>();
    const double accuracy = record.value("accuracy", RunSummary::kMissing);
    if (std::isnan(run.best_nll) || is_better(run, run.last_nll, accuracy)) {
      run.best_nll = run.last_nll;
      run.best_accuracy = accuracy;
      run.best_step = record.value("step", int64_t{0});
      run.best_bpd = record.value("bpd", RunSummary::kMissing);
    }
  }
}

std::string list_of(const std::set<std::string>& words, size_t characters) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : " | ") + word.substr(0, characters);
  return text;
}

// What stands behind `mark` in the selector, if it begins with that.
std::optional<std::string> after(const std::string& selector, const std::string& mark) {
  if (!selector.starts_with(mark)) return std::nullopt;
  return selector.substr(mark.size());
}

[[noreturn]] void nothing_fits(const std::string& selector, const std::set<std::string>& known, const char* what) {
  const std::vector<std::string> names(known.begin(), known.end());
  const auto nearest = nearest_name(selector.substr(selector.find(':') + 1), names);
  std::string list;
  for (size_t i = 0; i < std::min<size_t>(names.size(), 8); ++i) list += (i ? ", " : "") + names[i];
  fail(ExitCode::kUsage, "{}: no run in {} has this {}{}", selector, run_root(), what,
       nearest         ? fmt::format("; did you mean '{}'?", *nearest)
       : names.empty() ? ""
                       : fmt::format("; there are {}", list));
}

// "@group:lr@best" -> {"@group:lr", "@best"}; "@last" -> {"", "@last"}; of another kind -> {"", ""}.
std::pair<std::string, std::string> split_selector(const std::string& selector) {
  for (const std::string pick : {"@best:valid/nll", "@best", "@last"}) {
    if (!selector.ends_with(pick)) continue;
    const std::string marks = selector.substr(0, selector.size() - pick.size());
    if (marks.empty() || after(marks, "@group:") || after(marks, "@tag:")) return {marks, pick};
  }
  if (selector.starts_with("@best")) fail(ExitCode::kUsage, "{}: runs are ranked by @best:valid/nll", selector);
  return {"", ""};
}

// The latest or the best of `runs`, oldest first.
std::string picked(const std::string& selector, const std::string& pick, std::vector<RunSummary> runs) {
  if (pick == "@last") {
    if (runs.empty()) fail(ExitCode::kUsage, "@last: there is no run in {}", run_root());
    return runs.back().path;
  }
  std::erase_if(runs, [](const RunSummary& run) { return std::isnan(run.best_nll); });
  if (runs.empty()) {
    fail(ExitCode::kUsage, "{}: no run {} has been evaluated", selector,
         selector == pick ? "in " + run_root() : "of these");
  }
  if (const std::string obstacle = obstacle_to_ranking(runs); !obstacle.empty()) {
    fail(ExitCode::kUsage,
         "{}: these runs are not ranked together: {}\n"
         "  the best of a group            @group:NAME@best\n"
         "  the best of each kind of data  {}",
         selector, obstacle, advice::command({"ls", "--sort", "valid/nll", "-n", "1"}));
  }
  return std::min_element(runs.begin(), runs.end(),
                          [](const RunSummary& a, const RunSummary& b) { return a.best_nll < b.best_nll; })
      ->path;
}

std::string list_some(const std::vector<RunSummary>& runs) {
  std::string text;
  for (size_t i = runs.size() > 5 ? runs.size() - 5 : 0; i < runs.size(); ++i) text += "\n  " + runs[i].id;
  return text;
}

// A word with @ that is no selector is told the nearest one.
void require_selector(const std::string& selector) {
  for (const char* known : {"@last", "@best", "@group:", "@tag:"})
    if (selector.starts_with(known)) return;
  const auto nearest = nearest_name(selector, {"@last", "@best", "@best:valid/nll", "@group:NAME", "@tag:NAME"});
  fail(ExitCode::kUsage, "'{}' stands for no run{}\n  known   @last, @best:valid/nll, @group:NAME@best, @tag:NAME@last",
       selector, nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
}

// A directory that is no run: the runs in it, or around it.
[[noreturn]] void no_run(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  std::string runs;
  int64_t count = 0;
  for (const std::string& name : io::list_directory(path)) {
    if (!RunDirectory::is_run(path + "/" + name)) continue;
    if (++count <= 5) runs += "\n  " + path + "/" + name;
  }
  const size_t slash = path.rfind('/');
  const std::string parent = slash == std::string::npos ? ".." : path.substr(0, slash);
  std::string more;
  if (count > 5) more = fmt::format("\n  and {} more", count - 5);
  if (count > 0) fail(ExitCode::kUsage, "{} is a directory of runs, and one of them is wanted:{}{}", path, runs, more);
  if (RunDirectory::is_run(parent))
    fail(ExitCode::kUsage, "{} is a part of a run, not a run\n  the run is   {}", path, parent);
  fail(ExitCode::kUsage, "{} is a directory, and neither a run nor one that holds runs\n  runs are in   {}", path,
       run_root());
}

}  // namespace

RunSummary summarise_run(const std::string& path) {
  RunSummary run;
  run.path = path;
  run.id = RunDirectory::open(path).id();
  // Steps and times only grow from row to row, and results are those of valid: of rows of train the last is enough.
  const auto wanted = [](std::string_view line, std::string_view next) {
    return !is_row_of(line, "train") || !is_row_of(next, "");
  };
  for (const io::Record& record : io::read_journal(path + "/metrics.jsonl", wanted).records) {
    try {
      read_record(record, run);
    } catch (const io::Record::exception&) {  // a line that somebody else wrote: the others still count
      log::debug("{}/metrics.jsonl: a record with fields of the wrong type", path);
    }
  }
  if (run.status != RunStatus::kFinished && !io::lock_holder(path + "/.lock").empty()) run.status = RunStatus::kRunning;
  return run;
}

std::vector<RunSummary> all_runs(const std::string& root) {
  std::vector<RunSummary> runs;
  if (!io::is_directory(root)) return runs;
  for (const std::string& name : io::list_directory(root)) {
    const std::string journal = root + "/" + name + "/metrics.jsonl";
    if (!RunDirectory::is_run(root + "/" + name)) {
      if (io::exists(journal)) log::warning("{} is left out: it has a journal and no resolved.yaml", name);
      continue;
    }
    try {
      runs.push_back(summarise_run(root + "/" + name));
      std::error_code ignored;
      if (runs.back().created.empty() && std::filesystem::file_size(journal, ignored) > 0 && !ignored)
        log::warning("{}: its journal does not say what run it is of, so that most of it is missing here", name);
    } catch (const Error& e) {  // one run that cannot be read must not hide the others
      log::warning("{} is left out: {}", name, e.what());
    }
  }
  std::stable_sort(runs.begin(), runs.end(),
                   [](const RunSummary& a, const RunSummary& b) { return a.created < b.created; });
  return runs;
}

std::string obstacle_to_ranking(const std::vector<RunSummary>& runs) {
  std::set<std::string> protocols, hashes, subjects;
  for (const RunSummary& run : runs) {
    protocols.insert(run.protocol);
    subjects.insert(words_of(run.nll_of));
    hashes.insert(run.data_hash);
  }
  if (hashes.size() > 1) return fmt::format("their data differ: sha256 {}", list_of(hashes, 12));
  if (subjects.size() > 1) return fmt::format("their NLLs are of different things: {}", list_of(subjects, 40));
  if (protocols.size() > 1) return fmt::format("their binarizations or splits differ: {}", list_of(protocols, 80));
  return "";
}

std::optional<std::vector<RunSummary>> marked_runs(const std::string& selector, const std::vector<RunSummary>& all) {
  if (!split_selector(selector).second.empty()) return std::nullopt;
  const auto group = after(selector, "@group:"), tag = after(selector, "@tag:");
  if (!group && !tag) return std::nullopt;
  std::vector<RunSummary> marked;
  std::set<std::string> known;
  for (const RunSummary& run : all) {
    const std::vector<std::string>& marks = group ? run.groups : run.tags;
    known.insert(marks.begin(), marks.end());
    if (has_word(marks, group ? *group : *tag)) marked.push_back(run);
  }
  known.erase("");
  if (marked.empty()) nothing_fits(selector, known, group ? "group" : "tag");
  return marked;
}

std::string find_run(const std::string& selector) {
  if (RunDirectory::is_run(selector)) return selector;
  const std::string root = run_root();
  if (selector.starts_with('@')) require_selector(selector);
  const std::vector<RunSummary> runs = all_runs(root);
  const auto [marks, pick] = split_selector(selector);
  if (!pick.empty()) return picked(selector, pick, marks.empty() ? runs : *marked_runs(marks, runs));
  if (const auto marked = marked_runs(selector, runs)) {
    if (marked->size() == 1) return marked->front().path;
    fail(ExitCode::kUsage, "'{}' is {} runs\n  one of them   {}@best or {}@last", selector, marked->size(), selector,
         selector);
  }
  std::vector<RunSummary> fitting;
  std::vector<std::string> ids;
  for (const RunSummary& run : runs) {
    if (run.id == selector) return run.path;
    if (run.id.rfind(selector, 0) == 0) fitting.push_back(run);
    ids.push_back(run.id);
  }
  if (fitting.size() == 1) return fitting[0].path;
  if (fitting.empty() && io::is_directory(selector)) no_run(selector);
  if (fitting.size() > 1)
    fail(ExitCode::kUsage, "'{}' fits {} runs in {}:{}", selector, fitting.size(), root, list_some(fitting));
  const auto nearest = nearest_name(selector, ids);
  fail(ExitCode::kUsage, "no run '{}' in {}{}{}", selector, root,
       nearest ? fmt::format("; did you mean '{}'?", *nearest) : "",
       runs.empty() ? "" : fmt::format("\n  the latest are{}", list_some(runs)));
}

std::string find_checkpoint(const std::string& selector, const std::string& which) {
  if (io::exists(selector) && !io::is_directory(selector)) return selector;
  const RunDirectory run = RunDirectory::open(find_run(selector));
  std::vector<int64_t> steps = run.checkpoint_steps();
  if (steps.empty()) fail(ExitCode::kCheckpoint, "{} has no checkpoint yet", run.path());
  if (which == "best") {
    const int64_t best = summarise_run(run.path()).best_step;  // 0: not evaluated yet
    if (best > 0 && std::find(steps.begin(), steps.end(), best) != steps.end()) {
      std::string reason;
      if (io::verify_checkpoint(run.checkpoint_path(best), &reason)) return run.checkpoint_path(best);
      log::warning("{}\n  falling back to the latest checkpoint instead of the best", reason);
    }
  }
  if (which == "best" || which == "last") {
    const auto latest = run.latest_valid_checkpoint();
    if (!latest) fail(ExitCode::kCheckpoint, "{}: none of its {} checkpoints is intact", run.path(), steps.size());
    return run.checkpoint_path(*latest);
  }
  const auto step = parse_integer(which);
  if (!step || std::find(steps.begin(), steps.end(), *step) == steps.end()) {
    std::string known;
    for (const int64_t s : steps) known += fmt::format(" {}", s);
    fail(ExitCode::kUsage, "{} has no checkpoint '{}'; there are best, last and steps{}", run.path(), which, known);
  }
  return run.checkpoint_path(*step);
}

}  // namespace mlrun
