// What samples must be, as somebody said it: a pattern, a grammar, a schema, a mask.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "constraints/constraint.hpp"
#include "experiment/trained_model.hpp"

namespace mlrun {

// At most one of them is not empty.
struct ConstraintSource {
  std::string match;                  // a regular expression
  std::string grammar, schema, mask;  // files: EBNF, JSON Schema, symbols
  bool any() const { return !match.empty() || !grammar.empty() || !schema.empty() || !mask.empty(); }
  std::string words() const;  // "--match 'a+'"
  std::vector<std::string> files() const;
};

// For symbols of this model, `room` of them at most. Error(kUsage) for what is malformed or cannot be met, and where it
// does not go with the model's data: patterns are of texts, and a mask of whole samples in one order.
//
// A mask is a PNG of the size of binary images (black and white are forced, grey is free), or a text with a symbol or ?
// for every position, with blanks between them.
std::unique_ptr<const constraints::Constraint> constraint_of(const ConstraintSource& source, const TrainedModel& model,
                                                             int64_t room);

}  // namespace mlrun
