// Signals that ask a training to end: SIGINT (Ctrl-C), SIGTERM, and SIGHUP (a closed terminal, a dropped ssh). The
// handlers set flags, and the first one says so on stderr at once. SIGUSR1 asks for a checkpoint.
#pragma once

#include <string_view>

#include "base/error.hpp"

namespace mlrun::signals {

void ignore_broken_pipes();  // for every command: a closed pipe or a file size limit is a write error, not a death

// SIGUSR1 asks for a checkpoint. For the beginning of a command that makes some: it would end the process otherwise.
void install_save_request();

// From when on there is something to save; before that, and in other commands, the process dies as the shell expects.
// `answer` (at most 200 bytes; "": none) is what the first signal puts on stderr, in place of a line that is being
// redrawn if that is a terminal.
//
// A second SIGINT or SIGTERM ends the process at once. SIGHUP never does: a closing terminal sends it more than once.
// Nor does the same signal within a quarter of a second: `timeout` sends it to the process and to its group. A signal
// that was ignored when the program started (nohup, trap '' INT, & in a script) stays ignored.
void install_stop(std::string_view answer);

int stop_signal();               // SIGINT, SIGTERM, SIGHUP, or 0
ExitCode exit_code(int signal);  // of a stop by it: kInterrupted, or kTerminated (SIGHUP is as SIGTERM)
bool take_save_request();        // true once per SIGUSR1

}  // namespace mlrun::signals
