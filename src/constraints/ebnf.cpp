#include "constraints/ebnf.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cctype>
#include <map>
#include <utility>
#include <vector>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "constraints/characters.hpp"

namespace mlrun::constraints {
namespace {

bool begins_name(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool in_name(char c) { return begins_name(c) || std::isdigit(static_cast<unsigned char>(c)) != 0 || c == '-'; }

class EbnfParser {
 public:
  EbnfParser(std::string_view text, const std::string& name, bool bytes)
      : s_(text, name, /*is_file=*/true, bytes), name_(name) {}

  Grammar whole() {
    for (skip(); !s_.done(); skip()) rule();
    if (grammar_.rules().empty()) s_.fail_at(0, "a grammar without rules", "such as   root ::= \"yes\" | \"no\"");
    for (const auto& [rule, place] : used_) {
      if (defined_.count(rule) > 0) continue;
      std::vector<std::string> names;
      for (const auto& [other, where] : defined_) names.push_back(other);
      const auto nearest = nearest_name(rule, names);
      s_.fail_at(place, fmt::format("rule '{}' is used, and there is none of this name", rule),
                 nearest ? fmt::format("did you mean   {}", *nearest) : fmt::format("add   {} ::= ...", rule));
    }
    if (const auto circle = grammar_.left_recursion(); !circle.empty()) {
      s_.fail_at(
          defined_.at(circle.front()),
          fmt::format("left recursion: {} begins with {}", circle.front(),
                      circle.size() == 1
                          ? "itself"
                          : fmt::format("{}, and that with {} again",
                                        fmt::join(circle.begin() + 1, circle.end(), ", that with "), circle.front())),
          "as a repetition   list ::= item (\",\" item)*   in the place of   list ::= list \",\" item | item");
    }
    grammar_.root = grammar_.use(0);
    return std::move(grammar_);
  }

 private:
  void skip() {
    for (;;) {
      while (!s_.done() && std::isspace(static_cast<unsigned char>(s_.peek())) != 0) s_.go_to(s_.at() + 1);
      if (s_.peek() != '#' || s_.done()) return;
      while (!s_.done() && s_.peek() != '\n') s_.go_to(s_.at() + 1);
    }
  }

  std::string take_name() {
    std::string name;
    while (!s_.done() && in_name(s_.peek())) {
      name.push_back(s_.peek());
      s_.go_to(s_.at() + 1);
    }
    return name;
  }

  // Whether a name with ::= or = behind it is next: where the next rule begins.
  bool at_rule() {
    const size_t here = s_.at();
    take_name();
    skip();
    const bool found = s_.starts_with("::=") || s_.starts_with("=");
    s_.go_to(here);
    return found;
  }

  void rule() {
    const size_t begin = s_.at();
    if (!begins_name(s_.peek())) s_.fail_here("a rule was expected", "such as   root ::= \"yes\" | \"no\"");
    const std::string name = take_name();
    skip();
    if (!s_.take("::=") && !s_.take("=")) s_.fail_here(fmt::format("::= was expected behind '{}'", name));
    if (!defined_.emplace(name, begin).second) s_.fail_at(begin, fmt::format("rule '{}' is there twice", name));
    const int32_t rule = grammar_.rule(name);
    grammar_.define(rule, choice());
    skip();
    s_.take(";");
  }

  NodeId choice() {
    std::vector<NodeId> ways;
    do ways.push_back(sequence());
    while (s_.take("|"));
    return grammar_.choice(std::move(ways));
  }

  NodeId sequence() {
    std::vector<NodeId> parts;
    for (skip(); !s_.done() && std::string_view("|);").find(s_.peek()) == std::string_view::npos; skip()) {
      if (begins_name(s_.peek()) && at_rule()) break;
      NodeId part = atom();
      Count count;
      for (skip(); take_count(s_, count); skip()) part = grammar_.repeat(part, count.least, count.most);
      parts.push_back(part);
    }
    return grammar_.sequence(std::move(parts));
  }

  NodeId atom() {
    const size_t begin = s_.at();
    if (s_.take("(")) {
      s_.enter();
      const NodeId inside = choice();
      s_.leave();
      if (!s_.take(")")) s_.fail_at(begin, "a ( without its )");
      return inside;
    }
    if (s_.take("[")) return grammar_.codes(take_class(s_));
    if (s_.take(".")) return grammar_.codes(CodeSet('\n', '\n').inverted());
    if (s_.peek() == '"' || s_.peek() == '\'') return string();
    if (!begins_name(s_.peek()))
      s_.fail_here(fmt::format("'{}' is no part of a rule", s_.peek()),
                   "a string   \"...\", a class   [a-z], a rule's name, or a group   (...)");
    const std::string name = take_name();
    used_.emplace(name, begin);
    return grammar_.use(grammar_.rule(name));
  }

  NodeId string() {
    const size_t begin = s_.at();
    const char quote = s_.peek();
    s_.go_to(begin + 1);
    std::vector<NodeId> parts;
    while (s_.peek() != quote) {
      if (s_.done() || s_.peek() == '\n') s_.fail_at(begin, "a string without its end");
      parts.push_back(s_.take("\\") ? grammar_.codes(take_escape(s_)) : grammar_.code(s_.take_code()));
    }
    s_.go_to(s_.at() + 1);
    return grammar_.sequence(std::move(parts));
  }

  Scanner s_;
  std::string name_;
  Grammar grammar_;
  std::map<std::string, size_t> defined_, used_;  // where
};

}  // namespace

Grammar grammar_of_ebnf(std::string_view text, const std::string& name, bool bytes) {
  return EbnfParser(text, name, bytes).whole();
}

}  // namespace mlrun::constraints
