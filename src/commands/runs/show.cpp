#include "commands/runs/show.hpp"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <system_error>
#include <tuple>

#include "base/error.hpp"
#include "base/log.hpp"
#include "io/checkpoint_file.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "runs/run_directory.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMostBytes = uint64_t{4} << 30;

std::map<std::string, std::string> environment_of(const std::string& run_path) {
  std::map<std::string, std::string> environment;
  const std::string path = run_path + "/run.h5";
  if (!io::exists(path)) return environment;
  try {
    const io::Hdf5Reader file = io::open_hdf5(path, kMostBytes, ExitCode::kData);
    for (const char* name : {"mlrun", "commit", "numerics", "cpu", "isa", "threads", "host"}) {
      if (file.has_attribute("env", name)) environment[name] = file.text_attribute("env", name);
    }
  } catch (const Error& e) {
    log::warning("{}", e.what());
  }
  return environment;
}

std::optional<Experiment> experiment_in(const std::string& path) {
  try {
    return Experiment::load(path, {});
  } catch (const Error& e) {
    log::warning("{} is not a spec that this mlrun reads\n{}", path, e.what());
    return std::nullopt;
  }
}

int64_t file_bytes(const std::string& path) {
  std::error_code error;
  const auto bytes = std::filesystem::file_size(path, error);
  return error ? 0 : static_cast<int64_t>(bytes);
}

std::vector<CheckpointFile> checkpoints_of(const RunDirectory& run, int64_t best_step, bool verify) {
  std::vector<CheckpointFile> found;
  for (const int64_t step : run.checkpoint_steps()) {
    const std::string path = run.checkpoint_path(step);
    CheckpointFile file{path, step, file_bytes(path), step > 0 && step == best_step, std::nullopt, ""};
    if (verify) file.intact = io::verify_checkpoint(path, &file.damage);
    found.push_back(std::move(file));
  }
  return found;
}

// Those in files whose names begin so.
std::vector<KeptEvaluation> evaluations_in(const std::string& run_path, const std::string& beginning) {
  std::vector<KeptEvaluation> found;
  const std::string folder = run_path + "/evals";
  if (!io::is_directory(folder)) return found;
  for (const std::string& name : io::list_directory(folder)) {
    if (!name.starts_with(beginning) || !name.ends_with(".h5")) continue;
    try {
      const io::Hdf5Reader file = io::open_hdf5(folder + "/" + name, kMostBytes, ExitCode::kData);
      found.push_back({.path = folder + "/" + name,
                       .split = file.text_attribute("/", "split"),
                       .protocol = file.text_attribute("/", "protocol"),
                       .step = file.integer_attribute("/", "step"),
                       .count = count_of(file.dataset("nll").shape),
                       .nll = file.real_attribute("/", "nll"),
                       .nll_se = file.real_attribute("/", "nll_se"),
                       .bpd = file.real_attribute("/", "bpd"),
                       .bound = file.has_attribute("/", "bound") && file.integer_attribute("/", "bound") != 0});
      KeptEvaluation& e = found.back();
      if (file.has_attribute("/", "components")) e.components = file.integer_attribute("/", "components");
      if (file.has_attribute("/", "code_maps")) e.code_maps = file.integer_attribute("/", "code_maps");
      e.by_default = name == fmt::format("step-{:09}-{}.h5", e.step, e.split);
    } catch (const Error& e) {
      log::warning("{}", e.what());
    }
  }
  std::stable_sort(found.begin(), found.end(), [](const KeptEvaluation& a, const KeptEvaluation& b) {
    return std::tie(a.split, a.step, b.by_default, a.components, a.code_maps) <
           std::tie(b.split, b.step, a.by_default, b.components, b.code_maps);
  });
  return found;
}

}  // namespace

std::vector<KeptEvaluation> kept_evaluations(const std::string& run_path) { return evaluations_in(run_path, "step-"); }

std::vector<KeptEvaluation> kept_evaluations_at(const std::string& run_path, const std::string& split, int64_t step) {
  std::vector<KeptEvaluation> found = evaluations_in(run_path, fmt::format("step-{:09}-{}", step, split));
  std::erase_if(found, [&](const KeptEvaluation& e) { return e.split != split || e.step != step; });
  return found;
}

