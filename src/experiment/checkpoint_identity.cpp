#include "experiment/checkpoint_identity.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "experiment/meaning_of_symbols.hpp"
#include "io/json_line.hpp"

namespace mlrun {
namespace {

std::string group_above(const std::string& at) { return at.empty() ? "/" : at.substr(0, at.size() - 1); }

void write_names(io::Hdf5Writer& file, const std::string& path, const std::vector<std::string>& names) {
  if (!names.empty()) file.text(path, io::json_line(nlohmann::ordered_json(names)));
}

// One for each of `count`, or none.
std::vector<std::string> read_names(const io::Hdf5Reader& file, const std::string& path, int64_t count) {
  if (!file.has(path)) return {};
  const auto list = nlohmann::json::parse(file.text(path), nullptr, /*allow_exceptions=*/false);
  std::vector<std::string> names;
  for (const auto& name : list.is_array() ? list : nlohmann::json::array())
    if (name.is_string()) names.push_back(name.get<std::string>());
  if (static_cast<int64_t>(names.size()) != count)
    fail(ExitCode::kCheckpoint, "{}: /{} holds no list of {} names", file.name(), path, count);
  return names;
}

}  // namespace

void write_identity(io::Hdf5Writer& file, const std::string& at, const CheckpointIdentity& identity) {
  file.text(at + "config/resolved_yaml", identity.resolved_yaml);
  file.dataset(at + "data/shape", identity.data.shape);
  const std::string data = at + "data", rng = at + "rng";
  write_meaning(file, data, identity);
  write_names(file, data + "/class_names", identity.names.classes);
  write_names(file, data + "/column_names", identity.names.columns);
  file.attribute(data, "alphabet", identity.data.alphabet);
  file.attribute(data, "classes", identity.data.classes);
  file.attribute(data, "given", identity.data.given);
  if (identity.data.end >= 0) file.attribute(data, "end", identity.data.end);
  if (identity.data.augmentations > 1) file.attribute(data, "augmentations", identity.data.augmentations);
  file.attribute(data, "sha256", identity.data_hash);
  file.attribute(data, "protocol", identity.protocol);
  file.attribute(data, "description", identity.data_description);
  file.group(rng);
  file.attribute(rng, "seed", identity.seed);
  file.attribute(rng, "generator", std::string_view("Philox 4x32-10; counters are functions of the step"));
  const std::string top = group_above(at);
  file.attribute(top, "fingerprint", identity.fingerprint);
  file.attribute(top, "lineage", identity.lineage);
}

CheckpointIdentity read_identity(const io::Hdf5Reader& file, const std::string& at) {
  CheckpointIdentity id;
  const std::string top = group_above(at), data = at + "data";
  id.resolved_yaml = file.text(at + "config/resolved_yaml");
  id.fingerprint = file.text_attribute(top, "fingerprint");
  id.lineage = file.text_attribute(top, "lineage");
  id.data.shape = file.integers(data + "/shape");
  id.data.alphabet = file.integer_attribute(data, "alphabet");
  id.data.classes = file.integer_attribute(data, "classes");
  if (file.has_attribute(data, "given"))
    id.data.given = file.integer_attribute(data, "given");                                 // 0 before there were any
  if (file.has_attribute(data, "end")) id.data.end = file.integer_attribute(data, "end");  // -1 where there is none
  if (id.data.end < -1 || id.data.end >= id.data.alphabet) {
    fail(ExitCode::kCheckpoint, "{}: symbol {} of {} ends a document", file.name(), id.data.end, id.data.alphabet);
  }
  if (file.has_attribute(data, "augmentations"))
    id.data.augmentations = file.integer_attribute(data, "augmentations");  // 1 where there are none
  if (id.data.augmentations < 1 || id.data.augmentations > (1 << 20)) {
    fail(ExitCode::kCheckpoint, "{}: images of {} ways of augmentation", file.name(), id.data.augmentations);
  }
  if (id.data.given < 0 || id.data.given >= std::max<int64_t>(1, id.data.positions())) {
    fail(ExitCode::kCheckpoint, "{}: {} symbols are given of sequences of shape {}", file.name(), id.data.given,
         to_string(id.data.shape));
  }
  read_meaning(file, data, id);
  id.names.classes = read_names(file, data + "/class_names", id.data.classes);
  id.names.columns = read_names(file, data + "/column_names", id.data.positions());
  id.data_hash = file.text_attribute(data, "sha256");
  id.protocol = file.text_attribute(data, "protocol");
  id.data_description = file.text_attribute(data, "description");
  id.seed = static_cast<uint64_t>(file.integer_attribute(at + "rng", "seed"));
  return id;
}

}  // namespace mlrun
