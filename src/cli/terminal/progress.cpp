#include "cli/terminal/progress.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.hpp"
#include "base/number.hpp"
#include "base/version.hpp"
#include "cli/terminal/braille.hpp"
#include "experiment/built_model.hpp"

namespace mlrun::cli {
namespace {

constexpr double kRedraw = 0.1, kLine = 30;  // seconds between drawings on a terminal, and between lines elsewhere
constexpr int kPreviewColumns = 80, kPreviewPictures = 8;
constexpr const char* kBold = "1";
constexpr const char* kFaint = "2";
constexpr const char* kGreen = "1;32";

ProgressMode settled(ProgressMode mode, const Screen& screen) {
  if (mode == ProgressMode::kBar) return screen.terminal ? ProgressMode::kBar : ProgressMode::kLines;
  if (mode != ProgressMode::kAuto) return mode;
  return screen.terminal && !screen.dumb ? ProgressMode::kBar : ProgressMode::kLines;
}

std::string short_hash(const std::string& hex) {
  return hex.size() <= 12 ? hex : hex.substr(0, 4) + ".." + hex.substr(hex.size() - 2);
}

std::string print_epoch(double epoch) {
  return epoch == std::floor(epoch) ? fmt::format("{:.0f}", epoch) : fmt::format("{:.2f}", epoch);
}

// To three digits, as far as a throughput means anything: 41 234 is 41 200.
std::string print_throughput(double per_second) {
  if (!(per_second > 0 && per_second < 1e15)) return "-";
  if (per_second < 100) return fmt::format("{:.1f}", per_second);
  const double unit = std::pow(10, std::floor(std::log10(per_second)) - 2);
  return print_thousands(std::llround(std::round(per_second / unit) * unit));
}

std::string row(const std::string& epoch, const std::string& step, const std::string& train_nll, const std::string& nll,
                const std::string& bpd, const std::string& rate, const std::string& time) {
  return fmt::format("{:>7} {:>8} {:>11} {:>11} {:>11} {:>9} {:>8}", epoch, step, train_nll, nll, bpd, rate, time);
}

}  // namespace

std::optional<ProgressMode> parse_progress_mode(std::string_view text) {
  if (text == "auto") return ProgressMode::kAuto;
  if (text == "bar") return ProgressMode::kBar;
  if (text == "lines") return ProgressMode::kLines;
  if (text == "none") return ProgressMode::kNone;
  return std::nullopt;
}

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

ScreenObserver::ScreenObserver(ProgressMode mode, Screen screen, std::string software, Write write, Clock clock)
    : mode_(settled(mode, screen)),
      screen_(std::move(screen)),
      software_(std::move(software)),
      write_(std::move(write)),
      clock_(std::move(clock)) {
  if (!redraws()) return;
  log::set_before_message([this] {
    const std::lock_guard lock(mutex_);
    wipe();
  });
}

ScreenObserver::~ScreenObserver() {
  if (!redraws()) return;
  log::set_before_message({});
  const std::lock_guard lock(mutex_);
  wipe();
}

void ScreenObserver::started(const RunHeader& header) {
  if (mode_ == ProgressMode::kNone) return;
  header_ = header;
  const double now = clock_();
  pace_.start(now, header.first_step);
  next_draw_ = redraws() ? now : now + kLine;

  struct HeaderLine {
    std::string label, left, right;
  };
  const std::vector<HeaderLine> lines = {
      {"spec", header.spec, header.fingerprint.empty() ? "" : "fingerprint " + header.fingerprint.substr(0, 6)},
      {"data", header.data, header.data_hash.empty() ? "" : "sha256 " + short_hash(header.data_hash)},
      {"model", header.model + (header.model_text.empty() ? "" : "  " + header.model_text),
       fmt::format("{}  {}", parameters_in_words(header.parameters, header.active_parameters),
                   human_size(4 * header.parameters))},
      {"origin", header.origin, ""},
      {"run", header.directory, header.first_step > 0 ? fmt::format("goes on from step {}", header.first_step) : ""},
  };
  size_t left = 0;
  for (const HeaderLine& line : lines)
    if (!line.right.empty()) left = std::max(left, line.left.size());
  left = std::min<size_t>(left, 60);

  std::string text = painted(kBold, fmt::format("mlrun {}", kVersion));
  if (!software_.empty()) text += "  " + software_;
  const std::string ranks = header.ranks > 1 ? fmt::format("{} ranks of ", header.ranks) : "";
  text += fmt::format("   {} lane{} on {}{} thread{}\n", header.lanes, header.lanes == 1 ? "" : "s", ranks,
                      header.threads, header.threads == 1 ? "" : "s");
  for (const HeaderLine& line : lines) {
    if (line.left.empty()) continue;
    text += painted(kFaint, fmt::format("{:<9}", line.label));
    text += line.right.empty() ? line.left : fmt::format("{:<{}}   {}", line.left, left, line.right);
    text += '\n';
  }
  text += painted(kFaint, row("epoch", "step", "train/nll", "valid/nll",
                              header.accuracy             ? "accuracy"
                              : header.dimension == "dim" ? "valid/bpd"
                                                          : "bits/" + header.dimension,
                              header.item + "/s", "time")) +
          '\n';
  print(text);
}

void ScreenObserver::stepped(const StepReport& report) {
  if (mode_ == ProgressMode::kNone) return;
  last_ = report;
  const double now = clock_();
  if (now >= next_draw_) draw(now);
}

Progress ScreenObserver::progress() const {
  Progress p;
  p.step = last_.step;
  p.total_steps = header_.total_steps;
  p.figure = header_.loss_is_nll ? "nll" : "loss";
  p.nats = last_.loss;
  p.lr = last_.lr;
  p.gradient_norm = last_.gradient_norm;
  p.items_per_s = last_.items_per_s;
  p.item = header_.item;
  if (header_.total_steps > 0) {
    p.fraction = static_cast<double>(last_.step) / static_cast<double>(header_.total_steps);
    p.eta = pace_.seconds_per_step() * static_cast<double>(header_.total_steps - last_.step);
  } else if (header_.total_minutes > 0) {
    p.fraction = last_.elapsed / (60 * header_.total_minutes);
    p.eta = std::max(60 * header_.total_minutes - last_.elapsed, 0.0);
  }
  if (!std::isnan(p.fraction)) p.fraction = std::clamp(p.fraction, 0.0, 1.0);
  return p;
}

void ScreenObserver::draw(double now) {
  pace_.add(now, last_.step);
  next_draw_ = now + (redraws() ? kRedraw : kLine);
  if (!redraws()) return print("  " + progress_text(progress()) + '\n');
  const std::string line = progress_bar(progress(), screen_.width());
  const int length = static_cast<int>(line.size());
  const std::lock_guard lock(mutex_);
  // One write, the rest of the old line erased last: no flicker.
  std::string text = '\r' + line;
  if (screen_.dumb) text += std::string(static_cast<size_t>(std::max(drawn_ - length, 0)), ' ');
  else text += "\033[K";
  write_(text);
  drawn_ = length;
}

void ScreenObserver::evaluated(const EvaluationReport& report) {
  if (mode_ == ProgressMode::kNone) return;
  if (report.best) {
    best_nll_ = report.valid.nll;
    best_accuracy_ = report.valid.accuracy.value_or(NAN);
    best_step_ = report.step;
  }
  // Beside valid, what training examples have by the same law; where none are judged, what they had in their steps.
  const double train_nll = report.train ? report.train->nll : report.train_nll;
  std::string text =
      row(print_epoch(report.epoch), fmt::format("{}", report.step), print_nll(train_nll), print_nll(report.valid.nll),
          report.valid.accuracy ? fmt::format("{:.2f}%", 100 * *report.valid.accuracy)
                                : fmt::format("{:.4f}", report.valid.bpd),
          print_throughput(report.items_per_s), human_duration(report.elapsed));
  if (report.best || report.saved) text += report.best ? "  " + painted(kGreen, "*") : "   ";
  if (report.saved) text += " saved";
  if (const auto& codes = report.valid.codes) {
    text += fmt::format("   {} of {} codes, perplexity {:.1f}, error {:.3g}", codes->used(), codes->codes(),
                        codes->perplexity(), codes->quantization_error);
    if (codes->restarted > 0) text += fmt::format(", {} restarted", codes->restarted);
  }
  if (report.valid.experts) text += "   " + report.valid.experts->summary();
  print(text + '\n');
  if (!redraws()) next_draw_ = clock_() + kLine;
}

void ScreenObserver::finished(RunStatus status) {
  if (mode_ == ProgressMode::kNone) return;
  std::string text = fmt::format("{} at step {}", name_of(status), std::max(last_.step, header_.first_step));
  if (header_.total_steps > 0) text += fmt::format("/{}", header_.total_steps);
  text += " after " + human_duration(last_.elapsed);
  if (!std::isnan(best_accuracy_)) {
    text += fmt::format("   best at step {}: valid/nll {}, accuracy {:.2f}%", best_step_, print_nll(best_nll_),
                        100 * best_accuracy_);
  } else if (!std::isnan(best_nll_))
    text += fmt::format("   best valid/nll {} at step {}", print_nll(best_nll_), best_step_);
  print(text + '\n');
}

bool ScreenObserver::wants_preview() const { return redraws() && screen_.width() >= kPreviewColumns; }

void ScreenObserver::preview(const std::vector<io::Image>& images) {
  if (wants_preview()) print(pictures(images, screen_.width() - 1, glyphs_for(screen_), kPreviewPictures, 1));
}

void ScreenObserver::print(const std::string& lines) {
  const std::lock_guard lock(mutex_);
  wipe();
  write_(lines);
}

void ScreenObserver::wipe() {
  if (drawn_ == 0) return;
  write_(screen_.dumb ? '\r' + std::string(static_cast<size_t>(drawn_), ' ') + '\r' : std::string("\r\033[K"));
  drawn_ = 0;
}

std::string ScreenObserver::painted(const char* code, const std::string& text) const {
  return screen_.color ? fmt::format("\033[{}m{}\033[0m", code, text) : text;
}

}  // namespace mlrun::cli
