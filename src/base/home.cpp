#include "base/home.hpp"

#include <cstdlib>

#include "base/error.hpp"

namespace mlrun {

std::string expand_home(const std::string& path) {
  if (!path.starts_with('~')) return path;
  const char* home = std::getenv("HOME");
  if (path.size() > 1 && path[1] != '/') {
    fail(ExitCode::kUsage, "{}: of ~, only your own home is known\n  expected   ~/..., the whole path, or ./{}", path,
         path);
  }
  if (!home || *home != '/') {
    fail(ExitCode::kUsage, "{}: HOME is not set to an absolute path\n  expected   the whole path, or ./{}", path, path);
  }
  return home + path.substr(1);
}

}  // namespace mlrun
