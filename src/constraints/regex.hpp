// Regular expressions as grammars: alternatives, groups (?:..) and (..), classes of characters, escapes, `.` (anything
// but the end of a line) and the counts ? * + {m,n}. A pattern is of the whole of what it constrains; ^ at its beginning
// and $ at its end say so once more.
#pragma once

#include <string>
#include <string_view>

#include "constraints/characters.hpp"
#include "constraints/grammar.hpp"

namespace mlrun::constraints {

// `name`: what the pattern is called in messages, "--match". Error(kUsage) for what is malformed, and for anchors
// elsewhere, backreferences, lookaround and lazy counts, which are not supported.
Grammar grammar_of_regex(std::string_view pattern, const std::string& name, bool bytes);

// Adds a pattern to a grammar that is being built. None of its characters matches a code of `without`.
NodeId add_regex(Grammar& grammar, std::string_view pattern, const std::string& name, bool bytes,
                 const CodeSet& without = {});

}  // namespace mlrun::constraints
