#include "cli/terminal/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <system_error>

#include "base/environment.hpp"
#include "base/number.hpp"

namespace mlrun::cli {
std::optional<ColorChoice> parse_color_choice(std::string_view text) {
  if (text == "auto") return ColorChoice::kAuto;
  if (text == "always") return ColorChoice::kAlways;
  if (text == "never") return ColorChoice::kNever;
  return std::nullopt;
}

bool is_terminal(int fd) { return isatty(fd) == 1; }

bool is_dumb() {
  const std::string term = environment_variable("TERM");
  return term.empty() || term == "dumb";
}

int terminal_width(int fd) {
  winsize size{};
  // Pseudo-terminals that nobody sized answer 0 columns.
  if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
  const std::optional<int64_t> columns = parse_integer(environment_variable("COLUMNS"));
  if (columns && *columns > 0) return static_cast<int>(std::min<int64_t>(*columns, 10'000));
  return 80;
}

int terminal_height(int fd) {
  winsize size{};
  return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : 24;
}

bool use_color(ColorChoice choice, bool terminal) {
  if (choice != ColorChoice::kAuto) return choice == ColorChoice::kAlways;
  return terminal && !is_dumb() && environment_variable("NO_COLOR").empty();
}

bool utf8_locale() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    std::string value = environment_variable(name);
    if (value.empty()) continue;
    for (char& c : value)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    return value.find("utf-8") != std::string::npos || value.find("utf8") != std::string::npos;
  }
  return false;
}

Screen screen_of(int fd, ColorChoice choice) {
  Screen screen;
  screen.terminal = is_terminal(fd);
  screen.dumb = is_dumb();
  screen.color = use_color(choice, screen.terminal);
  screen.utf8 = utf8_locale();
  screen.width = [fd] { return terminal_width(fd); };
  return screen;
}

void flush_answer() {
  errno = 0;
  if (std::fflush(stdout) != 0) throw std::system_error(errno, std::generic_category(), "stdout");
}

std::string print_fixed(double value, int digits) {
  return std::abs(value) < 1e6 || !std::isfinite(value) ? fmt::format("{:.{}f}", value, digits)
                                                        : fmt::format("{:.3e}", value);
}

std::string human_size(int64_t bytes) {
  if (bytes < 1000) return fmt::format("{} B", bytes);
  constexpr std::array<const char*, 4> kUnits = {"kB", "MB", "GB", "TB"};
  double value = static_cast<double>(bytes) / 1000;
  size_t unit = 0;
  // 999.95 kB would be printed as "1000.0 kB".
  for (; value >= 999.95 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.1f} {}", value, kUnits[unit]);
}

std::string human_duration(double seconds) {
  if (!(seconds >= 0 && seconds < 1e9)) return "-:--";
  const auto whole = static_cast<int64_t>(std::llround(seconds));
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string human_rate(double per_second) {
  if (!(per_second >= 0 && per_second < 1e15)) return "-";
  double value = per_second;
  if (value < 9.95) return fmt::format("{:.1f}", value);
  if (value < 999.5) return fmt::format("{:.0f}", value);
  const char* unit = "k";
  value /= 1e3;
  if (value >= 999.5) {
    unit = "M";
    value /= 1e3;
  }
  return value < 99.95 ? fmt::format("{:.1f}{}", value, unit) : fmt::format("{:.0f}{}", value, unit);
}

}  // namespace mlrun::cli
