// What a model of labelled data does with the label y of an example x.
#pragma once

#include <cstdint>

#include "config/reader.hpp"

namespace mlrun {

enum class Condition : uint8_t {
  kNone,   // p(x): the label is not looked at
  kClass,  // p(x|y); where p(y) is needed it is taken uniform
  kJoint,  // p(x, y) = p(y) p(x|y), p(y) a learned softmax: the label is one more symbol, the first
};

// Reads the key `condition` of a model's section.
Condition read_condition(config::Reader& reader);

}  // namespace mlrun
