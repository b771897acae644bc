// mlrun: the words a user types. Answers go to stdout, messages to stderr, and the exit code is a promise (README).
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <new>
#include <sstream>
#include <system_error>

#include "base/advice.hpp"
#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/version.hpp"
#include "cli/commands.hpp"
#include "cli/parse/help.hpp"
#include "config/diagnostics.hpp"
#include "kernels/isa.hpp"
#include "train/signals.hpp"

namespace mlrun::cli {
namespace {

void apply(const Globals& globals) {
  log::set_level(globals.quiet ? log::Level::kWarning : globals.verbose ? log::Level::kDebug : log::Level::kInfo);
  log::set_color(use_color(globals.color_choice(), is_terminal(STDERR_FILENO)));
  if (!globals.directory.empty() && chdir(globals.directory.c_str()) != 0) {
    fail(ExitCode::kUsage, "-C {}: no such directory", globals.directory);
  }
  kernels::apply_isa_limit();
}

// A file that is opened gets the lowest free number: were 1 or 2 closed, messages would go into a checkpoint.
void fill_standard_streams() {
  int descriptor;
  do descriptor = open("/dev/null", O_RDWR);
  while (descriptor >= 0 && descriptor <= STDERR_FILENO);
  if (descriptor >= 0) close(descriptor);
}

// Has who read stdout closed it (`| head`)?
bool reader_left() {
  pollfd out{STDOUT_FILENO, POLLOUT, 0};
  return poll(&out, 1, 0) == 1 && (out.revents & POLLERR) != 0;
}

// What the process answers when something could not be written to stdout. A reader that has left had enough: nothing is
// said, as everywhere in a shell.
int answer_lost(int error) {
  if (error == EPIPE || reader_left()) return static_cast<int>(ExitCode::kReaderLeft);
  log::error("cannot write the answer to stdout: {}", std::generic_category().message(error != 0 ? error : EIO));
  return static_cast<int>(ExitCode::kDisk);
}

// `code`, when all of the answer has gone out. A code that says more than 0 is not replaced.
int after_the_answer(int code) {
  errno = 0;
  const bool flushed = std::fflush(stdout) == 0;
  const int error = errno;
  return code != 0 || (flushed && !std::ferror(stdout)) ? code : answer_lost(error);
}

int run(int argc, char** argv) {
  Globals globals;
  CLI::App app("Generative models on the CPU: train, evaluate and sample what a YAML spec describes.", "mlrun");
  app.formatter(std::make_shared<HelpFormatter>(std::min(100, terminal_width(STDOUT_FILENO))));
  set_examples(app,
               "mlrun train configs/made.yaml\n"
               "mlrun train configs/made.yaml data.kind=digits optim.lr=3e-3\n"
               "mlrun eval @last\n"
               "mlrun sample @last -n 64 --grid 8x8 -o samples.png --show");
  app.set_version_flag("--version", std::string("mlrun ") + kVersion);
  app.add_flag("-q,--quiet", globals.quiet, "warnings and errors only");
  app.add_flag("-v,--verbose", globals.verbose, "say more");
  app.add_flag("--json", globals.json, "answer in JSON, one object on the last line of stdout");
  Command root(app);
  root.add_option("--color", globals.color, "auto, always or never")->one_of({"auto", "always", "never"});
  app.add_option("-C", globals.directory, "change to this directory first")->type_name("DIR");
  app.require_subcommand(1);
  app.fallthrough();
  advice::set_command_line({argv, argv + argc}, "");
  app.parse_complete_callback([&] {
    apply(globals);
    advice::set_command_line({argv, argv + argc}, globals.directory);
  });
  add_commands(root, globals);
  try {
    app.parse(argc, argv);
    return 0;
  } catch (const CLI::ParseError& e) {
    std::ostringstream out, err;
    const int code = explain(app, e, out, err);
    fmt::print("{}", out.str());
    log::print(err.str());
    return code;
  }
}

}  // namespace
}  // namespace mlrun::cli

int main(int argc, char** argv) {
  using mlrun::ExitCode;
  // Activations come and go at every step: keep their pages instead of asking the kernel for fresh ones.
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mlrun::signals::ignore_broken_pipes();
  mlrun::cli::fill_standard_streams();
  try {
    return mlrun::cli::after_the_answer(mlrun::cli::run(argc, argv));
  } catch (const mlrun::config::SpecError& e) {
    mlrun::log::print(fmt::format("{}\n", e.what()));  // every line of the report says "error:" itself
    return static_cast<int>(e.code());
  } catch (const mlrun::Error& e) {
    mlrun::log::error("{}", e.what());
    return static_cast<int>(e.code());
  } catch (const std::bad_alloc&) {
    mlrun::log::error("not enough memory: {:.1f} GB were in use at the most, and the machine has {:.1f} GB",
                      static_cast<double>(mlrun::peak_memory_bytes()) / 1e9,
                      static_cast<double>(mlrun::memory_bytes()) / 1e9);
    return static_cast<int>(ExitCode::kUsage);
  } catch (const std::system_error& e) {
    if (std::ferror(stdout)) return mlrun::cli::answer_lost(e.code().value());
    mlrun::log::error("internal error: {}", e.what());
    return static_cast<int>(ExitCode::kInternal);
  } catch (const std::exception& e) {
    if (std::ferror(stdout)) return mlrun::cli::answer_lost(0);
    mlrun::log::error("internal error: {}", e.what());
    return static_cast<int>(ExitCode::kInternal);
  }
}
