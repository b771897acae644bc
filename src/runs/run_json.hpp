// A run as scripts read it.
#pragma once

#include <nlohmann/json.hpp>

#include "runs/find_run.hpp"

namespace mlrun {

// {"run": path, "id", "status", "model", "step", "epoch", "valid_nll", "valid_bpd", "valid_accuracy", "best_step",
// "last_nll", "seconds", "protocol", "data_hash", "fingerprint", "name", "group", "tags", "notes", "total_steps",
// "threads", "created"}; null for what was not measured.
nlohmann::ordered_json run_json(const RunSummary& run);

// The value of a field of a spec: numbers, booleans and lists of them as such, all else as text.
nlohmann::ordered_json value_json(const std::string& yaml_value);

}  // namespace mlrun
