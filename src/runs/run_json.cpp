#include "runs/run_json.hpp"

namespace mlrun {

nlohmann::ordered_json run_json(const RunSummary& run) {
  nlohmann::ordered_json answer;
  for (const RunFact& fact : run_facts()) {
    if (*fact.json != 0) answer[fact.json] = fact.value(run);
  }
  return answer;
}

nlohmann::ordered_json value_json(const std::string& yaml_value) {
  // Printed values are YAML whose numbers, booleans, quoted texts and lists of them are JSON as well; words are not.
  auto parsed = nlohmann::ordered_json::parse(yaml_value, nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? nlohmann::ordered_json(yaml_value) : parsed;
}

}  // namespace mlrun
