#include "train/signals.hpp"

#include <unistd.h>
#include <cstdint>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <ctime>

namespace mlrun::signals {
namespace {

constexpr int64_t kSameSignal = 250;  // milliseconds

std::atomic<int> stop{0};   // the first signal that asked for an end
std::atomic<int> asked{0};  // the first of them that was no SIGHUP
std::atomic<int64_t> asked_at{0};
std::atomic<bool> save{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<int64_t>::is_always_lock_free &&
              std::atomic<bool>::is_always_lock_free);

// Set before the handlers are, and read by them.
std::array<char, 256> answer_text{};
size_t answer_size = 0;
bool on_terminal = false;

int64_t milliseconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return int64_t{now.tv_sec} * 1000 + now.tv_nsec / 1000000;
}

void say(const char* text, size_t size) { [[maybe_unused]] const ssize_t written = write(STDERR_FILENO, text, size); }

void on_stop(int signal) {
  const int error = errno;
  int none = 0;
  if (stop.compare_exchange_strong(none, signal)) say(answer_text.data(), answer_size);
  if (signal != SIGHUP) {
    none = 0;
    if (asked.compare_exchange_strong(none, signal)) {
      asked_at = milliseconds();
    } else if (signal != asked || milliseconds() - asked_at >= kSameSignal) {
      if (on_terminal) say("\n", 1);
      _exit(128 + signal);
    }
  }
  errno = error;
}

void on_save(int) { save = true; }

void handle(int signal, void (*handler)(int)) {
  struct sigaction before {};
  if (sigaction(signal, nullptr, &before) == 0 && before.sa_handler == SIG_IGN) return;
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART | SA_ONSTACK;  // prepare_thread has given each thread one
  sigaction(signal, &action, nullptr);
}

// The line of the cursor is wiped: it holds a drawing, or the ^C that the terminal shows.
void prepare(std::string_view answer) {
  on_terminal = isatty(STDERR_FILENO) == 1;
  const char* term = std::getenv("TERM");
  const bool dumb = !term || std::string_view(term).empty() || std::string_view(term) == "dumb";
  const std::string_view before = !on_terminal ? "" : dumb ? "\n" : "\r\033[K";
  char* end = answer_text.data();
  if (!answer.empty()) {
    end = std::copy(before.begin(), before.end(), end);
    end = std::copy_n(answer.begin(), std::min<size_t>(answer.size(), 200), end);
    *end++ = '\n';
  }
  answer_size = static_cast<size_t>(end - answer_text.data());
}

}  // namespace

void install_save_request() { handle(SIGUSR1, on_save); }

void install_stop(std::string_view answer) {
  prepare(answer);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) handle(signal, on_stop);
}

void ignore_broken_pipes() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int stop_signal() { return stop; }
ExitCode exit_code(int signal) { return signal == SIGINT ? ExitCode::kInterrupted : ExitCode::kTerminated; }
bool take_save_request() { return save.exchange(false); }

}  // namespace mlrun::signals
