#include "commands/runs/label_run.hpp"

#include "base/error.hpp"
#include "io/journal.hpp"
#include "runs/label_word.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
bool label_run(const RunSummary& run, const LabelRequest& request) {
  io::Record record = {{"kind", "label"}};
  std::vector<std::string> tags;
  for (const std::string& tag : request.tags) {
    require_label_word("tag", tag);
    if (!has_word(run.tags, tag) && !has_word(tags, tag)) tags.push_back(tag);
  }
  if (!tags.empty()) record["tags"] = tags;
  if (!request.group.empty()) require_label_word("group", request.group);
  if (!request.group.empty() && !has_word(run.groups, request.group)) record["group"] = request.group;
  if (!request.name.empty()) require_label_word("name", request.name);
  if (!request.name.empty() && request.name != run.name) record["name"] = request.name;
  if (!request.note.empty()) record["note"] = request.note;
  if (record.size() == 1) return false;
  const RunDirectory directory = RunDirectory::open_locked(run.path);
  const std::string journal = directory.file("metrics.jsonl");
  if (!io::Journal(journal).append(record)) fail(ExitCode::kDisk, "{} cannot be written", journal);
  return true;
}

}  // namespace mlrun
