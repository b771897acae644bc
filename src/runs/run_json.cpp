#include "runs/run_json.hpp"

namespace mlrun {

nlohmann::ordered_json run_json(const RunSummary& run) {
  return {{"run", run.path},
          {"id", run.id},
          {"status", run.status},
          {"model", run.model},
          {"step", run.step},
          {"epoch", run.epoch},
          {"valid_nll", run.best_nll},
          {"valid_bpd", run.best_bpd},
          {"valid_accuracy", run.best_accuracy},
          {"best_step", run.best_step},
          {"last_nll", run.last_nll},
          {"nll_of", run.nll_of},
          {"seconds", run.seconds},
          {"protocol", run.protocol},
          {"data_hash", run.data_hash},
          {"fingerprint", run.fingerprint},
          {"name", run.name},
          {"group", run.groups.empty() ? "" : run.groups[0]},
          {"groups", run.groups},
          {"tags", run.tags},
          {"notes", run.notes},
          {"total_steps", run.total_steps},
          {"threads", run.threads},
          {"origin", run.origin},
          {"exact", run.history.empty()},
          {"history", history_record(run.history)},
          {"created", run.created}};
}

nlohmann::ordered_json value_json(const std::string& yaml_value) {
  // Printed values are YAML whose numbers, booleans, quoted texts and lists of them are JSON as well; words are not.
  auto parsed = nlohmann::ordered_json::parse(yaml_value, nullptr, /*allow_exceptions=*/false);
  return parsed.is_discarded() ? nlohmann::ordered_json(yaml_value) : parsed;
}

}  // namespace mlrun
