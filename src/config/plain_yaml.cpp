#include "config/plain_yaml.hpp"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace mlrun::config {
namespace {

constexpr size_t kMostPlainBytes = size_t{1} << 16;
constexpr size_t kMostPlainDepth = 16, kMeasuredDepth = 4;

bool is_plain_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_plain_word(char c) {
  return is_plain_letter(c) || (c >= '0' && c <= '9') || c == '.' || c == '/' || c == '+' || c == '-';
}

// Words with one blank between them that YAML reads as one plain text.
bool is_plain_text(std::string_view text) {
  if (text.empty() || !is_plain_word(text[0]) || text[0] == '+' || text[0] == '-' || !is_plain_word(text.back()))
    return false;
  if (text.starts_with("..") || text == "null" || text == "Null" || text == "NULL") return false;
  for (size_t i = 0; i < text.size(); ++i)
    if (!is_plain_word(text[i]) && (text[i] != ' ' || text[i - 1] == ' ')) return false;
  return true;
}

Node plain_scalar(const SourceText& source, size_t at, std::string_view text) {
  Node node;
  node.kind = Node::Kind::kScalar;
  node.text = text;
  node.origin = source.at(at);
  node.length = static_cast<int>(text.size());
  return node;
}

std::optional<Node> plain_value(const SourceText& source, size_t at, std::string_view text, size_t depth) {
  if (is_plain_text(text)) return plain_scalar(source, at, text);
  if (text.size() < 2 || text[0] != '[' || text.back() != ']') return std::nullopt;
  Node list;
  list.kind = Node::Kind::kList;
  list.origin = source.at(at);
  list.length = depth < kMeasuredDepth ? static_cast<int>(text.size()) : 1;  // as parse_yaml has it
  const size_t end = text.size() - 1;
  for (size_t begin = 1; begin < end;) {
    const size_t comma = std::min(text.find(", ", begin), end);
    const std::string_view item = text.substr(begin, comma - begin);
    if (!is_plain_text(item)) return std::nullopt;
    list.children.push_back(plain_scalar(source, at + begin, item));
    begin = comma == end ? end : comma + 2;
    if (comma != end && begin == end) return std::nullopt;  // a comma behind the last
  }
  return list;
}

// A line, or nothing where it is none of those above.
struct PlainLine {
  size_t depth = 0, key = 0, value = 0;  // `key`, `value`: bytes of the text
  std::string_view name, text;           // `text`: "" where a map is to come
};

std::optional<PlainLine> plain_line_at(std::string_view all, size_t begin, size_t end) {
  PlainLine line;
  size_t at = begin;
  while (at < end && all[at] == ' ') ++at;
  if ((at - begin) % 2 != 0) return std::nullopt;
  line.depth = (at - begin) / 2;
  line.key = at;
  while (at < end && (is_plain_letter(all[at]) || (at > line.key && all[at] >= '0' && all[at] <= '9'))) ++at;
  line.name = all.substr(line.key, at - line.key);
  if (line.name.empty() || line.name == "null" || line.name == "Null" || line.name == "NULL") return std::nullopt;
  if (at == end || all[at] != ':') return std::nullopt;
  if (++at == end) return line;
  if (all[at] != ' ' || at + 1 == end) return std::nullopt;
  line.value = at + 1;
  line.text = all.substr(line.value, end - line.value);
  return line;
}

}  // namespace

std::optional<Node> parse_plain_yaml(const SourceText& source) {
  const std::string_view all = source.text();
  if (all.empty() || all.size() > kMostPlainBytes || all.back() != '\n') return std::nullopt;
  std::vector<Node> open;  // maps, the outermost first
  bool awaits_map = true;  // the next line begins a map within the last of them
  Node key;                // of the map that is to come
  std::vector<Node> keys;  // of the maps that are open, but the outermost
  const auto close = [&] {
    Node map = std::move(open.back());
    open.pop_back();
    map.key = keys.back().key;
    map.key_origin = keys.back().key_origin;
    map.key_length = keys.back().key_length;
    keys.pop_back();
    open.back().children.push_back(std::move(map));
  };
  for (size_t begin = 0; begin < all.size();) {
    const size_t end = all.find('\n', begin);
    const std::optional<PlainLine> line = plain_line_at(all, begin, end);
    if (!line || line->depth > kMostPlainDepth) return std::nullopt;
    if (awaits_map) {
      if (line->depth != open.size()) return std::nullopt;
      if (!open.empty()) keys.push_back(std::move(key));
      Node map;
      map.kind = Node::Kind::kMap;
      map.origin = source.at(line->key);
      open.push_back(std::move(map));
      awaits_map = false;
    }
    if (line->depth >= open.size()) return std::nullopt;
    while (line->depth + 1 < open.size()) close();
    if (open.back().find(line->name)) return std::nullopt;
    Node node;
    if (!line->text.empty()) {
      std::optional<Node> value = plain_value(source, line->value, line->text, open.size());
      if (!value) return std::nullopt;
      node = std::move(*value);
    }
    node.key = line->name;
    node.key_origin = source.at(line->key);
    node.key_length = static_cast<int>(line->name.size());
    if (line->text.empty()) {
      key = std::move(node);
      awaits_map = true;
    } else {
      open.back().children.push_back(std::move(node));
    }
    begin = end + 1;
  }
  if (awaits_map) return std::nullopt;
  while (open.size() > 1) close();
  return std::move(open.front());
}

}  // namespace mlrun::config
