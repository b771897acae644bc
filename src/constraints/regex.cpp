#include "constraints/regex.hpp"

#include <utility>
#include <vector>

namespace mlrun::constraints {
namespace {

class RegexParser {
 public:
  RegexParser(Grammar& grammar, std::string_view pattern, const std::string& name, bool bytes, const CodeSet& without)
      : grammar_(grammar), s_(pattern, name, /*is_file=*/false, bytes), without_(without) {}

  NodeId whole() {
    s_.take("^");
    const NodeId node = choice();
    if (!s_.done()) s_.fail_here("a ) without its (", "a ) itself   \\)");
    return node;
  }

 private:
  NodeId choice() {
    std::vector<NodeId> ways;
    do ways.push_back(sequence());
    while (s_.take("|"));
    return grammar_.choice(std::move(ways));
  }

  NodeId sequence() {
    std::vector<NodeId> parts;
    while (!s_.done() && s_.peek() != '|' && s_.peek() != ')') {
      if (s_.rest() == "$") {
        s_.take("$");
        break;
      }
      NodeId part = atom();
      Count count;
      while (take_count(s_, count)) {
        if (s_.peek() == '?' || s_.peek() == '+')
          s_.fail_here("a lazy or possessive count, and a constraint knows what may come and no preference",
                       "without the second sign");
        part = grammar_.repeat(part, count.least, count.most);
      }
      parts.push_back(part);
    }
    return grammar_.sequence(std::move(parts));
  }

  NodeId atom() {
    const size_t begin = s_.at();
    if (s_.take("(")) {
      if (s_.peek() == '?' && !s_.starts_with("?:"))
        s_.fail_at(begin, "lookaround, flags and named groups are not supported", "a plain group   (?:...)");
      s_.take("?:");
      s_.enter();
      const NodeId inside = choice();
      s_.leave();
      if (!s_.take(")")) s_.fail_at(begin, "a ( without its )", "a ( itself   \\(");
      return inside;
    }
    if (s_.take("[")) return codes(take_class(s_));
    if (s_.take(".")) return codes(CodeSet('\n', '\n').inverted());
    if (s_.take("\\")) return codes(take_escape(s_));
    const char c = s_.peek();
    if (c == '*' || c == '+' || c == '?')
      s_.fail_here("a count with nothing before it", "the sign itself   \\" + std::string(1, c));
    if (c == '{') s_.fail_here("a count with nothing before it", "a { itself   \\{");
    if (c == '^' || c == '$') {
      s_.fail_here("an anchor inside a pattern, which is of the whole already",
                   "the sign itself   \\" + std::string(1, c));
    }
    const int64_t code = s_.take_code();
    return codes({code, code});
  }

  NodeId codes(const CodeSet& set) { return grammar_.codes(set.without(without_)); }

  Grammar& grammar_;
  Scanner s_;
  CodeSet without_;
};

}  // namespace

NodeId add_regex(Grammar& grammar, std::string_view pattern, const std::string& name, bool bytes,
                 const CodeSet& without) {
  return RegexParser(grammar, pattern, name, bytes, without).whole();
}

Grammar grammar_of_regex(std::string_view pattern, const std::string& name, bool bytes) {
  Grammar grammar;
  grammar.root = add_regex(grammar, pattern, name, bytes);
  return grammar;
}

}  // namespace mlrun::constraints
