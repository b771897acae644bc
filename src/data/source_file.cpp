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

std::function<std::string(const std::string&)> beside_spec(const config::Reader& spec, const std::string& key) {
  namespace fs = std::filesystem;
  const config::Origin origin = spec.origin(key);
  if (origin.is_default || origin.argument > 0 || origin.line == 0) return [](const std::string& text) { return text; };
  return [folder = fs::path(origin.file).parent_path()](const std::string& text) {
    if (text.empty() || text[0] == '/' || text[0] == '~') return text;
    std::string file = text;  // without the dataset inside of an HDF5 file
    for (const char* ending : {".h5:", ".hdf5:"})
      if (const size_t at = text.rfind(ending); at != std::string::npos) file = text.substr(0, text.find(':', at));
    std::error_code error;
    const fs::path found = fs::absolute(folder / file, error).lexically_normal();
    if (error || (find_data_file(found.string()).empty() && !fs::is_directory(found, error))) return text;
    return found.string() + text.substr(file.size());
  };
}

std::string where_paths_begin(const std::string& root) {
  return fmt::format("relative paths start beside the spec's file, or at the data root, {} (MLRUN_DATA_ROOT)", root);
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
