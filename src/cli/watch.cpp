// mlrun watch: runs in training, live in the terminal.
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "base/log.hpp"
#include "base/newer_version.hpp"
#include "base/printable.hpp"
#include "cli/command.hpp"
#include "cli/commands.hpp"
#include "cli/terminal/braille.hpp"
#include "cli/terminal/chart.hpp"
#include "cli/terminal/progress_line.hpp"
#include "cli/terminal/text_table.hpp"
#include "commands/runs/watched_run.hpp"
#include "io/json_line.hpp"
#include "io/png.hpp"
#include "runs/run_directory.hpp"
#include "runs/run_json.hpp"
#include "runs/select_runs.hpp"

namespace mlrun::cli {
namespace {

struct WatchOptions {
  std::vector<std::string> selectors;
  double every = 1;
  bool once = false, samples = false;
};

std::string fit(const std::string& words, int width) {
  const std::string text = printable(words);
  if (display_width(text) <= width) return text;
  return text.substr(0, static_cast<size_t>(std::max(0, width - 1))) + "~";
}

std::string bar_of(double fraction, int width) {
  if (std::isnan(fraction)) return "";
  const int full = static_cast<int>(std::lround(std::clamp(fraction, 0.0, 1.0) * width));
  return "[" + std::string(static_cast<size_t>(full), '#') + std::string(static_cast<size_t>(width - full), '-') +
         fmt::format("] {:.0f}%", 100 * fraction);
}

// Where the lock cannot be seen, as on another machine's mount, a journal that grows tells that somebody trains.
std::string state_of(const WatchedRun& w) {
  const RunStatus status = w.summary.status;
  if (status != RunStatus::kKilled || is_newer_version(w.summary.version)) return status_words(w.summary);
  return w.age < 60 ? fmt::format("written {:.0f} s ago, by no process of this machine", w.age)
                    : fmt::format("killed, or not on this machine; last written {} ago", human_duration(w.age));
}

std::vector<std::string> lines_of(const WatchedRun& w, const WatchOptions& o, const Screen& screen, bool alone) {
  const int width = screen.width() - 1;
  std::vector<std::string> lines = {
      fit(fmt::format("{}  {}", w.id, w.trouble.empty() ? state_of(w) : w.trouble), width)};
  if (!w.trouble.empty()) return lines;
  const RunSummary& r = w.summary;
  std::string progress = "  " + bar_of(w.fraction, width >= 70 ? 22 : 10);
  progress += r.total_steps > 0 ? fmt::format("  step {}/{}", r.step, r.total_steps) : fmt::format("  step {}", r.step);
  if (r.status == RunStatus::kRunning && std::isfinite(w.eta)) progress += "  eta " + human_duration(w.eta);
  progress += "  time " + human_duration(r.seconds);
  lines.push_back(fit(progress, width));
  std::string figures = std::isnan(r.best_nll) ? "  not evaluated yet"
                                               : fmt::format("  valid/nll {}, best {} at {}", print_nll(r.last_nll),
                                                             print_nll(r.best_nll), r.best_step);
  const auto add_if_it_fits = [&](const std::string& more) {
    if (display_width(figures) + display_width(more) <= width) figures += more;
  };
  if (std::isfinite(w.train_nll)) add_if_it_fits("  train/nll " + print_nll(w.train_nll));
  if (std::isfinite(w.items_per_s)) add_if_it_fits(fmt::format("  {}/s", human_rate(w.items_per_s)));
  if (std::isfinite(w.lr)) add_if_it_fits("  lr " + print_short(w.lr));
  lines.push_back(fit(figures, width));
  if (const std::string line = sparkline(w.valid_nll, std::min(width - 2, 60), screen);
      !line.empty() && w.valid_nll.size() > 1)
    lines.push_back("  " + line);
  if (alone) {
    TextTable table({"epoch", "step", "valid/nll", "time"});
    for (const WatchedRow& row : w.last)
      table.add({fmt::format("{:.4g}", row.epoch), fmt::format("{:.0f}", row.step), print_nll(row.nll),
                 human_duration(row.time)});
    std::string text = w.last.empty() ? "" : table.plain();
    for (size_t begin = 0; begin < text.size();) {
      const size_t end = text.find('\n', begin);
      lines.push_back(fit("  " + text.substr(begin, end - begin), width));
      begin = end + 1;
    }
  }
  if (o.samples && !w.samples.empty()) {
    try {
      const std::string text = pictures({io::read_png(w.samples)}, width, glyphs_for(screen));
      for (size_t begin = 0; begin < text.size();) {
        const size_t end = text.find('\n', begin);
        lines.push_back(text.substr(begin, end - begin));
        begin = end + 1;
      }
    } catch (const Error& e) {  // it is being written, or gone
      lines.push_back(fit(std::string("  ") + e.what(), width));
    }
  }
  return lines;
}

std::vector<std::string> watched_paths(const WatchOptions& o) {
  std::vector<RunSummary> runs = select_runs(o.selectors);
  if (o.selectors.empty()) {
    std::vector<RunSummary> running;
    for (const RunSummary& run : runs)
      if (run.status == RunStatus::kRunning) running.push_back(run);
    if (running.empty() && !runs.empty()) running.push_back(runs.back());  // the latest, to see how it ended
    runs = running;
  }
  if (runs.empty()) fail(ExitCode::kUsage, "there are no runs in {}   (MLRUN_RUN_ROOT)", run_root());
  std::vector<std::string> paths;
  for (const RunSummary& run : runs) paths.push_back(run.path);
  return paths;
}

void run_watch(const WatchOptions& o, const Globals& globals) {
  std::vector<RunWatcher> watchers;
  for (const std::string& path : watched_paths(o)) watchers.emplace_back(path);
  const Screen screen = screen_of(STDOUT_FILENO, globals.color_choice());
  const bool live = screen.terminal && !screen.dumb && !o.once && !globals.json;
  int drawn = 0;
  for (;;) {
    std::string frame;
    int count = 0;
    for (RunWatcher& watcher : watchers) {
      const WatchedRun& w = watcher.look();
      if (globals.json) {
        nlohmann::ordered_json line = w.trouble.empty() ? run_json(w.summary) : nlohmann::ordered_json{{"run", w.path}};
        line["trouble"] = w.trouble.empty() ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(w.trouble);
        line["eta"] = w.trouble.empty() ? nlohmann::ordered_json(w.eta) : nlohmann::ordered_json(nullptr);
        fmt::print("{}\n", io::json_line(line));
        continue;
      }
      for (const std::string& line : lines_of(w, o, screen, watchers.size() == 1)) {
        if (live && count + 1 >= terminal_height(STDOUT_FILENO)) break;  // what does not fit cannot be redrawn
        frame += line + (live ? "\x1b[K\n" : "\n");
        ++count;
      }
    }
    if (live && drawn > 0) fmt::print("\x1b[{}F", drawn);
    fmt::print("{}{}", frame, live ? "\x1b[J" : "");
    flush_answer();
    drawn = count;
    if (!live) return;
    ::poll(nullptr, 0, static_cast<int>(1000 * o.every));
  }
}

}  // namespace

void add_watch(Command& command, const Globals& globals) {
  auto o = std::make_shared<WatchOptions>();
  set_examples(command,
               "mlrun watch                          # all runs in training here; Ctrl-C ends the watching, not them\n"
               "mlrun watch @last --samples\n"
               "mlrun watch @group:lr --once         # one look, as off a terminal");
  command
      .add_option(
          "RUN", o->selectors,
          "runs: directory (also on another machine's mount), beginning of an id, @group:NAME, @tag:NAME, @last "
          "(default: those in training, else the latest)")
      ->type_name("RUN...")
      ->takes({{Value::kRuns}});
  command.add_option("--every", o->every, "seconds between two looks (1)")->between(0.1, 3600.0)->type_name("SECONDS");
  command.add_flag("--samples", o->samples, "the newest sheet of samples below");
  command.add_flag("--once", o->once, "look once");
  command.callback([o, &globals] { run_watch(*o, globals); });
}

}  // namespace mlrun::cli
