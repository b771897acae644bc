#include "data/source_file.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <system_error>
#include <vector>

#include "base/advice.hpp"
#include "base/environment.hpp"
#include "base/home.hpp"

namespace mlrun {

std::string path_under(const std::string& root, const std::string& path) {
  const std::string expanded = expand_home(path);
  return expanded.starts_with('/') || root.empty() ? expanded : root + "/" + expanded;
}

std::string find_data_file(const std::string& path) {
  namespace fs = std::filesystem;
  const auto is_file = [](const std::string& name) {
    std::error_code error;
    const fs::file_status status = fs::status(name, error);
    return fs::exists(status) && !fs::is_directory(status);
  };
  std::vector<std::string> names = {path};
  const size_t slash = path.rfind('/'), mark = path.rfind("-idx");
  if (mark != std::string::npos && (slash == std::string::npos || mark > slash) && path.ends_with("-ubyte")) {
    names.push_back(path.substr(0, mark) + "." + path.substr(mark + 1));
  }
  for (size_t i = 0, plain = names.size(); i < plain; ++i) {
    names.push_back(names[i] + "/" + fs::path(names[i]).filename().string());
  }
  for (const std::string& name : names) {
    for (const char* packing : {"", ".gz"}) {
      if (is_file(name + packing)) return name + packing;
    }
  }
  return "";
}

std::string fetching(const std::string& set) {
  const auto command = advice::script("fetch_data.sh", {set});
  if (!command) return fmt::format("scripts/fetch_data.sh {}, in a checkout of mlrun", set);
  // Of its own accord the script fills the data folder of its checkout, and mlrun reads the one where the user stands.
  const bool same_folder = command->starts_with("scripts/") || !environment_variable("MLRUN_DATA_ROOT").empty();
  return same_folder ? *command : "MLRUN_DATA_ROOT=data " + *command;
}

SpecPlace::SpecPlace(const config::Reader& spec, const std::string& key, const std::string& value) {
  const config::Origin origin = spec.origin(key);
  words_ = (spec.path().empty() ? "" : spec.path() + ".") + key + ": " + value;
  if (!origin.is_default) words_ += ", " + origin.print_line();
}

}  // namespace mlrun
