// Commands that a message advises. Every one is made here, so that it names the program as it was called, goes where
// the user's command went (-C), and survives the shell: copied from the message to the prompt it runs. In a message it
// ends its line. tests/cli/advice.cpp runs them all.
//
// What was typed is process-wide, like the log: it is one command line, and the rooms that give advice are far from it.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace mlrun::advice {

// `words`: the command line, beginning with the program as it was called. `directory`: of -C, or "".
void set_command_line(const std::vector<std::string>& words, const std::string& directory);
// The words that started this process as one of several ("mpirun -n 4"); "" at first.
void set_launcher(const std::string& words);
// This command takes a spec and key=value words after it, so that `with` may add one.
void accept_overrides();

// "mlrun train --resume experiments/made-1": the program with these words.
std::string command(const std::vector<std::string>& words);
// The same, started as this process was.
std::string launched(const std::vector<std::string>& words);
// What was typed, with one more word; nothing where the command takes none.
std::optional<std::string> with(const std::string& override_text);
// What was typed, with more options, started as this process was.
std::string again(const std::vector<std::string>& options);
// What was typed, by one process.
std::string alone();
// A script of the project: "scripts/fetch_data.sh mnist" where the user stands in the checkout, else with its path
// (beside the build tree, or installed), else nothing.
std::optional<std::string> script(const std::string& name, const std::vector<std::string>& words);

}  // namespace mlrun::advice
