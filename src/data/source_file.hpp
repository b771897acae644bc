// Where a data set's files are, and what to say when they are not there.
#pragma once

#include <functional>
#include <string>

#include "config/reader.hpp"

namespace mlrun {

std::string path_under(const std::string& root, const std::string& path);  // an absolute path stays, ~/x is in the home
// The file that holds the data set file `path`, under any name that the world gives it; "" where there is none. `path`
// is the plain name. Tried in this order, each plain and then with .gz: the name itself; for an idx file the name with
// a dot (train-images.idx3-ubyte for train-images-idx3-ubyte); and these names inside a folder of the same name, which
// is how some archives unpack. What a name says about packing is not believed: the readers look at the first bytes.
std::string find_data_file(const std::string& path);

// For config::StringField::resolve: a relative path of a spec's file stands for what lies beside that file, as an
// absolute path, if something lies there; else it stays, and begins at the data root. Paths of the command line stay.
std::function<std::string(const std::string&)> beside_spec(const config::Reader& spec, const std::string& key);
// For the message about what is missing: where relative paths begin.
std::string where_paths_begin(const std::string& root);

// How to get a data set that scripts/fetch_data.sh knows: the command, or where to find that script.
std::string fetching(const std::string& set);

// The place of a choice in the spec, kept for messages after the spec itself is gone.
class SpecPlace {
 public:
  SpecPlace() = default;
  SpecPlace(const config::Reader& spec, const std::string& key, const std::string& value);
  std::string words() const { return words_; }  // "data.kind: mnist, configs/made.yaml:6"

 private:
  std::string words_ = "";
};

}  // namespace mlrun
