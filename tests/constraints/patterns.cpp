#include <functional>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "constraints/automaton.hpp"
#include "constraints/ebnf.hpp"
#include "constraints/json_schema.hpp"
#include "constraints/mask.hpp"
#include "constraints/regex.hpp"

using namespace mlrun;
using namespace mlrun::constraints;

namespace {

std::vector<int64_t> codes_of(const std::string& characters) {
  std::vector<int64_t> codes;
  for (const char c : characters) codes.push_back(static_cast<unsigned char>(c));
  return codes;
}

// Every text of the constraint of at most `room` characters. That a way that goes on can be completed is checked.
std::set<std::string> texts_of(const Constraint& constraint, const std::string& characters, int64_t room) {
  std::set<std::string> texts;
  std::string text;
  const std::function<bool(Constraint::State)> go = [&](Constraint::State state) {
    bool some = constraint.may_end(state);
    if (some) texts.insert(text);
    const int64_t left = room - static_cast<int64_t>(text.size());
    if (left == 0) return some;
    std::vector<Next> next;
    constraint.next(state, left, next);
    REQUIRE(next.size() == characters.size());
    for (size_t s = 0; s < next.size(); ++s) {
      if (next[s] == Next::kEnds) CHECK(constraint.may_end(state));
      if (next[s] != Next::kGoesOn) continue;
      text.push_back(characters[s]);
      const bool completed = go(constraint.after(state, static_cast<int32_t>(s)));
      text.pop_back();
      INFO(text << " and then " << characters[s]);
      CHECK(completed);
      some = true;
    }
    return some;
  };
  CHECK(go(constraint.start()));
  return texts;
}

std::set<std::string> texts_of_regex(const std::string& pattern, const std::string& characters, int64_t room) {
  return texts_of(Automaton(grammar_of_regex(pattern, "--match", false), codes_of(characters), room, "--match"),
                  characters, room);
}
std::set<std::string> texts_of_ebnf(const std::string& grammar, const std::string& characters, int64_t room) {
  return texts_of(Automaton(grammar_of_ebnf(grammar, "g.ebnf", false), codes_of(characters), room, "g.ebnf"),
                  characters, room);
}

std::string message_of(const std::function<void()>& f) {
  try {
    f();
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::kUsage);
    return error.what();
  }
  return "nothing was said";
}
std::string message_of_regex(const std::string& pattern) {
  return message_of([&] { texts_of_regex(pattern, "abc", 5); });
}
std::string message_of_ebnf(const std::string& grammar) {
  return message_of([&] { texts_of_ebnf(grammar, "abc", 5); });
}
std::string message_of_schema(const std::string& schema) {
  return message_of([&] { grammar_of_json_schema(schema, "s.json", false); });
}
bool says(const std::string& text, const std::string& what) { return text.find(what) != std::string::npos; }

using Texts = std::set<std::string>;

}  // namespace

TEST_CASE("a pattern allows its texts and no others, and never leads where none can be completed") {
  CHECK(texts_of_regex("abc", "abc", 5) == Texts{"abc"});
  CHECK(texts_of_regex("^a|bc$", "abc", 5) == Texts{"a", "bc"});
  CHECK(texts_of_regex("a*", "ab", 3) == Texts{"", "a", "aa", "aaa"});
  CHECK(texts_of_regex("(ab)+c?", "abc", 5) == Texts{"ab", "abc", "abab", "ababc"});
  CHECK(texts_of_regex("a{2,3}b{1}", "ab", 9) == Texts{"aab", "aaab"});
  CHECK(texts_of_regex("a{2,}", "ab", 4) == Texts{"aa", "aaa", "aaaa"});
  CHECK(texts_of_regex("[^a]", "abc", 3) == Texts{"b", "c"});
  CHECK(texts_of_regex("[a-b][\\d]", "ab12", 3) == Texts{"a1", "a2", "b1", "b2"});
  CHECK(texts_of_regex(".\\.\\x41", "a.A\n", 3) == Texts{"a.A", "..A", "A.A"});
  CHECK(texts_of_regex("(a|ab)(c|bcd)", "abcd", 9) == Texts{"ac", "abc", "abcd", "abbcd"});
  CHECK(texts_of_regex("((a?)*)*b", "ab", 3) == Texts{"b", "ab", "aab"});
  CHECK(texts_of_regex("\\w\\s\\W\\D", "a !1", 4) ==
        Texts{"a !!", "a !a", "a ! ", "a  a", "a  !", "a   ", "1 !!", "1 !a", "1 ! ", "1  a", "1  !", "1   "});
  // What is too long is not begun: of five characters there is no way to the second.
  CHECK(texts_of_regex("ab|a{9}|ba{7}", "ab", 5) == Texts{"ab"});
  CHECK(texts_of_regex("(aa)*", "ab", 5) == Texts{"", "aa", "aaaa"});
}

