// SIGINT and SIGTERM ask for an orderly end, the second one ends at once; SIGUSR1 asks for a checkpoint. The handlers
// only set flags.
#pragma once

namespace mlrun::signals {

void ignore_broken_pipes();  // for every command: a closed pipe or a file size limit is a write error, not a death
void install();              // for commands that end in an orderly way; the others die as the shell expects
int stop_signal();           // SIGINT, SIGTERM, or 0
bool take_save_request();    // true once per SIGUSR1

}  // namespace mlrun::signals
