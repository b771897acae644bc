// The spec that a command is given: a YAML file, or a run, whose resolved spec it then is.
#pragma once

#include <string>
#include <vector>

#include "experiment/experiment.hpp"

namespace mlrun {

// The YAML file that a person means by SPEC|RUN. A missing file (a path, or a name that ends in .yaml) is returned as
// it is, for the reader to report; a name that fits no run, and a directory that is none, are Error(kUsage).
std::string spec_path(const std::string& name);

// Error(kUsage) naming the place, unless group and tags are words that can be typed (runs/label_word.hpp). `path`: the
// file of the spec. A run may have other ones, of a version that took them: what its own file says is not checked.
void require_labels(const config::Fields& fields, const ExperimentSpec& spec, const std::string& path);

// The spec with its overrides, read and checked; what was read otherwise than written is said (Experiment::notes).
Experiment load_spec(const std::string& name, const std::vector<std::string>& overrides,
                     const std::vector<std::string>& places);

}  // namespace mlrun
