// "a.b=value" of the command line.
#include <algorithm>
#include <utility>

#include "config/reading.hpp"
#include "config/yaml_parser.hpp"

namespace mlrun::config {
namespace {

Node scalar(std::string_view text, const Origin& origin) {
  const size_t first = text.find_first_not_of(' ');
  Node node;
  node.origin = origin;
  if (first == std::string_view::npos) return node;  // nothing
  node.kind = Node::Kind::kScalar;
  node.text = text.substr(first, text.find_last_not_of(' ') + 1 - first);
  return node;
}

// The value as written: brackets and quotes are YAML, commas make a list, all else is one word.
std::optional<Node> parse_value(const std::string& text, const Origin& origin, Diagnostics& diagnostics) {
  const SourceText source(origin, text);
  if (!text.empty() && std::string_view("[{\"'").find(text[0]) != std::string_view::npos)
    return parse_yaml(source, diagnostics);
  if (!source.check(diagnostics)) return std::nullopt;
  if (text.find(',') == std::string::npos) return scalar(text, origin);
  if (static_cast<size_t>(std::count(text.begin(), text.end(), ',')) >= kMaxNodes) {
    diagnostics.add(origin, 1, fmt::format("more than {} values", kMaxNodes));
    return std::nullopt;
  }
  Node list;
  list.kind = Node::Kind::kList;
  list.origin = origin;
  list.text = text;  // a text field takes the commas as they are
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    list.children.push_back(scalar(std::string_view(text).substr(begin, end - begin), origin));
    begin = end + 1;
  }
  return list;
}

bool is_path(std::string_view path) {
  if (path.empty() || path.front() == '.' || path.back() == '.' || path.find("..") != std::string_view::npos)
    return false;
  return std::all_of(path.begin(), path.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' ||
           c == '.';
  });
}

}  // namespace

Override apply_override(Node& root, const std::string& text, const Origin& origin, Diagnostics& diagnostics) {
  diagnostics.add_argument(origin, text);
  Override result{text, "", origin};
  const size_t equals = text.find('=');
  const std::string path = text.substr(0, equals);
  if (equals == std::string::npos || !is_path(path)) {
    diagnostics.add(origin, 1, "expected key=value", "for example optim.lr=1e-3");
    return result;
  }
  if (path == "extends") {
    diagnostics.add(origin, 1, "'extends' belongs into a file", "name that file as the spec");
    return result;
  }
  if (static_cast<size_t>(std::count(path.begin(), path.end(), '.')) >= kMaxDepth) {
    diagnostics.add(origin, 1, fmt::format("nested more than {} deep", kMaxDepth));
    return result;
  }
  std::optional<Node> value = parse_value(text.substr(equals + 1), origin, diagnostics);
  if (!value) return result;
  Node* node = &root;
  for (size_t begin = 0; begin <= path.size();) {
    const size_t end = std::min(path.find('.', begin), path.size());
    const std::string key = path.substr(begin, end - begin);
    if (node->kind == Node::Kind::kNull || stands_for_default(*node)) {  // `model:` with nothing below
      node->kind = Node::Kind::kMap;
      node->text.clear();
    }
    if (key == "kind" && end == path.size() && value->kind == Node::Kind::kScalar) replace_kind(*node, value->text);
    if (node->kind != Node::Kind::kMap) {
      diagnostics.add(origin, 1,
                      fmt::format("'{}' is not a section but {} ({})", path.substr(0, begin - 1), found(*node),
                                  node->origin.print()));
      return result;
    }
    Node* child = node->find(key);
    if (!child) {
      Node fresh;
      fresh.key = key;
      fresh.key_origin = fresh.origin = origin;
      node->children.push_back(std::move(fresh));
      child = &node->children.back();
    }
    node = child;
    node->of_former_kind = false;
    begin = end + 1;
  }
  value->key = node->key;
  value->key_origin = node->key_origin;
  value->key_length = node->key_length;
  *node = std::move(*value);
  result.path = path;
  return result;
}

}  // namespace mlrun::config
