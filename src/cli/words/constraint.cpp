#include "cli/words/constraint.hpp"

namespace mlrun::cli {

std::vector<Option*> add_constraint_options(Command& command, ConstraintSource& source, Option* complete) {
  std::vector<Option*> options = {
      command
          .add_option("--match", source.match,
                      "of a text: what comes behind the prompt matches this regular expression as a whole; where the "
                      "pattern is complete, it ends as soon as the model goes on with something else")
          ->type_name("REGEX"),
      command
          .add_option("--grammar", source.grammar,
                      "likewise of a grammar in EBNF, whose first rule it is: name ::= \"...\" | [a-z]+ other?")
          ->type_name("FILE"),
      command
          .add_option(
              "--json-schema", source.schema,
              "likewise JSON of a schema: type, enum, const, anyOf, $ref, properties, required, items, minItems, "
              "maxItems, minLength, maxLength, pattern")
          ->type_name("FILE"),
      command
          .add_option("--mask", source.mask,
                      "symbols that a sample has at its positions: numbers, or ? for any, with blanks between them, or "
                      "the PNG of a binary image, black and white forced and grey free")
          ->type_name("FILE")};
  for (size_t i = 0; i < options.size(); ++i) {
    if (complete) options[i]->excludes(complete);
    for (size_t k = 0; k < i; ++k) options[i]->excludes(options[k]);
  }
  return options;
}

}  // namespace mlrun::cli
