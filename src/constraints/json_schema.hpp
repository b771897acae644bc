// JSON Schema (2020-12, a part of it) as a grammar of the texts that are JSON and of the schema:
//
//   type (one or several), enum, const, anyOf, $ref into $defs or definitions or to the whole
//   object: properties, required, additionalProperties (a schema, where no properties are listed; beside listed ones none
//           are written); array: items, minItems, maxItems; string: minLength, maxLength, pattern (from ^ to $)
//
// Texts are written in one way out of many: properties in the order of the schema, a blank or none behind , and :, no
// other white space, and in strings of bytes no byte above 0x7F but as an escape.
#pragma once

#include <string>
#include <string_view>

#include "constraints/grammar.hpp"

namespace mlrun::constraints {

// `name`: of the file, for messages. Error(kUsage) for what is no JSON, and for any other keyword that asks for
// something, which is named.
Grammar grammar_of_json_schema(std::string_view text, const std::string& name, bool bytes);

}  // namespace mlrun::constraints
