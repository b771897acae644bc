#include "run/signals.hpp"

#include <unistd.h>

#include <atomic>
#include <csignal>

namespace mlrun::signals {
namespace {

std::atomic<int> stop{0};
std::atomic<bool> save{false};
static_assert(std::atomic<int>::is_always_lock_free && std::atomic<bool>::is_always_lock_free);

void on_stop(int signal) {
  if (stop.exchange(signal) != 0) _exit(128 + signal);
}
void on_save(int) { save = true; }

void handle(int signal, void (*handler)(int)) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigaction(signal, &action, nullptr);
}

}  // namespace

void install() {
  handle(SIGINT, on_stop);
  handle(SIGTERM, on_stop);
  handle(SIGUSR1, on_save);
}

void ignore_broken_pipes() {
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

int stop_signal() { return stop; }
bool take_save_request() { return save.exchange(false); }

}  // namespace mlrun::signals
