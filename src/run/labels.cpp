#include "run/labels.hpp"

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

void add_labels(const RunDirectory& locked, const Labels& labels) {
  io::Record record = {{"kind", "label"}};
  record.update(label_record(labels));
  io::Journal(locked.file("metrics.jsonl")).append(record);
}

}  // namespace mlrun
