// Every combination of given values of a spec's fields, each checked before any is run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace mlrun {

struct GridAxis {
  std::string key;                  // "optim.lr"
  std::vector<std::string> values;  // as they were typed: "1e-3", "[500,500]"
  std::vector<std::string> places;  // of the values, for messages: "argument 3"
};

// From words key=v1,v2. Commas inside brackets, braces or quotes belong to the value: model.hidden=500,[500,500] has
// two. A key that comes again adds values. Places count the words from `first_argument`. Error(kUsage): no key=value,
// an empty value, a value given twice.
std::vector<GridAxis> grid_axes(const std::vector<std::string>& words, int first_argument);

// The overrides of each combination ("a.b=c", one per axis): the last axis varies fastest. `fixed` overrides are part
// of every check but not of the answer. All mistakes of all combinations at once as Error(kUsage); so are more than
// 100 000 combinations.
std::vector<std::vector<std::string>> checked_combinations(const std::string& spec, const std::vector<GridAxis>& axes,
                                                           const std::vector<std::string>& fixed = {});

}  // namespace mlrun
