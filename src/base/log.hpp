// Messages to the person: stderr, and the run's log.txt once there is one. stdout is for answers only. Nothing here
// throws because it cannot write.
// The sink is process-wide (like stderr itself); everything else in mlrun is passed explicitly.
#pragma once

#include <fmt/format.h>

#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace mlrun::log {

enum class Level { kDebug = 0, kInfo = 1, kWarning = 2, kError = 3 };

void set_level(Level lowest);  // -v: kDebug, default kInfo, -q: kWarning
Level level();
void set_color(bool on);  // decided by cli (--color, NO_COLOR, TERM, isatty)
bool color();
void set_file(const std::string& path);  // also append to this file ("" stops); failures to write it are ignored
void mute(bool on);                      // on: nothing reaches stderr, whatever its level
// Called before a message is printed, so that a progress line can be wiped first.
void set_before_message(std::function<void()> hook);

void message(Level level, std::string_view text);  // one or more lines; thread-safe

// Puts text on stderr as it is, at once. Everything that mlrun says there goes through this: a full disk, a closed pipe
// or a terminal that is gone costs the words and never the work, so nothing is thrown and nothing is reported.
void print(std::string_view text);

template <class... Args>
void debug(fmt::format_string<Args...> f, Args&&... a) {
  if (level() <= Level::kDebug) message(Level::kDebug, fmt::format(f, std::forward<Args>(a)...));
}
template <class... Args>
void info(fmt::format_string<Args...> f, Args&&... a) {
  message(Level::kInfo, fmt::format(f, std::forward<Args>(a)...));
}
template <class... Args>
void warning(fmt::format_string<Args...> f, Args&&... a) {
  message(Level::kWarning, fmt::format(f, std::forward<Args>(a)...));
}
template <class... Args>
void error(fmt::format_string<Args...> f, Args&&... a) {
  message(Level::kError, fmt::format(f, std::forward<Args>(a)...));
}

}  // namespace mlrun::log
