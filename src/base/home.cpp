#include "base/home.hpp"

#include "base/environment.hpp"
#include "base/error.hpp"

namespace mlrun {

std::string expand_home(const std::string& path) {
  if (!path.starts_with('~')) return path;
  const std::string home = environment_variable("HOME");
  if (path.size() > 1 && path[1] != '/') {
    fail(ExitCode::kUsage, "{}: of ~, only your own home is known\n  expected   ~/..., the whole path, or ./{}", path,
         path);
  }
  if (!home.starts_with('/')) {
    fail(ExitCode::kUsage, "{}: HOME is not set to an absolute path\n  expected   the whole path, or ./{}", path, path);
  }
  return home + path.substr(1);
}

}  // namespace mlrun
