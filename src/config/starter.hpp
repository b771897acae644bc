// What a spec needs besides a kind to be valid, for `mlrun config init`. A kind that needs something says so beside its
// registration:
//
//   [[maybe_unused]] const bool starter = config::register_starter("model.kind=sequence", {"model.mixer.kind=s4d"});
#pragma once

#include <string>
#include <vector>

namespace mlrun::config {

// `overrides`: of the kind's own required fields, and of other sections (data with labels).
bool register_starter(const std::string& kind, const std::vector<std::string>& overrides);
// Nothing where the kind needs nothing.
const std::vector<std::string>& starter_of(const std::string& kind);

}  // namespace mlrun::config
