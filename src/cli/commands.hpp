// The commands: a file each (src/cli/NAME.cpp), which says what words it takes and runs it, and a line each in the
// table of commands.cpp, which says what it is for and where the help lists it.
#pragma once

#include "cli/command.hpp"

namespace mlrun::cli {

// Each adds its options, arguments, examples and callback to a command that has its name and its summary.
void add_train(Command& command, const Globals& globals);
void add_eval(Command& command, const Globals& globals);
void add_sample(Command& command, const Globals& globals);
void add_prove(Command& command, const Globals& globals);
void add_compress(Command& command, const Globals& globals);
void add_decompress(Command& command, const Globals& globals);
void add_validate(Command& command, const Globals& globals);
void add_config(Command& command, const Globals& globals);
void add_data(Command& command, const Globals& globals);
void add_ls(Command& command, const Globals& globals);
void add_show(Command& command, const Globals& globals);
void add_compare(Command& command, const Globals& globals);
void add_plot(Command& command, const Globals& globals);
void add_report(Command& command, const Globals& globals);
void add_export(Command& command, const Globals& globals);
void add_tag(Command& command, const Globals& globals);
void add_note(Command& command, const Globals& globals);
void add_rename(Command& command, const Globals& globals);
void add_rm(Command& command, const Globals& globals);
void add_gc(Command& command, const Globals& globals);
void add_watch(Command& command, const Globals& globals);
void add_grid(Command& command, const Globals& globals);
void add_profile(Command& command, const Globals& globals);
void add_doctor(Command& command, const Globals& globals);
void add_hippo(Command& command, const Globals& globals);
void add_completion(Command& command, const Globals& globals);
void add_man(Command& command, const Globals& globals);
void add_complete(Command& command, const Globals& globals);

// Adds all of them to the program, in the order of the table.
void add_commands(Command& app, const Globals& globals);

}  // namespace mlrun::cli
