#include "data/source_file.hpp"

#include "io/directory.hpp"

namespace mlrun {

std::string path_under(const std::string& root, const std::string& path) {
  return path.starts_with('/') || root.empty() ? path : root + "/" + path;
}

std::string plain_or_gz(const std::string& path) {
  if (io::exists(path)) return path;
  return io::exists(path + ".gz") ? path + ".gz" : "";
}

SpecPlace::SpecPlace(const config::Reader& spec, const std::string& key, const std::string& value) {
  const config::Origin origin = spec.origin(key);
  words_ = (spec.path().empty() ? "" : spec.path() + ".") + key + ": " + value;
  if (!origin.is_default) words_ += ", " + origin.print_line();
  if (!origin.is_default && origin.argument == 0 && origin.line > 0) file_ = origin.file;
}

}  // namespace mlrun
