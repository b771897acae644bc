#include "models/condition.hpp"

namespace mlrun {

Condition read_condition(config::Reader& reader) {
  return reader.one_of<Condition>(
      "condition", {{"none", Condition::kNone}, {"class", Condition::kClass}, {"joint", Condition::kJoint}},
      {.help = "none: p(x); class: p(x|y); joint: p(x, y), the label y is one more symbol, the first",
       .fallback = "none"});
}

}  // namespace mlrun