std::optional<KeptEvaluation> kept_test(const RunSummary& run) {
  for (const KeptEvaluation& e : kept_evaluations_at(run.path, "test", run.best_step)) {
    if (e.protocol == run.protocol) return e;
  }
  return std::nullopt;
}

std::string KeptEvaluation::settings(const std::string& run_protocol) const {
  std::string text;
  const auto add = [&](const std::string& words) { text += (text.empty() ? "" : ", ") + words; };
  if (protocol != run_protocol)
    add(protocol.starts_with(run_protocol + ", ") ? protocol.substr(run_protocol.size() + 2) : protocol);
  if (components > 1) add(fmt::format("a mixture of {}", components));
  if (code_maps > 1) add(fmt::format("{} code maps", code_maps));
  return text;
}

RunDetails run_details(const std::string& run_path, bool verify) {
  const RunDirectory run = RunDirectory::open(run_path);
  RunDetails details;
  details.summary = summarise_run(run_path);
  details.resolved_yaml = io::read_text_file(run.file("resolved.yaml"), 1 << 20, ExitCode::kDisk);
  if (const auto experiment = experiment_in(run.file("resolved.yaml"))) {
    details.fields = experiment->fields();
    details.origin = experiment->origin();
  }
  details.environment = environment_of(run_path);
  details.checkpoints = checkpoints_of(run, details.summary.best_step, verify);
  details.evaluations = kept_evaluations(run_path);
  return details;
}

std::string shortened(const std::string& value) {
  constexpr size_t kMost = 60;
  if (value.size() <= kMost) return value;
  size_t end = kMost - 3;
  while (end > 0 && (static_cast<unsigned char>(value[end]) & 0xC0) == 0x80) --end;  // within a character of UTF-8
  return value.substr(0, end) + "...";
}

std::string section_in_short(const config::Fields& fields, const std::string& section) {
  std::string kind, rest;
  for (const config::FieldRecord& field : fields) {
    if (!field.path.starts_with(section + ".") || field.type == config::FieldType::kSection || field.in_full_only)
      continue;
    const std::string key = field.path.substr(section.size() + 1);
    if (key == "kind") kind = field.value;
    else if (!field.fallback || field.value != *field.fallback)
      rest += fmt::format("  {} {}", key, shortened(field.value));
  }
  if (kind.empty() && !rest.empty()) rest.erase(0, 2);
  return kind + rest;
}

std::vector<TensorSummary> tensors_of(const io::Hdf5Reader& file, const std::string& group) {
  std::vector<TensorSummary> found;
  if (!file.has(group)) return found;
  for (const std::string& name : file.datasets(group)) {
    const std::string path = group + "/" + name;
    const io::Hdf5Dataset& dataset = file.dataset(path);
    if (dataset.type == io::Hdf5Dataset::Type::kText) continue;
    TensorSummary t{.path = path, .type = io::name_of(dataset.type), .shape = dataset.shape, .bytes = dataset.bytes};
    if (file.has_attribute(path, "axes")) t.axes = file.text_attribute(path, "axes");
    double sum = 0, squares = 0;
    int64_t finite = 0;
    const std::vector<double> values = file.reals(path);
    for (const double v : values) {
      if (!std::isfinite(v)) continue;
      sum += v;
      ++finite;
    }
    t.not_finite = static_cast<int64_t>(values.size()) - finite;
    t.mean = finite ? sum / static_cast<double>(finite) : NAN;
    for (const double v : values) {
      if (std::isfinite(v)) squares += (v - t.mean) * (v - t.mean);
    }
    t.sd = finite ? std::sqrt(squares / static_cast<double>(finite)) : NAN;
    found.push_back(std::move(t));
  }
  return found;
}

int64_t bytes_below(const io::Hdf5Reader& file, const std::string& group) {
  int64_t bytes = 0;
  if (!file.has(group)) return 0;
  for (const std::string& name : file.datasets(group)) bytes += file.dataset(group + "/" + name).bytes;
  return bytes;
}

}  // namespace mlrun
