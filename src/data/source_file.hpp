// Where a data set's files are, and what to say when they are not there.
#pragma once

#include <string>

#include "config/reader.hpp"

namespace mlrun {

std::string path_under(const std::string& root, const std::string& path);  // an absolute path stays as it is
// `path` or `path`.gz, whichever exists (the plain one first); "" if neither does.
std::string plain_or_gz(const std::string& path);

// The place of a choice in the spec, kept for messages after the spec itself is gone.
class SpecPlace {
 public:
  SpecPlace() = default;
  SpecPlace(const config::Reader& spec, const std::string& key, const std::string& value);
  std::string words() const { return words_; }  // "data.kind: mnist, configs/made.yaml:6"
  std::string file() const { return file_; }    // "configs/made.yaml", or "SPEC" where it is not known

 private:
  std::string words_ = "", file_ = "SPEC";
};

}  // namespace mlrun
