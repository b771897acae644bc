#include "base/log.hpp"

#include <atomic>
#include <cstdio>
#include <mutex>

#include "base/printable.hpp"

namespace mlrun::log {
namespace {

struct Sink {
  std::mutex mutex;
  Level lowest = Level::kInfo;
  bool color = false;
  std::atomic<bool> mute = false;
  std::FILE* file = nullptr;
  std::function<void()> before_message;
};

Sink& sink() {
  static Sink the_sink;
  return the_sink;
}

void write_to(std::FILE* file, std::string_view text) {
  std::fwrite(text.data(), 1, text.size(), file);
  std::fflush(file);
  std::clearerr(file);
}

}  // namespace

void print(std::string_view text) {
  if (!sink().mute) write_to(stderr, text);
}
void mute(bool on) { sink().mute = on; }

void set_level(Level lowest) { sink().lowest = lowest; }
Level level() { return sink().lowest; }
void set_color(bool on) { sink().color = on; }
bool color() { return sink().color; }

void set_file(const std::string& path) {
  const std::lock_guard lock(sink().mutex);
  if (sink().file) std::fclose(sink().file);
  sink().file = path.empty() ? nullptr : std::fopen(path.c_str(), "ae");
}

void set_before_message(std::function<void()> hook) {
  const std::lock_guard lock(sink().mutex);
  sink().before_message = std::move(hook);
}

void message(Level level, std::string_view words) {
  const std::string text = printable(words, "\n\t");
  Sink& s = sink();
  const std::lock_guard lock(s.mutex);
  const char* label = level == Level::kError ? "error: " : level == Level::kWarning ? "warning: " : "";
  const char* paint = level == Level::kError ? "\033[1;31m" : "\033[1;33m";
  if (s.file) write_to(s.file, fmt::format("{}{}\n", label, text));
  if (level < s.lowest) return;
  if (s.before_message) s.before_message();
  print(s.color && *label ? fmt::format("{}{}\033[0m{}\n", paint, label, text) : fmt::format("{}{}\n", label, text));
}

}  // namespace mlrun::log
