// The manual of the command line in man(7), made from the same tree of commands as the help.
#pragma once

#include <string>
#include <vector>

#include "cli/parse/command_line.hpp"

namespace mlrun::cli {

struct ManPage {
  std::string name;  // "mlrun-config-show": the file is this, ".1"
  std::string text;
};

// The page of `app` (the root of the tree) and one of every command below it, hidden ones left out.
std::vector<ManPage> man_pages(const CLI::App& app);

}  // namespace mlrun::cli
