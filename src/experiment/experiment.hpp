// An experiment: a spec with everything that identifies it.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "config/document.hpp"
#include "config/print.hpp"
#include "data/dataset.hpp"
#include "experiment/experiment_spec.hpp"
#include "experiment/origin.hpp"

namespace mlrun {

class Experiment {
 public:
  // Reads file and overrides; all mistakes at once as Error(kUsage). `places` name the overrides in messages. Of the
  // spec of a run that a newer version wrote, a mistake begins with that.
  static Experiment load(const std::string& path, const std::vector<std::string>& overrides,
                         const std::vector<std::string>& places = {});
  static Experiment from_text(const std::string& text, const std::string& name,
                              const std::vector<std::string>& overrides = {},
                              const std::vector<std::string>& places = {});

  const ExperimentSpec& spec() const { return *spec_; }
  const config::Fields& fields() const { return fields_; }  // resolved_fields
  int64_t lanes() const { return spec_->lanes_of_batch(); }
  // Those of a small batch (train.accumulate): more threads than these have nothing to do.
  int64_t lanes_at_once() const { return (lanes() + spec_->train.accumulate - 1) / spec_->train.accumulate; }
  const std::optional<Origin>& origin() const { return origin_; }  // nullopt: fresh weights
  // What was read otherwise than it was written, a line each, for the person: see config::Document::notes.
  const std::vector<std::string>& notes() const { return notes_; }
  std::string resolved_yaml() const { return config::resolved_yaml(fields_); }
  // SHA-256 over what decides the result: the spec without names, tags and bookkeeping, the data, the weights to begin
  // from, the numerics version. Where there are weights to begin from and they are not found: the errors of
  // open_origin.
  std::string fingerprint(const Dataset& data) const;
  // The same without how long to train: what a run may be extended under.
  std::string lineage(const Dataset& data) const;
  std::string source() const { return source_; }  // "configs/made.yaml + 2 overrides (optim.lr, seed)"

 private:
  explicit Experiment(const config::Document& document);
  static Experiment load_file(const std::string& path, const std::vector<std::string>& overrides,
                              const std::vector<std::string>& places);
  void settle_origin();
  std::string hash_without(const std::vector<std::string>& excluded, const Dataset& data) const;
  std::shared_ptr<const ExperimentSpec> spec_;
  config::Fields fields_;
  std::optional<Origin> origin_;
  std::vector<std::string> notes_;
  std::string source_;
};

// Fields (and sections) that do not decide the result: names, tags, what is kept and shown.
const std::vector<std::string>& bookkeeping_fields();
bool is_bookkeeping(const std::string& path);  // one of them, or a field of such a section

}  // namespace mlrun
