#include "commands/runs/show_layout.hpp"

#include <utility>

#include "experiment/built_model.hpp"
#include "experiment/trained_model.hpp"

namespace mlrun {
namespace {

ModelLayout layout_of(const io::Hdf5Reader& file, const std::string& place, const std::string& kind,
                      const DataSpec& data, const BuiltModel& built) {
  const Layout layout = built.model->layout();
  ModelLayout result = {.place = place,
                        .kind = kind,
                        .data = data,
                        .averaged = place == "/" && file.has("average"),
                        .computation = layout.lines(),
                        .tensors = {}};
  const auto add = [&](const std::string& group, const std::string& path, const Tensor& value,
                       const std::string& axes) {
    const Layout::Entry* entry = layout.find(path);
    const std::string at = place + group + "/";
    result.tensors.push_back({.path = at + path,
                              .pattern = at + (entry ? entry->path : path),
                              .type = name_of(value.dtype()),
                              .axes = axes,
                              .meaning = entry ? entry->meaning : "",
                              .shape = value.shape(),
                              .in_file = file.has((at + path).substr(1))});
  };
  const ParameterArena& arena = *built.parameters;
  for (size_t i = 0; i < arena.parameters().size(); ++i) {
    const ParameterInfo& info = arena.parameters()[i];
    add(result.averaged ? "average" : "model", info.path, arena.value(i), info.axes);
  }
  for (const BufferInfo& buffer : arena.buffers()) add("buffers", buffer.path, buffer.value, "");
  for (const StateInfo& state : arena.states()) {
    const bool averaged = result.averaged && file.has("average_state/" + state.path);
    add(averaged ? "average_state" : "state", state.path, state.value, state.axes);
  }
  return result;
}

}  // namespace

std::vector<ModelLayout> layouts_of(const Checkpoint& checkpoint) {
  const CheckpointIdentity& identity = checkpoint.identity();
  const Experiment experiment = checkpoint.experiment();
  const BuiltModel built = build_model(experiment.spec().model, identity.data, identity.seed);
  std::vector<ModelLayout> all = {
      layout_of(checkpoint.file(), "/", experiment.spec().model.kind(), identity.data, built)};
  if (const auto& first = identity.stage_one) {
    all.push_back(layout_of(checkpoint.file(), "/stage_one/", first->experiment.spec().model.kind(),
                            first->identity.data, first->built));
  }
  return all;
}

}  // namespace mlrun
