// What the screen can show, and numbers as people read them.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace mlrun::cli {

enum class ColorChoice { kAuto, kAlways, kNever };

// "auto", "always", "never"; anything else is nothing.
std::optional<ColorChoice> parse_color_choice(std::string_view text);

bool is_terminal(int fd);
bool is_dumb();               // TERM is unset, empty or "dumb": no escape sequences
int terminal_width(int fd);   // columns: the terminal's own answer, else COLUMNS, else 80; at least 1
int terminal_height(int fd);  // lines: the terminal's own answer, else 24
// Auto: on a terminal that is not dumb, unless NO_COLOR is set and not empty (no-color.org). Always overrides both.
bool use_color(ColorChoice choice, bool terminal);
bool utf8_locale();  // by the first of LC_ALL, LC_CTYPE, LANG that is not empty

// One output, as those who draw on it need to know it. The default is a file: plain ASCII, 80 columns.
struct Screen {
  bool terminal = false;
  bool dumb = true;
  bool color = false;
  bool utf8 = false;
  std::function<int()> width = [] { return 80; };  // asked again at every drawing: windows are resized
};
Screen screen_of(int fd, ColorChoice choice);

// What was printed to stdout so far goes out now. Throws std::system_error where it cannot, as fmt::print does:
// run_program then says why (a full disk, a reader that has left) and with which exit code.
void flush_answer();

// So many digits behind the point; from a million on "3.298e+10": one run that exploded widens no table.
std::string print_fixed(double value, int digits);
std::string human_size(int64_t bytes);       // "785 B", "3.1 MB": powers of 1000
std::string human_duration(double seconds);  // "0:56", "1:02:03", "49:00:00"; "-:--" for what is not known
std::string human_rate(double per_second);   // three digits: "8.5", "812", "41.8k", "1.2M"

}  // namespace mlrun::cli
