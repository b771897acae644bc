// What `mlrun eval --json` says. Figures are in nats unless their key says otherwise; `_se` is the standard error of the
// mean.
#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "commands/eval/eval.hpp"
#include "commands/eval/eval_constraint.hpp"
#include "commands/eval/eval_region.hpp"

namespace mlrun::cli {

double images_per_second(const EvalOutcome& e);
// Of how many equally likely characters the model is as uncertain as of the next.
double perplexity_per_char(const EvalOutcome& e);

nlohmann::ordered_json json_of(const EvalOutcome& e, const std::string& split);
nlohmann::ordered_json json_of(const RegionOutcome& e, const std::string& region, const std::string& split);
nlohmann::ordered_json json_of(const ConstraintOutcome& e, const std::string& constraint);

}  // namespace mlrun::cli
