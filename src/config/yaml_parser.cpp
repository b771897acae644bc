#include "config/yaml_parser.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>
#include <vector>

#include "config/plain_yaml.hpp"
#include "config/unicode.hpp"

namespace mlrun::config {
namespace {

constexpr const char* kNoAnchors = "anchors and aliases are not used in specs";
constexpr const char* kNoAnchorsRemedy = "write the value out, or use extends: base.yaml";

struct Unreadable {};  // thrown through yaml-cpp once a mistake that leaves no tree is recorded

class TreeBuilder : public YAML::EventHandler {
 public:
  TreeBuilder(const SourceText& source, Diagnostics& diagnostics)
      : source_(source), text_(source.text()), diagnostics_(diagnostics) {}

  Node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t) override {
    const size_t byte = begin(mark);
    if (expects_key()) stop(byte, 1, "a key is missing before ':'");
    Node node;
    // An empty value has no place of its own: yaml-cpp gives that of the next token.
    for (const char* word : {"null", "Null", "NULL", "~"})
      if (text_.compare(byte, std::string_view(word).size(), word) == 0) node.text = word;
    node.origin = source_.at(byte);
    node.length = static_cast<int>(node.text.size());
    if (node.text.empty() && !open_.empty() && open_.back().node.kind == Node::Kind::kMap) {
      node.origin = open_.back().key_origin;
      node.length = open_.back().key_length;
    }
    add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override { refuse_property(begin(mark)); }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, const std::string& value) override {
    const size_t byte = begin(mark);
    check_tag(byte, tag);
    Node node;
    node.kind = Node::Kind::kScalar;
    node.text = value;
    node.origin = source_.at(byte);
    const char first = byte < text_.size() ? text_[byte] : '\0';
    const std::string_view rest = std::string_view(text_).substr(byte, source_.line_end(byte) - byte);
    if (first == '|' || first == '>') stop(byte, 1, "a text over several lines", "write it on one line, in quotes");
    if (first == '"' || first == '\'') {
      node.quoted = true;
      const size_t closed = quoted_length(rest);
      if (closed == 0) stop(byte, 1, "this quote is not closed on its line");
      node.length = static_cast<int>(characters(rest.substr(0, closed)));
    } else {
      if (rest.substr(0, value.size()) != value)
        stop(byte, static_cast<int>(characters(rest)), "a value runs over several lines",
             "write it on one line; or is the indentation of the next line wrong?");
      node.length = static_cast<int>(characters(value));
    }
    if (value.find('\0') != std::string::npos) stop(byte, node.length, "a NUL character in a text");
    if (!expects_key()) return add(std::move(node));
    Open& open = open_.back();
    open.has_key = true;
    open.key = value;
    open.key_origin = node.origin;
    open.key_length = node.length;
    open.dropped = value == "<<" && !node.quoted;
    if (open.dropped)
      diagnostics_.add(node.origin, 2, "merge keys '<<' are not used in specs", "use extends: base.yaml");
    const auto [first_place, is_new] = open.keys.emplace(value, node.origin);
    if (!is_new && !open.dropped) {
      open.dropped = true;
      diagnostics_.add(node.origin, node.length, fmt::format("key {} is given twice", quote(value)),
                       fmt::format("first at {}; keep one", first_place->second.print()));
    }
    count_node(byte);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t,
                       YAML::EmitterStyle::value) override {
    start(mark, tag, Node::Kind::kList);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t, YAML::EmitterStyle::value) override {
    start(mark, tag, Node::Kind::kMap);
  }
  void OnSequenceEnd() override { end(); }
  void OnMapEnd() override { end(); }

  [[noreturn]] void stop(size_t byte, int length, const std::string& message, const std::string& remedy = "") {
    diagnostics_.add(source_.at(byte), length, message, remedy);
    throw Unreadable();
  }

 private:
  struct Open {  // a list or map whose end has not come
    Node node;
    bool has_key = false, dropped = false;
    std::string key;
    Origin key_origin;
    int key_length = 1;
    std::map<std::string, Origin> keys;
  };

  size_t begin(const YAML::Mark& mark) {
    const size_t byte = mark.pos < 0 ? 0 : std::min(static_cast<size_t>(mark.pos), text_.size());
    refuse_property(byte);
    return byte;
  }

  // A node with an anchor or a tag begins, for yaml-cpp, at that sign; no plain text can begin with it.
  void refuse_property(size_t byte) {
    if (byte >= text_.size()) return;
    if (text_[byte] == '&' || text_[byte] == '*') stop(byte, 1, kNoAnchors, kNoAnchorsRemedy);
    if (text_[byte] == '!') stop(byte, 1, "tags are not used in specs", "a field's type comes from the schema");
  }
  void check_tag(size_t byte, const std::string& tag) {
    if (!tag.empty() && tag != "?" && tag != "!") stop(byte, 1, "tags are not used in specs");
  }

  bool expects_key() const {
    return !open_.empty() && open_.back().node.kind == Node::Kind::kMap && !open_.back().has_key;
  }

