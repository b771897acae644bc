#include "experiment/load_spec.hpp"

#include "base/log.hpp"
#include "io/directory.hpp"
#include "runs/find_run.hpp"
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

Experiment load_spec(const std::string& name, const std::vector<std::string>& overrides,
                     const std::vector<std::string>& places) {
  Experiment experiment = Experiment::load(spec_path(name), overrides, places);
  for (const std::string& note : experiment.notes()) log::info("{}", note);
  return experiment;
}

}  // namespace mlrun
