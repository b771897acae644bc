// A run as scripts read it.
#pragma once

#include <nlohmann/json.hpp>

#include "runs/run_summary.hpp"

namespace mlrun {

// The facts of runs/run_summary.hpp that have a key in JSON: {"run": path, "id", "status", ...}; null for what was not
// measured.
nlohmann::ordered_json run_json(const RunSummary& run);

// The value of a field of a spec: numbers, booleans and lists of them as such, all else as text.
nlohmann::ordered_json value_json(const std::string& yaml_value);

}  // namespace mlrun
