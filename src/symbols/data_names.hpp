// What people call the classes and the positions of a data set.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mlrun {

struct DataNames {
  std::vector<std::string> classes;  // of class 0, 1 ...; empty: classes are called by their numbers
  std::vector<std::string> columns;  // of position 0, 1 ... of a table with a first row of names; empty: there are none
  std::string of_class(int64_t label) const {
    const auto at = static_cast<size_t>(label);
    return at < classes.size() ? classes[at] : std::to_string(label);
  }
};

}  // namespace mlrun
