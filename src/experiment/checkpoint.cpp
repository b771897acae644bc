#include "experiment/checkpoint.hpp"

#include <cstring>

#include "base/error.hpp"
#include "base/newer_version.hpp"
#include "base/version.hpp"
#include "experiment/trained_model.hpp"
#include "io/checkpoint_file.hpp"
#include "io/hdf5/writer.hpp"

namespace mlrun {
namespace {

void write_arena(io::Hdf5Writer& file, const std::string& group, const ParameterArena& layout, const Tensor& arena) {
  file.group(group);
  for (size_t i = 0; i < layout.parameters().size(); ++i) {
    const ParameterInfo& info = layout.parameters()[i];
    const std::string path = group + "/" + info.path;
    file.dataset(path, layout.window(arena, i));
    file.attribute(path, "axes", info.axes);
  }
}

void write_state(io::Hdf5Writer& file, const std::string& group, const StateInfo& state, const Tensor& value) {
  file.dataset(group + state.path, value);
  file.attribute(group + state.path, "axes", state.axes);
}

// What a trained model is, below `at` ("" or "stage_one/").
void write_model(io::Hdf5Writer& file, const std::string& at, const ParameterArena& parameters) {
  write_arena(file, at + "model", parameters, parameters.flat());
  for (const BufferInfo& buffer : parameters.buffers()) file.dataset(at + "buffers/" + buffer.path, buffer.value);
  for (const StateInfo& state : parameters.states()) write_state(file, at + "state/", state, state.value);
}

void write_average(io::Hdf5Writer& file, const ParameterArena& parameters, const MovingAverage& average) {
  write_arena(file, "average", parameters, average.weights);
  for (size_t i = 0; i < average.states.size(); ++i) {
    if (average.states[i].defined()) write_state(file, "average_state/", parameters.states()[i], average.states[i]);
  }
}

void write_mean(io::Hdf5Writer& file, const std::string& name, const RunningMean& mean) {
  file.attribute("trainer", name + "_sum", mean.sum);
  file.attribute("trainer", name + "_count", mean.count);
}

RunningMean read_mean(const io::Hdf5Reader& file, const std::string& name) {
  return {file.real_attribute("trainer", name + "_sum"), file.integer_attribute("trainer", name + "_count")};
}

// "" where this version, or an older one, wrote the file.
std::string newer_writer_of(const io::Hdf5Reader& file) {
  if (!file.has_attribute("/", "mlrun_version")) return "";
  const std::string version = file.text_attribute("/", "mlrun_version");
  return is_newer_version(version) ? version : "";
}

void require_checkpoint(const io::Hdf5Reader& file) {
  if (!file.has_attribute("/", "mlrun_format") || file.text_attribute("/", "mlrun_format") != "checkpoint") {
    fail(ExitCode::kCheckpoint, "{}: not a checkpoint of mlrun", file.name());
  }
  if (const int64_t version = file.integer_attribute("/", "mlrun_format_version"); version != io::kCheckpointFormat) {
    const std::string writer = newer_writer_of(file);
    fail(ExitCode::kCheckpoint, "{}: checkpoint format {}, and this mlrun reads format {}{}", file.name(), version,
         io::kCheckpointFormat, writer.empty() ? "" : "; it was " + newer_version_words(writer));
  }
}

void read_arena(const io::Hdf5Reader& file, const std::string& group, const ParameterArena& layout, Tensor& arena,
                bool without_added = false) {
  for (size_t i = 0; i < layout.parameters().size(); ++i) {
    const ParameterInfo& info = layout.parameters()[i];
    const std::string path = group + "/" + info.path;
    if (without_added && info.added && !file.has(path)) continue;
    Tensor window = layout.window(arena, i);
    file.read_into(path, window);
  }
}

// What write_model wrote; `weights`: "model" or "average". `without_added`: what a model has more than that of the file,
// and may (ParameterInfo::added), stays as it is.
void read_model(const io::Hdf5Reader& file, const std::string& at, const std::string& weights,
                ParameterArena& parameters, bool without_added = false) {
  if (const size_t found = file.datasets(at + "model").size();
      !without_added && found != parameters.parameters().size()) {
    fail(ExitCode::kCheckpoint, "{}: {} parameters in /{}model, and the model of its spec has {}", file.name(), found,
         at, parameters.parameters().size());
  }
  // A buffer follows from spec and seed, so a file may be from before it was recorded; what it does record must agree.
  for (const BufferInfo& buffer : parameters.buffers()) {
    if (buffer.kind == BufferKind::kOfEvaluation || !file.has(at + "buffers/" + buffer.path)) continue;
    const Tensor found = file.tensor(at + "buffers/" + buffer.path);
    if (found.shape() != buffer.value.shape() || found.dtype() != buffer.value.dtype() ||
        std::memcmp(found.raw(), buffer.value.raw(), found.bytes()) != 0) {
      fail(ExitCode::kCheckpoint, "{}: /{}buffers/{} is not what its spec and seed give in this version of mlrun",
           file.name(), at, buffer.path);
    }
  }
  for (const StateInfo& state : parameters.states()) {
    Tensor value = state.value;
    const std::string averaged = at + "average_state/" + state.path;
    file.read_into(weights == "average" && file.has(averaged) ? averaged : at + "state/" + state.path, value);
  }
  read_arena(file, at + weights, parameters, parameters.flat(), without_added);
}

Experiment experiment_of(const std::string& resolved_yaml, const io::Hdf5Reader& file, const std::string& place,
                         const std::vector<std::string>& overrides) {
  try {
    return Experiment::from_text(resolved_yaml, place + "config/resolved_yaml", overrides);
  } catch (const Error& e) {
    const std::string version = newer_writer_of(file);
    const std::string reason =
        version.empty() ? "its spec is not one that this mlrun reads" : newer_version_words(version);
    throw Error(ExitCode::kCheckpoint, fmt::format("{}: {}\n{}", place, reason, e.what()));
  }
}

TrainState read_state(const io::Hdf5Reader& file) {
  TrainState s;
  s.step = file.integer_attribute("trainer", "step");
  s.evaluated_step = file.integer_attribute("trainer", "evaluated_step");
  s.logged_step = file.integer_attribute("trainer", "logged_step");
  s.best = file.real_attribute("trainer", "best");
  s.best_step = file.integer_attribute("trainer", "best_step");
  s.evaluations_since_best = file.integer_attribute("trainer", "evaluations_since_best");
  s.log_loss = read_mean(file, "log_loss");
  // Checkpoints of before the two were told apart hold the loss alone.
  const bool has_nll = file.has_attribute("trainer", "log_nll_sum");
  s.log_nll = has_nll ? read_mean(file, "log_nll") : s.log_loss;
  s.log_norm = read_mean(file, "log_norm");
  s.evaluation_nll = read_mean(file, has_nll ? "evaluation_nll" : "evaluation_loss");
  return s;
}

}  // namespace

io::Bytes checkpoint_image(const CheckpointIdentity& identity, const TrainState& state,
                           const ParameterArena& parameters, Updater& updater) {
  io::Hdf5Writer file;
  file.attribute("/", "mlrun_format", std::string_view("checkpoint"));
  file.attribute("/", "mlrun_format_version", io::kCheckpointFormat);
  file.attribute("/", "mlrun_version", std::string_view(kVersion));
  file.attribute("/", "numerics_version", kNumericsVersion);
  write_identity(file, "", identity);
  write_history(file, identity.history);
  file.group("trainer");
  file.attribute("trainer", "step", state.step);
  file.attribute("trainer", "evaluated_step", state.evaluated_step);
  file.attribute("trainer", "logged_step", state.logged_step);
  file.attribute("trainer", "best", state.best);
  file.attribute("trainer", "best_step", state.best_step);
  file.attribute("trainer", "evaluations_since_best", state.evaluations_since_best);
  write_mean(file, "log_loss", state.log_loss);
  write_mean(file, "log_nll", state.log_nll);
  write_mean(file, "log_norm", state.log_norm);
  write_mean(file, "evaluation_nll", state.evaluation_nll);
  write_model(file, "", parameters);
  for (const auto& [name, arena] : updater.slots()) write_arena(file, "optimizer/" + name, parameters, arena);
  for (const Optimizer::Matrix& matrix : updater.matrices()) file.dataset("optimizer/" + matrix.name, matrix.value);
  if (const MovingAverage* average = updater.average()) write_average(file, parameters, *average);
  if (const auto& stage_one = identity.stage_one) {
    write_model(file, "stage_one/", *stage_one->built.parameters);
    write_identity(file, "stage_one/", stage_one->identity);
    file.attribute("stage_one", "step", stage_one->state.step);
  }
  return file.finish();
}

Checkpoint::Checkpoint(const std::string& path) : path_(path), file_(io::open_checkpoint(path)) {
  require_checkpoint(file_);
  identity_ = read_identity(file_, "");
  identity_.history = read_history(file_);
  state_ = read_state(file_);
  if (file_.has("stage_one")) identity_.stage_one = read_stage_one();
}

std::shared_ptr<const TrainedModel> Checkpoint::read_stage_one() const {
  CheckpointIdentity identity = read_identity(file_, "stage_one/");
  Experiment experiment = experiment_of(identity.resolved_yaml, file_, path_ + ":/stage_one/", {});
  BuiltModel built = build_model(experiment.spec().model, identity.data, identity.seed);
  read_model(file_, "stage_one/", "model", *built.parameters);
  TrainState state;
  state.step = file_.integer_attribute("stage_one", "step");
  return std::make_shared<const TrainedModel>(
      TrainedModel{std::move(experiment), std::move(identity), state, path_, std::move(built)});
}

Experiment Checkpoint::experiment(const std::vector<std::string>& overrides) const {
  return experiment_of(identity_.resolved_yaml, file_, path_ + ":/", overrides);
}

void Checkpoint::read_parameters(ParameterArena& parameters, bool average) const {
  read_model(file_, "", average && has_average() ? "average" : "model", parameters);
}

void Checkpoint::read_beginning(ParameterArena& parameters) const {
  read_model(file_, "", has_average() ? "average" : "model", parameters, /*without_added=*/true);
}

void Checkpoint::read_updater(const ParameterArena& parameters, Updater& updater) const {
  for (auto& [name, arena] : updater.slots()) read_arena(file_, "optimizer/" + name, parameters, arena);
  for (Optimizer::Matrix& matrix : updater.matrices()) file_.read_into("optimizer/" + matrix.name, matrix.value);
  MovingAverage* average = updater.average();
  if (!average) return;
  read_arena(file_, "average", parameters, average->weights);
  for (size_t i = 0; i < average->states.size(); ++i) {
    if (average->states[i].defined())
      file_.read_into("average_state/" + parameters.states()[i].path, average->states[i]);
  }
}

}  // namespace mlrun
