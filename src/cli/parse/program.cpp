#include "cli/parse/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <exception>
#include <memory>
#include <new>
#include <sstream>
#include <system_error>

#include "base/advice.hpp"
#include "base/cpu.hpp"
#include "base/error.hpp"
#include "base/log.hpp"
#include "base/printable.hpp"
#include "base/version.hpp"
#include "cli/commands.hpp"
#include "cli/parse/help.hpp"
#include "config/diagnostics.hpp"
#include "kernels/isa.hpp"
#include "ranks/join.hpp"
#include "train/signals.hpp"

namespace mlrun::cli {
namespace {

void apply_globals(const Globals& globals) {
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

// Commands that several ranks do together. Any other is the first rank's alone.
bool works_together(const CLI::App& app) {
  for (const char* name : {"train", "eval", "sample", "prove"})
    if (app.got_subcommand(name)) return true;
  return false;
}

int run_command(int argc, char** argv, Globals& globals) {
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
    apply_globals(globals);
    advice::set_command_line({argv, argv + argc}, globals.directory);
    if (!globals.launch.several() || works_together(app)) return;
    if (!works_alone(globals)) finish_with(ExitCode::kDone);
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

// Whatever the first rank says and answers is said for all.
void fall_silent() {
  log::mute(true);
  const int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (null < 0) return;
  dup2(null, STDOUT_FILENO);
  close(null);
}

// What the process answers, when all that it has to say is said.
int run_to_the_end(int argc, char** argv, Globals& globals, std::unique_ptr<Ranks>& ranks) {
  const auto told = [&](ExitCode code, const std::string& words) {
    if (ranks) ranks->fail(code, words);  // before printing: the others wait
    return static_cast<int>(code);
  };
  try {
    return after_the_answer(run_command(argc, argv, globals));
  } catch (const config::SpecError& e) {
    const int code = told(e.code(), e.what());
    log::print(printable(e.what(), "\n\t") + "\n");  // every line of the report says "error:" itself
    return code;
  } catch (const Error& e) {
    const int code = told(e.code(), e.what());
    log::error("{}", e.what());
    return code;
  } catch (const std::bad_alloc&) {
    const std::string words =
        fmt::format("not enough memory: {:.1f} GB were in use at the most, and the machine has {:.1f} GB",
                    static_cast<double>(peak_memory_bytes()) / 1e9, static_cast<double>(memory_bytes()) / 1e9);
    const int code = told(ExitCode::kUsage, words);
    log::error("{}", words);
    return code;
  } catch (const std::system_error& e) {
    const int code = told(ExitCode::kInternal, e.what());
    if (std::ferror(stdout)) return answer_lost(e.code().value());
    log::error("internal error: {}", e.what());
    return code;
  } catch (const std::exception& e) {
    const int code = told(ExitCode::kInternal, e.what());
    if (std::ferror(stdout)) return answer_lost(0);
    log::error("internal error: {}", e.what());
    return code;
  }
}

}  // namespace

int run_program(int argc, char** argv) {
  signals::ignore_broken_pipes();
  fill_standard_streams();
  Globals globals;
  std::unique_ptr<Ranks> ranks;
  globals.launch = launch_of_environment();
  if (globals.launch.rank > 0) fall_silent();
  if (globals.launch.several()) advice::set_launcher(launching_words(globals.launch));
  globals.ranks = [&]() -> Ranks& {
    if (!globals.launch.several()) return one_rank();
    if (!ranks) ranks = join_ranks(globals.launch);
    return *ranks;
  };
  const int code = run_to_the_end(argc, argv, globals, ranks);
  if (ranks) ranks->leave(static_cast<ExitCode>(code));
  return code;
}

}  // namespace mlrun::cli
