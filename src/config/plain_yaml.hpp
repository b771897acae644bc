// The YAML that mlrun itself writes into resolved.yaml, read without a YAML parser: thousands of runs are compared by it.
#pragma once

#include <optional>

#include "config/node.hpp"
#include "config/source_text.hpp"

namespace mlrun::config {

// The tree that parse_yaml would find, of lines `key: value` and `key:` with the lines of a map below, two blanks
// deeper; a value is one or more words of letters, digits and _./+- or a bracketed list of such. Nothing where anything
// else stands there (a quote, a comment, an empty line, a key twice ...): then a YAML parser has to look.
std::optional<Node> parse_plain_yaml(const SourceText& source);

}  // namespace mlrun::config
