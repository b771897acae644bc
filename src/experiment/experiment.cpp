#include "experiment/experiment.hpp"

#include <algorithm>
#include <map>

#include "base/newer_version.hpp"
#include "base/version.hpp"
#include "config/yaml_writer.hpp"
#include "experiment/checkpoint.hpp"
#include "experiment/mixed_runs.hpp"
#include "io/directory.hpp"
#include "io/sha256.hpp"
#include "runs/find_run.hpp"

namespace mlrun {
namespace {

constexpr const char* kCodesFrom = "data.from";

}  // namespace

Experiment::Experiment(const config::Document& document) {
  spec_ = std::make_shared<const ExperimentSpec>(document.root());
  document.root().finish();
  document.diagnostics().throw_if_any();
  fields_ = resolved_fields(document, *spec_);
  notes_ = document.notes();
  settle_origin();
}

// The spec then holds what was found, and means the same weights for good.
void Experiment::settle_origin() {
  if (spec_->origin) origin_ = identified(*spec_->origin);
  std::erase_if(fields_, [&](const config::FieldRecord& field) {
    return !origin_ && field.path.starts_with("origin.") && field.path != "origin.checkpoint";
  });
  if (!origin_) return;
  const std::map<std::string, std::string> found = {
      {"origin.checkpoint", config::yaml_text(origin_->checkpoint, "none")},
      {"origin.run", config::yaml_text(origin_->run)},
      {"origin.step", fmt::format("{}", origin_->step)},
      {"origin.sha256", config::yaml_text(origin_->sha256)}};
  for (config::FieldRecord& field : fields_) {
    if (const auto value = found.find(field.path); value != found.end()) field.value = value->second;
  }
}

namespace {

// The version that wrote the journal beside a run's spec, where `path` is one and that version is newer; else "".
std::string newer_writer_of(const std::string& path) {
  const size_t slash = path.rfind('/');
  const std::string folder = slash == std::string::npos ? "." : path.substr(0, slash);
  if (path.substr(slash + 1) != "resolved.yaml" || !io::exists(folder + "/metrics.jsonl")) return "";
  try {
    const std::string version = summarise_run(folder).version;
    return is_newer_version(version) ? version : "";
  } catch (const Error&) {  // a journal that cannot be read says nothing
    return "";
  }
}

}  // namespace

Experiment Experiment::load(const std::string& path, const std::vector<std::string>& overrides,
                            const std::vector<std::string>& places) try {
  return load_file(path, overrides, places);
} catch (const Error& e) {
  if (e.code() != ExitCode::kUsage) throw;
  const std::string version = newer_writer_of(path);
  if (version.empty()) throw;
  throw Error(e.code(), fmt::format("{}: {}\n{}", path, newer_version_words(version), e.what()));
}

Experiment Experiment::load_file(const std::string& path, const std::vector<std::string>& overrides,
                                 const std::vector<std::string>& places) {
  Experiment e(with_runs_found(
      [&](const auto& texts, const auto& of_texts) { return config::Document::load(path, texts, {}, of_texts); },
      overrides, places));
  e.source_ = path;
  if (!overrides.empty()) {
    std::string names;
    for (const std::string& o : overrides)
      names += fmt::format("{}{}", names.empty() ? "" : ", ", o.substr(0, o.find('=')));
    e.source_ += fmt::format(" + {} override{} ({})", overrides.size(), overrides.size() == 1 ? "" : "s", names);
  }
  return e;
}

Experiment Experiment::from_text(const std::string& text, const std::string& name,
                                 const std::vector<std::string>& overrides, const std::vector<std::string>& places) {
  Experiment e(with_runs_found(
      [&](const auto& texts, const auto& of_texts) {
        return config::Document::from_text(text, name, texts, {}, of_texts);
      },
      overrides, places));
  e.source_ = name;
  return e;
}

std::string Experiment::hash_without(const std::vector<std::string>& excluded, const Dataset& data) const {
  io::Sha256 sha;
  std::vector<std::string> all = excluded;
  all.emplace_back(kCodesFrom);  // where the model of the codes is; what it is counts, by the data's hash
  all.emplace_back("origin");    // so do the weights to begin from, by theirs
  const std::vector<TrainedPart> parts = spec_->model.facts().parts;
  require_parts_found(parts);
  if (!parts.empty()) {  // and those of its parts, which the section holds as well
    for (const char* where : {"model.of", "model.runs", "model.steps"}) all.emplace_back(where);
  }
  sha.update(config::canonical_text(fields_, all));
  sha.update(fmt::format("data {}\nnumerics {}\n", data.hash(), kNumericsVersion));
  if (origin_) {
    if (origin_->sha256.empty()) open_origin(*origin_);  // says why it was not found
    sha.update(fmt::format("origin {}\n", origin_->sha256));
  }
  return sha.hex();
}

const std::vector<std::string>& bookkeeping_fields() {
  static const std::vector<std::string> fields = {
      "name",         "group",     "tags", "checkpoint", "train.log_every", "train.accumulate", "compute.recompute",
      "eval.samples", "eval.train"};
  return fields;
}

bool is_bookkeeping(const std::string& path) {
  for (const std::string& field : bookkeeping_fields()) {
    if (path == field || path.starts_with(field + ".")) return true;
  }
  return false;
}

std::string Experiment::fingerprint(const Dataset& data) const { return hash_without(bookkeeping_fields(), data); }

std::string Experiment::lineage(const Dataset& data) const {
  std::vector<std::string> excluded = bookkeeping_fields();
  excluded.push_back("train.for");
  return hash_without(excluded, data);
}

}  // namespace mlrun