TEST_CASE("a pattern agrees with its definition on every short text") {
  // Against a matcher of another kind: what is left of a pattern of letters, stars and choices, by hand.
  const auto even_as_then_b = [](const std::string& t) {
    size_t at = 0;
    while (at + 1 < t.size() && t[at] == 'a' && t[at + 1] == 'a') at += 2;
    return at + 1 == t.size() && t[at] == 'b';
  };
  const Texts found = texts_of_regex("(aa)*b", "ab", 7);
  const std::function<void(std::string)> each = [&](const std::string& t) {
    CHECK((found.count(t) > 0) == even_as_then_b(t));
    if (t.size() == 7) return;
    each(t + "a");
    each(t + "b");
  };
  each("");
}

TEST_CASE("a grammar nests, as deep as there is room") {
  CHECK(texts_of_ebnf("pairs ::= '(' pairs ')' | ''", "()", 7) == Texts{"", "()", "(())", "((()))"});
  CHECK(texts_of_ebnf("# balanced\nall = one*; one = \"(\" all \")\";", "()", 4) == Texts{"", "()", "()()", "(())"});
  CHECK(texts_of_ebnf("s ::= a b\na ::= [ab]?\nb ::= \"\\x63\"{1,2}", "abc", 9) ==
        Texts{"c", "cc", "ac", "acc", "bc", "bcc"});
  CHECK(texts_of_ebnf("s ::= 'a' s 'b' | 'c'", "abc", 5) == Texts{"c", "acb", "aacbb"});
}

