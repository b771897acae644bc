#include "experiment/load_spec.hpp"

#include <filesystem>

#include "base/log.hpp"
#include "io/directory.hpp"
#include "runs/find_run.hpp"
#include "runs/label_word.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {

std::string spec_path(const std::string& name) {
  if (io::exists(name) && !io::is_directory(name)) return name;
  for (const char* suffix : {".yaml", ".yml"}) {
    if (name.ends_with(suffix)) return name;
  }
  if (name.find('/') != std::string::npos && !io::is_directory(name)) return name;
  return RunDirectory::open(find_run(name)).file("resolved.yaml");
}

void require_labels(const config::Fields& fields, const ExperimentSpec& spec, const std::string& path) {
  const std::string parent = std::filesystem::path(path).parent_path().string();
  const bool of_run = RunDirectory::is_run(parent.empty() ? "." : parent);
  for (const config::FieldRecord& field : fields) {
    if (field.path != "group" && field.path != "tags") continue;
    if (of_run && field.origin.argument == 0 && field.origin.file == path) continue;
    const std::string place = field.origin.print();
    if (field.path == "group" && !spec.group.empty()) require_label_word("group", spec.group, place);
    if (field.path != "tags") continue;
    for (const std::string& tag : spec.tags) require_label_word("tag", tag, place);
  }
}

Experiment load_spec(const std::string& name, const std::vector<std::string>& overrides,
                     const std::vector<std::string>& places) {
  const std::string path = spec_path(name);
  Experiment experiment = Experiment::load(path, overrides, places);
  require_labels(experiment.fields(), experiment.spec(), path);
  for (const std::string& note : experiment.notes()) log::info("{}", note);
  return experiment;
}

}  // namespace mlrun
