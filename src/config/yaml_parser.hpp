// Strict YAML: yaml-cpp finds the tokens, everything else is decided here.
//
// Refused, each with its place: duplicate keys, merge keys `<<`, tags, anchors and aliases (`extends` is the only
// composition, and an alias may contain itself), values and quotes that run over several lines, block texts `|` and
// `>`, maps or lists as keys, NUL, depth over 64, more than 20 000 values, and all that SourceText::check refuses. What
// a word means (octal, yes/on, nan ...) is not YAML's to say: scalars stay text until a field reads them.
#pragma once

#include <optional>

#include "config/diagnostics.hpp"
#include "config/node.hpp"
#include "config/source_text.hpp"

namespace mlrun::config {

constexpr size_t kMaxDepth = 64;
constexpr size_t kMaxNodes = 20000;

// The tree of one document. Nothing when it cannot be read as YAML; mistakes that leave a tree (a duplicate key) are
// recorded and the tree is returned. yaml-cpp's exceptions never leave this function.
std::optional<Node> parse_yaml(const SourceText& source, Diagnostics& diagnostics);

}  // namespace mlrun::config
