#include "commands/export_weights.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/version.hpp"
#include "experiment/checkpoint.hpp"

namespace mlrun {
namespace {

std::string dotted(std::string path) {
  std::replace(path.begin(), path.end(), '/', '.');
  return path;
}

// All tensors below `group`; of those that `instead` has too, its values.
void add_group(const io::Hdf5Reader& file, const std::string& group, const std::string& instead,
               const std::string& prefix, ExportedWeights& weights) {
  if (!file.has(group)) return;
  for (const std::string& name : file.datasets(group)) {
    const bool replaced = !instead.empty() && file.has(instead + "/" + name);
    const std::string path = (replaced ? instead : group) + "/" + name;
    if (file.dataset(path).type == io::Hdf5Dataset::Type::kText) continue;
    io::NamedTensor tensor{prefix + dotted(name), file.tensor(path), ""};
    if (file.has_attribute(path, "axes")) tensor.axes = file.text_attribute(path, "axes");
    weights.tensors.push_back(std::move(tensor));
  }
}

}  // namespace

ExportedWeights exported_weights(const Checkpoint& checkpoint, bool average) {
  ExportedWeights weights;
  weights.averaged = average && checkpoint.has_average();
  const io::Hdf5Reader& file = checkpoint.file();
  add_group(file, "model", weights.averaged ? "average" : "", "", weights);
  add_group(file, "buffers", "", "buffers.", weights);
  add_group(file, "state", weights.averaged ? "average_state" : "", "state.", weights);
  add_group(file, "stage_one/model", "", "stage_one.", weights);
  add_group(file, "stage_one/buffers", "", "stage_one.buffers.", weights);
  add_group(file, "stage_one/state", "", "stage_one.state.", weights);
  nlohmann::ordered_json axes = nlohmann::ordered_json::object();
  for (const io::NamedTensor& t : weights.tensors)
    if (!t.axes.empty()) axes[t.name] = t.axes;
  const CheckpointIdentity& id = checkpoint.identity();
  weights.metadata = {{"format", "pt"},
                      {"mlrun", kVersion},
                      {"axes", axes.dump()},
                      {"weights", weights.averaged ? "averaged" : "raw"},
                      {"step", fmt::format("{}", checkpoint.state().step)},
                      {"fingerprint", id.fingerprint},
                      {"protocol", id.protocol},
                      {"data_shape", nlohmann::json(id.data.shape).dump()},
                      {"alphabet", fmt::format("{}", id.data.alphabet)},
                      {"resolved_yaml", id.resolved_yaml}};
  return weights;
}

}  // namespace mlrun
