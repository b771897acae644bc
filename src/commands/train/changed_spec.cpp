#include "commands/train/changed_spec.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "config/print.hpp"
#include "io/journal.hpp"

namespace mlrun {

bool is_argument(const Experiment& spec, const std::string& path) {
  return std::any_of(spec.fields().begin(), spec.fields().end(),
                     [&](const config::FieldRecord& field) { return field.path == path && field.origin.argument > 0; });
}

std::optional<Experiment> with_labels_kept(const RunDirectory& run, const Experiment& spec,
                                           const std::string& spec_path, std::vector<std::string> overrides,
                                           std::vector<std::string> places) {
  const Experiment begun = Experiment::load(run.file("resolved.yaml"), {});
  const size_t before = overrides.size();
  for (const config::Difference& d : config::differences(begun.fields(), spec.fields())) {
    if (d.path != "name" && d.path != "group" && d.path != "tags") continue;
    if (is_argument(spec, d.path)) continue;
    overrides.push_back(d.path + "=" + d.left);
    places.push_back(run.path());
  }
  if (overrides.size() == before) return std::nullopt;
  return Experiment::load(spec_path, overrides, places);
}

void note_change(Recorder& recorder, const RunFacts& facts, const RunSummary& so_far, const Continuation& next,
                 Trainer& trainer) {
  const int64_t step = trainer.state().step;
  if (!next.departure.empty()) {
    log::warning(
        "{} is not exact any more from step {} on: {}\n"
        "  it keeps this in its history, and is no answer to --if-needed for the spec as it is now",
        so_far.path, step, next.departure);
  } else if (next.extended && step > 0 && next.history.empty()) {
    log::info("{} is from now on the run of train.for={}: its {} steps are those of one that was begun so", so_far.path,
              config::print_period(trainer.experiment().spec().train.duration), step);
  }
  io::Record record = identity_record(facts.run);
  record["before"] = so_far.fingerprint;
  record["from_step"] = step;
  recorder.note("extend", record);
}

void note_labels(Recorder& recorder, const RunSummary& so_far, const Labels& labels, const std::string& name) {
  io::Record record = label_record(labels);
  if (name != so_far.name && !so_far.name.empty()) {
    log::info("{} is called {} from now on; its directory keeps its name", so_far.path, name);
    record["name"] = name;
  }
  if (!labels.empty()) log::info("{} is from now on also {}", so_far.path, in_words(labels));
  if (!record.empty()) recorder.note("label", record);
}

}  // namespace mlrun
