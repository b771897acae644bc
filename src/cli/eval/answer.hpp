// How the answers of `mlrun eval` are printed: a table and sentences, or a line of JSON.
#pragma once

#include <string>
#include <vector>

#include "cli/command.hpp"
#include "commands/eval/eval.hpp"
#include "commands/eval/eval_constraint.hpp"
#include "commands/eval/eval_region.hpp"

namespace mlrun::cli {

void print_answer(const EvalOutcome& e, const std::string& split, const Globals& globals);
// Of several runs: a table with a row for each, and below it what is the same of all of them.
void print_answers(const std::vector<EvalOutcome>& answers, const std::string& split);
void print_answer(const RegionOutcome& e, const std::string& region, const std::string& split, const Globals& globals);
void print_answer(const ConstraintOutcome& e, const std::string& constraint, const Globals& globals);

}  // namespace mlrun::cli