TEST_CASE("what cannot be is said in one message with a remedy") {
  CHECK(says(message_of_regex("a(b"), "at character 2 of 'a(b': a ( without its )\n"));
  CHECK(says(message_of_regex("ab)"), "a ) without its (\n"));
  CHECK(says(message_of_regex("[ab"), "a class of characters without its end\n"));
  CHECK(says(message_of_regex("[b-a]"), "a range of characters that is none\n"));
  CHECK(says(message_of_regex(std::string(5000, '(')), "a thousand deep"));
  CHECK(says(message_of_regex("*a"), "a count with nothing before it\n"));
  CHECK(says(message_of_regex("a{3,2}"), "most is below its least"));
  CHECK(says(message_of_regex("a{3"), "a count without its end\n"));
  CHECK(says(message_of_regex("a*?"), "lazy or possessive"));
  CHECK(says(message_of_regex("a^b"), "an anchor inside a pattern"));
  CHECK(says(message_of_regex("(?=a)"), "lookaround"));
  CHECK(says(message_of_regex("(a)\\1"), "\\1 is not supported\n"));
  CHECK(says(message_of_regex("x"), "no text of the characters that this model knows is of it; 'x' is none of them\n"));
  CHECK(says(message_of_regex("a{6}"),
             "the shortest text of it has 6 characters, and there is room for 5\n  longer samples   --length 6"));
  CHECK(says(message_of_ebnf("s ::= t\n\nu ::= 'a'"), "g.ebnf:1: rule 't' is used, and there is none of this name"));
  CHECK(says(message_of_ebnf("s ::= digt\ndigit ::= 'a'"), "did you mean   digit"));
  CHECK(says(message_of_ebnf("s ::= 'a'\nlist ::= list 'a' | 'b'"),
             "g.ebnf:2: left recursion: list begins with itself\n"));
  CHECK(says(message_of_ebnf("s ::= a\na ::= 'x'? b\nb ::= a 'b' | 'c'"),
             "left recursion: a begins with b, and that with a again\n"));
  CHECK(says(message_of_ebnf("s ::= 'a' s"), "no text"));
  CHECK(says(message_of_ebnf("s ::= 'a\n"), "a string without its end"));
  CHECK(says(message_of_ebnf("s ::= 'a'\ns ::= 'b'"), "rule 's' is there twice"));
  CHECK(says(message_of_ebnf(""), "a grammar without rules\n"));
  CHECK(says(message_of_ebnf("s ::= 'a' !"), "'!' is no part of a rule\n"));
  CHECK(says(message_of_schema("{"), "s.json: this is no JSON"));
  CHECK(says(message_of_schema(R"({"type": "integer", "minimum": 3})"),
             "s.json: at #: 'minimum' is not supported here\n  without it; "));
  CHECK(says(message_of_schema(R"({"properties": {"a": {"oneOf": []}}})"),
             "at #/properties/a: 'oneOf' is not supported"));
  CHECK(says(message_of_schema(R"({"type": "object", "required": ["a"]})"),
             "'a' is required, and not among the properties\n"));
  CHECK(says(message_of_schema(R"({"type": "string", "pattern": "a"})"), "a part of the string\n"));
  CHECK(says(message_of_schema(R"({"type": "word"})"), "no type 'word'\n"));
  CHECK(says(message_of_schema(R"({"$ref": "#/$defs/x"})"), "leads nowhere\n"));
  CHECK(says(message_of_schema(R"({"anyOf": [{"$ref": "#"}, {"type": "null"}]})"),
             "refers to itself with nothing between\n"));
}

TEST_CASE("the texts of a JSON Schema are JSON and of the schema") {
  const std::string characters = "{}[]\":, ab1-0truefalsn";
  std::string once;
  for (const char c : characters) {
    if (once.find(c) == std::string::npos) once.push_back(c);
  }
  const auto texts = [&](const std::string& schema, int64_t room) {
    return texts_of(Automaton(grammar_of_json_schema(schema, "s.json", false), codes_of(once), room, "s.json"), once,
                    room);
  };
  CHECK(texts(R"({"type": "boolean"})", 9) == Texts{"true", "false"});
  CHECK(texts(R"({"enum": ["a", 1, null]})", 9) == Texts{"\"a\"", "1", "null"});
  CHECK(texts(R"({"type": "array", "items": {"const": 1}, "maxItems": 2})", 9) ==
        Texts{"[]", "[1]", "[1,1]", "[1, 1]"});
  CHECK(texts(R"({"properties": {"a": {"const": 1}, "b": {"const": 0}}, "required": ["b"]})", 99) ==
        Texts{"{\"b\":0}", "{\"b\": 0}", "{\"a\":1,\"b\":0}", "{\"a\": 1,\"b\":0}", "{\"a\":1, \"b\":0}",
              "{\"a\": 1, \"b\":0}", "{\"a\":1,\"b\": 0}", "{\"a\": 1,\"b\": 0}", "{\"a\":1, \"b\": 0}",
              "{\"a\": 1, \"b\": 0}"});
  CHECK(texts(R"({"properties": {"a": {"const": 1}}, "additionalProperties": false})", 99) ==
        Texts{"{}", "{\"a\":1}", "{\"a\": 1}"});
  CHECK(texts(R"({"type": "string", "pattern": "^[ab\"]{2}$"})", 9) == Texts{"\"aa\"", "\"ab\"", "\"ba\"", "\"bb\""});
  CHECK(texts(R"({"type": ["string", "null"], "maxLength": 0})", 9) == Texts{"\"\"", "null"});
  // A list that holds itself.
  CHECK(texts(R"({"$defs": {"l": {"type": "array", "items": {"$ref": "#/$defs/l"}}}, "$ref": "#/$defs/l"})", 7) ==
        Texts{"[]", "[[]]", "[[[]]]", "[[],[]]"});
  CHECK(
      texts(
          R"({"$defs": {"l": {"type": "array", "maxItems": 1, "items": {"$ref": "#/$defs/l"}}}, "$ref": "#/$defs/l"})",
          6) == Texts{"[]", "[[]]", "[[[]]]"});
  for (const std::string& text : texts("{}", 4)) {
    INFO(text);
    CHECK(nlohmann::json::accept(text));
  }
}

TEST_CASE("a mask forces what it names and nothing else") {
  const Mask mask({-1, 1, -1}, 2);
  CHECK(texts_of(mask, "01", 3) == Texts{"010", "011", "110", "111"});
}
