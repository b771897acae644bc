// Training as a person watches it on stderr: what is run, one line per evaluation, and on a terminal one line that is
// redrawn. Off a terminal (log files, pipes, batch jobs) plain lines only, and never a carriage return.
#pragma once

#include <cstdio>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "cli/terminal/progress_line.hpp"
#include "cli/terminal/terminal.hpp"
#include "io/image.hpp"
#include "train/observer.hpp"

namespace mlrun::cli {

// Auto is a redrawn line on a terminal and lines elsewhere; kBar redraws on a dumb terminal too, but still not in a
// file. kNone writes nothing at all.
enum class ProgressMode { kAuto, kBar, kLines, kNone };
std::optional<ProgressMode> parse_progress_mode(std::string_view text);  // "auto", "bar", "lines", "none"

using Write = std::function<void(std::string_view)>;
using Clock = std::function<double()>;  // seconds; only differences matter
double steady_seconds();

// Only one at a time: it takes log::set_before_message, so that messages wipe the redrawn line first, and gives it
// back when it is destroyed. `software` is the end of the first line: "oneDNN 2.6.3 avx512_core  HDF5 1.10.8".
class ScreenObserver : public TrainObserver {
 public:
  ScreenObserver(ProgressMode mode, Screen screen, std::string software = {}, Write write = log::print,
                 Clock clock = steady_seconds);
  ~ScreenObserver() override;
  ScreenObserver(const ScreenObserver&) = delete;
  ScreenObserver& operator=(const ScreenObserver&) = delete;

  void started(const RunHeader& header) override;
  void stepped(const StepReport& report) override;  // reads the clock; draws 10 times per second, or every 30 s
  void evaluated(const EvaluationReport& report) override;
  void finished(RunStatus status) override;

  // Whether `preview` would show something: a redrawn line, and a screen of 80 columns or more.
  bool wants_preview() const;
  // A row of pictures (as many as fit, at most 8) below the last evaluation.
  void preview(const std::vector<io::Image>& images);

 private:
  bool redraws() const { return mode_ == ProgressMode::kBar; }
  void draw(double now);
  Progress progress() const;
  void print(const std::string& lines);  // in place of the redrawn line
  void wipe();                           // the caller holds mutex_
  std::string painted(const char* code, const std::string& text) const;

  ProgressMode mode_;  // never kAuto
  const Screen screen_;
  const std::string software_;
  const Write write_;
  const Clock clock_;

  RunHeader header_;
  StepReport last_;
  Pace pace_;
  double next_draw_ = 0;
  double best_nll_ = NAN, best_accuracy_ = NAN;
  int64_t best_step_ = 0;

  std::mutex mutex_;  // other threads wipe the line through the log
  int drawn_ = 0;     // characters of the redrawn line now on the screen
};

}  // namespace mlrun::cli
