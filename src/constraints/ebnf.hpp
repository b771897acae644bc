// Grammars in EBNF, as the W3C writes it (XML 1.0, section 6):
//
//   line   ::= name ":" " " words "\n"      a rule; the first one is what is drawn
//   name   ::= [A-Z]+ | 'First ' name?      alternatives, classes of characters, strings in either quote
//   words  ::= [a-z]{2,9} (" " words)*      groups and the counts ? * + {m} {m,} {m,n}
//
// `=` may stand for `::=`, a `;` may end a rule, and # begins a comment. Escapes in strings and classes are those of
// regular expressions (constraints/characters.hpp).
#pragma once

#include <string>
#include <string_view>

#include "constraints/grammar.hpp"

namespace mlrun::constraints {

// `name`: of the file, for messages. Error(kUsage) for what is malformed, a rule that is used and not there or there
// twice, and a rule that begins with itself.
Grammar grammar_of_ebnf(std::string_view text, const std::string& name, bool bytes);

}  // namespace mlrun::constraints
