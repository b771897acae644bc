// SIGINT and SIGTERM ask for an orderly end, the second one ends at once; SIGUSR1 asks for a checkpoint. The handlers
// only set flags.
#pragma once

namespace mlrun::signals {

void install();
int stop_signal();         // SIGINT, SIGTERM, or 0
bool take_save_request();  // true once per SIGUSR1

}  // namespace mlrun::signals