  // Of the quoted text at the start of the line, with both quotes; 0 when it does not close.
  static size_t quoted_length(std::string_view line) {
    const char quote = line[0];
    for (size_t i = 1; i < line.size(); ++i) {
      if (quote == '"' && line[i] == '\\') ++i;
      else if (line[i] == quote && quote == '\'' && i + 1 < line.size() && line[i + 1] == quote) ++i;
      else if (line[i] == quote) return i + 1;
    }
    return 0;
  }

  // Of a bracketed list or map that closes on its line; else 1.
  int bracket_length(size_t byte) const {
    const std::string_view line = std::string_view(text_).substr(byte, source_.line_end(byte) - byte);
    if (line.empty() || (line[0] != '[' && line[0] != '{')) return 1;
    int depth = 0;
    for (size_t i = 0; i < line.size(); ++i) {
      if (line[i] == '[' || line[i] == '{') ++depth;
      if ((line[i] == ']' || line[i] == '}') && --depth == 0)
        return static_cast<int>(characters(line.substr(0, i + 1)));
    }
    return 1;
  }

  void count_node(size_t byte) {
    if (++nodes_ > kMaxNodes) stop(byte, 1, fmt::format("more than {} keys and values", kMaxNodes));
  }

  void start(const YAML::Mark& mark, const std::string& tag, Node::Kind kind) {
    const size_t byte = begin(mark);
    check_tag(byte, tag);
    if (expects_key()) {  // yaml-cpp takes a bracket that does not close for the key of a map
      const int length = bracket_length(byte);
      const bool closes = byte < text_.size() && (length > 1 || (text_[byte] != '[' && text_[byte] != '{'));
      if (closes) stop(byte, length, "a key must be a word");
      stop(byte, 1, "this bracket is not closed");
    }
    if (open_.size() >= kMaxDepth) stop(byte, 1, fmt::format("nested more than {} deep", kMaxDepth));
    count_node(byte);
    Open open;
    open.node.kind = kind;
    open.node.origin = source_.at(byte);
    // Only outer brackets are measured: a thousand lists within lists would cost a thousand scans of the line.
    open.node.length = open_.size() < 4 ? bracket_length(byte) : 1;
    open_.push_back(std::move(open));
  }

  void end() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node), false);
  }

  void add(Node node, bool count = true) {
    if (count) count_node(0);
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    Open& open = open_.back();
    if (open.node.kind == Node::Kind::kMap) {
      open.has_key = false;
      if (open.dropped) return;  // of two, the first one stays
      node.key = open.key;
      node.key_origin = open.key_origin;
      node.key_length = open.key_length;
    }
    open.node.children.push_back(std::move(node));
  }

  const SourceText& source_;
  const std::string& text_;
  Diagnostics& diagnostics_;
  std::vector<Open> open_;
  Node root_;
  size_t nodes_ = 0;
};

std::string remedy_for(const std::string& message) {
  if (message == YAML::ErrorMsg::MAP_VALUE || message == YAML::ErrorMsg::MAP_KEY)
    return "is the indentation right? a text with ': ' in it needs quotes";
  if (message == YAML::ErrorMsg::END_OF_SEQ_FLOW || message == YAML::ErrorMsg::END_OF_MAP_FLOW ||
      message == YAML::ErrorMsg::FLOW_END)
    return "is a bracket or a comma missing?";
  if (message == YAML::ErrorMsg::END_OF_MAP || message == YAML::ErrorMsg::END_OF_SEQ)
    return "is the indentation right?";
  if (message == YAML::ErrorMsg::UNKNOWN_TOKEN) return "a text that begins with a sign needs quotes";
  return "";
}

}  // namespace

std::optional<Node> parse_yaml(const SourceText& source, Diagnostics& diagnostics) {
  if (!source.check(diagnostics)) return std::nullopt;
  if (std::optional<Node> plain = parse_plain_yaml(source)) return plain;
  TreeBuilder builder(source, diagnostics);
  try {
    // The end marker: yaml-cpp 0.7 runs into an assertion when the text ends within an entry that has only begun.
    std::istringstream stream(source.text() + "\n...\n");
    YAML::Parser parser(stream);
    parser.HandleNextDocument(builder);
    return builder.take();
  } catch (const Unreadable&) {
    return std::nullopt;
  } catch (const YAML::Exception& error) {
    const std::optional<size_t> quote = source.unclosed_quote();
    if (error.msg.rfind(YAML::ErrorMsg::UNKNOWN_ANCHOR, 0) == 0) {
      diagnostics.add(source.at(static_cast<size_t>(std::max(error.mark.pos, 0))), 1, kNoAnchors, kNoAnchorsRemedy);
      return std::nullopt;
    }
    const bool in_quote =
        quote && (error.msg == YAML::ErrorMsg::EOF_IN_SCALAR || error.msg == YAML::ErrorMsg::DOC_IN_SCALAR ||
                  source.at(*quote).argument > 0 || static_cast<int>(*quote) <= error.mark.pos);
    if (in_quote) {
      diagnostics.add(source.at(*quote), 1, "this quote is not closed on its line");
    } else {
      const size_t byte = error.mark.pos < 0 ? 0 : static_cast<size_t>(error.mark.pos);
      diagnostics.add(source.at(byte), 1, "not YAML: " + error.msg, remedy_for(error.msg));
    }
    return std::nullopt;
  }
}

}  // namespace mlrun::config
