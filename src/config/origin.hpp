// Where a value of a spec came from: a place in a file, a word of the command line, or the default of its field.
#pragma once

#include <string>

namespace mlrun::config {

struct Origin {
  std::string file = {};    // as the user wrote it; for an argument: its label ("--seed") or ""
  int line = 0;             // from 1; 0: the file as a whole
  int column = 0;           // from 1, in characters (code points)
  int argument = 0;         // from 1: the value was given on the command line
  bool is_default = false;  // nobody gave it
  std::string rule = {};    // of a word that was given a value by rule: "auto: about 50 examples a lane"

  std::string print() const;       // "configs/made.yaml:14:3", "argument 3", "--seed", "default", "default (RULE)"
  std::string print_line() const;  // the same without the column
};

}  // namespace mlrun::config
