#include "config/starter.hpp"

#include <map>

namespace mlrun::config {
namespace {

std::map<std::string, std::vector<std::string>>& starters() {
  static std::map<std::string, std::vector<std::string>> known;
  return known;
}

}  // namespace

bool register_starter(const std::string& kind, const std::vector<std::string>& overrides) {
  return starters().emplace(kind, overrides).second;
}

const std::vector<std::string>& starter_of(const std::string& kind) {
  static const std::vector<std::string> nothing;
  const auto found = starters().find(kind);
  return found == starters().end() ? nothing : found->second;
}

}  // namespace mlrun::config
