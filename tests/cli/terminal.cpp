#include "cli/terminal/terminal.hpp"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>

#include "catch.hpp"

using namespace mlrun::cli;

namespace {

using Values = std::map<std::string, std::string>;

// Sets variables of the environment and puts the old ones back.
class Environment {
 public:
  explicit Environment(const Values& values) {
    for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG", "TERM", "NO_COLOR", "COLUMNS"}) {
      const char* old = std::getenv(name);
      before_[name] = old ? std::optional<std::string>(old) : std::nullopt;
      const auto found = values.find(name);
      found == values.end() ? unsetenv(name) : setenv(name, found->second.c_str(), 1);
    }
  }
  ~Environment() {
    for (const auto& [name, old] : before_) old ? setenv(name.c_str(), old->c_str(), 1) : unsetenv(name.c_str());
  }

 private:
  std::map<std::string, std::optional<std::string>> before_;
};

}  // namespace

TEST_CASE("sizes, durations and rates are printed as people read them") {
  CHECK(human_size(0) == "0 B");
  CHECK(human_size(999) == "999 B");
  CHECK(human_size(3'141'136) == "3.1 MB");
  CHECK(human_size(999'960) == "1.0 MB");
  CHECK(human_size(2'500'000'000'000'000) == "2500.0 TB");
  CHECK(human_duration(0.4) == "0:00");
  CHECK(human_duration(56) == "0:56");
  CHECK(human_duration(59.6) == "1:00");
  CHECK(human_duration(3599.7) == "1:00:00");
  CHECK(human_duration(3723) == "1:02:03");
  CHECK(human_duration(49 * 3600) == "49:00:00");
  CHECK(human_duration(NAN) == "-:--");
  CHECK(human_duration(-1) == "-:--");
  CHECK(human_duration(INFINITY) == "-:--");
  CHECK(human_rate(8.51) == "8.5");
  CHECK(human_rate(9.97) == "10");
  CHECK(human_rate(812.3) == "812");
  CHECK(human_rate(999.7) == "1.0k");
  CHECK(human_rate(41'832) == "41.8k");
  CHECK(human_rate(418'320) == "418k");
  CHECK(human_rate(999'900) == "1.0M");
  CHECK(human_rate(NAN) == "-");
}

TEST_CASE("color follows the choice, then NO_COLOR, then the terminal") {
  {
    const Environment environment(Values{{"TERM", "xterm"}});
    CHECK(use_color(ColorChoice::kAuto, true));
    CHECK_FALSE(use_color(ColorChoice::kAuto, false));
    CHECK_FALSE(use_color(ColorChoice::kNever, true));
    CHECK(use_color(ColorChoice::kAlways, false));
  }
  {
    const Environment environment(Values{{"TERM", "xterm"}, {"NO_COLOR", "1"}});
    CHECK_FALSE(use_color(ColorChoice::kAuto, true));
    CHECK(use_color(ColorChoice::kAlways, true));
  }
  {
    const Environment environment(Values{{"TERM", "xterm"}, {"NO_COLOR", ""}});
    CHECK(use_color(ColorChoice::kAuto, true));
  }
  {
    const Environment environment(Values{{"TERM", "dumb"}});
    CHECK(is_dumb());
    CHECK_FALSE(use_color(ColorChoice::kAuto, true));
  }
  CHECK(parse_color_choice("always") == ColorChoice::kAlways);
  CHECK_FALSE(parse_color_choice("yes").has_value());
}

TEST_CASE("the first locale variable that is not empty decides about UTF-8") {
  {
    const Environment environment(Values{{"LANG", "en_US.UTF-8"}});
    CHECK(utf8_locale());
  }
  {
    const Environment environment(Values{{"LC_ALL", ""}, {"LC_CTYPE", "C.utf8"}, {"LANG", "C"}});
    CHECK(utf8_locale());
  }
  {
    const Environment environment(Values{{"LC_ALL", "C"}, {"LANG", "en_US.UTF-8"}});
    CHECK_FALSE(utf8_locale());
  }
  const Environment environment(Values{});
  CHECK_FALSE(utf8_locale());
}

TEST_CASE("a file is no terminal, and its width is COLUMNS or 80") {
  std::FILE* file = std::tmpfile();
  REQUIRE(file);
  const int fd = fileno(file);
  CHECK_FALSE(is_terminal(fd));
  {
    const Environment environment(Values{{"COLUMNS", "132"}});
    CHECK(terminal_width(fd) == 132);
  }
  {
    const Environment environment(Values{{"COLUMNS", "-5"}});
    CHECK(terminal_width(fd) == 80);
  }
  const Environment environment(Values{{"COLUMNS", "wide"}, {"TERM", "xterm"}});
  const Screen screen = screen_of(fd, ColorChoice::kAuto);
  CHECK_FALSE(screen.terminal);
  CHECK_FALSE(screen.color);
  CHECK(screen.width() == 80);
  std::fclose(file);
}
