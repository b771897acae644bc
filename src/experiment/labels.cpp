#include "experiment/labels.hpp"

#include "base/error.hpp"
#include "base/log.hpp"

namespace mlrun {

Labels missing_labels(const RunSummary& run, const ExperimentSpec& spec) {
  Labels missing;
  if (!has_word(run.groups, spec.group)) missing.group = spec.group;
  for (const std::string& tag : spec.tags) {
    if (!has_word(run.tags, tag)) missing.tags.push_back(tag);
  }
  return missing;
}

io::Record label_record(const Labels& labels) {
  io::Record record = io::Record::object();
  if (!labels.group.empty()) record["group"] = labels.group;
  if (!labels.tags.empty()) record["tags"] = labels.tags;
  return record;
}

std::string in_words(const Labels& labels) {
  std::string text;
  if (!labels.group.empty()) text = "in group " + labels.group;
  if (!labels.tags.empty()) text += text.empty() ? "found by tag " : ", and found by tag ";
  for (size_t i = 0; i < labels.tags.size(); ++i) text += (i ? ", " : "") + labels.tags[i];
  return text;
}

std::string label_answer(const RunSummary& run, const ExperimentSpec& spec, const RunDirectory* locked) {
  const Labels labels = missing_labels(run, spec);
  if (labels.empty()) return "";
  try {
    const RunDirectory directory = locked ? *locked : RunDirectory::open_locked(run.path);
    io::Record record = {{"kind", "label"}};
    record.update(label_record(labels));
    const std::string journal = directory.file("metrics.jsonl");
    if (!io::Journal(journal).append(record)) fail(ExitCode::kDisk, "{} cannot be written", journal);
    return "from now on it is also " + in_words(labels);
  } catch (const Error& e) {
    log::warning("that {} is also {} could not be recorded: {}", run.path, in_words(labels), e.what());
    return "";
  }
}

}  // namespace mlrun
