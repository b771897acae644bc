#include "cli/terminal/progress_line.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "cli/terminal/terminal.hpp"

namespace mlrun::cli {
namespace {

constexpr int kLongestBar = 22, kShortestBar = 8;
constexpr double kMemory = 60;  // seconds

// The parts of the line after the bar; an empty part is not shown.
enum Part : size_t { kPercent, kStep, kNll, kLr, kGradient, kRate, kEta, kParts };
using Parts = std::array<std::string, kParts>;

Parts parts_of(const Progress& p) {
  Parts parts;
  // Rounded down: 100% is for what is done.
  if (std::isfinite(p.fraction)) parts[kPercent] = fmt::format("{:2.0f}%", std::floor(100 * p.fraction));
  parts[kStep] = p.total_steps > 0 ? fmt::format("step {}/{}", p.step, p.total_steps) : fmt::format("step {}", p.step);
  parts[kNll] = p.figure + " " + (std::isnan(p.nats) ? "NaN" : print_nll(p.nats));
  if (!std::isnan(p.lr)) parts[kLr] = "lr " + print_short(p.lr);
  parts[kGradient] = fmt::format("|g| {:.3g}", p.gradient_norm);
  if (p.items_per_s > 0) parts[kRate] = fmt::format("{} {}/s", human_rate(p.items_per_s), p.item);
  if (std::isfinite(p.eta)) parts[kEta] = "eta " + human_duration(p.eta);
  return parts;
}

std::string joined(const Parts& parts) {
  std::string text;
  for (const std::string& part : parts)
    if (!part.empty()) text += (text.empty() ? "" : "  ") + part;
  return text;
}

}  // namespace

std::string print_nll(double nats) {
  if (std::isnan(nats)) return "-";
  return std::abs(nats) < 10 ? fmt::format("{:.4f}", nats) : fmt::format("{:.2f}", nats);
}

std::string print_short(double value, int digits) {
  std::string text = fmt::format("{:.{}e}", value, digits - 1);
  const size_t e = text.find('e');
  if (e == std::string::npos) return text;  // inf, nan
  const std::string sign = text[e + 1] == '-' ? "-" : "";
  const size_t first = std::min(text.find_first_not_of('0', e + 2), text.size() - 1);
  return text.substr(0, e + 1) + sign + text.substr(first);
}

std::string progress_text(const Progress& progress) { return joined(parts_of(progress)); }

std::string progress_bar(const Progress& progress, int width) {
  const int room = std::max(width - 1, 1);
  const bool known = std::isfinite(progress.fraction);
  int frame = known ? 5 : 1;  // blank, brackets, two blanks; or the blank alone
  Parts parts = parts_of(progress);
  std::string text = joined(parts);
  const auto bar_room = [&] { return room - frame - static_cast<int>(text.size()); };
  const int shortest = known ? kShortestBar : 0;
  for (const Part part : {kGradient, kLr}) {
    if (bar_room() >= shortest) break;
    parts[part].clear();
    text = joined(parts);
  }
  int bar = std::min(bar_room(), kLongestBar);
  if (!known || bar < shortest) {
    bar = 0;
    frame = 1;
  }
  for (const Part part : {kRate, kNll, kStep}) {
    if (bar_room() >= 0) break;
    parts[part].clear();
    text = joined(parts);
  }
  std::string line = " ";
  if (bar > 0) {
    const int full = std::clamp(static_cast<int>(progress.fraction * bar), 0, bar);
    line +=
        '[' + std::string(static_cast<size_t>(full), '#') + std::string(static_cast<size_t>(bar - full), '-') + "]  ";
  }
  return (line + text).substr(0, static_cast<size_t>(room));
}

void Pace::start(double now, int64_t step) {
  last_ = now;
  last_step_ = step;
  seconds_ = steps_ = 0;
}

void Pace::add(double now, int64_t step) {
  const double seconds = std::max(now - last_, 0.0);
  const double kept = std::exp(-seconds / kMemory);
  seconds_ = seconds_ * kept + seconds;
  steps_ = steps_ * kept + static_cast<double>(step - last_step_);
  last_ = now;
  last_step_ = step;
}

}  // namespace mlrun::cli
