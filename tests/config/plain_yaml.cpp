// What is read without a YAML parser is what the parser finds, or is left to it.
#include "config/plain_yaml.hpp"

#include <string>

#include "catch.hpp"
#include "config/yaml_parser.hpp"

namespace mlrun::config {
namespace {

std::string print(const Node& node, int depth = 0) {
  std::string text = std::string(static_cast<size_t>(depth), ' ') + std::to_string(static_cast<int>(node.kind)) + " '" +
                     node.key + "' " + node.key_origin.print() + "+" + std::to_string(node.key_length) + " = '" +
                     node.text + "' " + node.origin.print() + "+" + std::to_string(node.length) +
                     (node.quoted ? " quoted" : "") + "\n";
  for (const Node& child : node.children) text += print(child, depth + 1);
  return text;
}

const std::string kSpec =
    "name: made\n"
    "group: a-b_c.d/e+f\n"
    "tags: []\n"
    "seed: 1\n"
    "data:\n"
    "  kind: digits\n"
    "  split: [0.6, 0.2, 0.2]\n"
    "model:\n"
    "  kind: sequence\n"
    "  mixer:\n"
    "    kind: s4d\n"
    "    more:\n"
    "      deep: [a, b c]\n"
    "      deeper: 3\n"
    "  width: 64\n"
    "  order: raster\n"
    "train:\n"
    "  for: 20 epochs\n"
    "  eps: 1e-8\n";

}  // namespace

TEST_CASE("a spec as mlrun writes it is read without a YAML parser, to the same tree") {
  const SourceText plain("x.yaml", kSpec), commented("x.yaml", kSpec + "# a comment, for which a parser is needed\n");
  Diagnostics diagnostics;
  const auto fast = parse_plain_yaml(plain), slow = parse_yaml(commented, diagnostics);
  REQUIRE(fast);
  REQUIRE(slow);
  REQUIRE_FALSE(parse_plain_yaml(commented));
  CHECK(print(*fast) == print(*slow));
  CHECK(fast->find("model")->find("mixer")->find("more")->find("deeper")->text == "3");
  CHECK(fast->find("train")->find("for")->text == "20 epochs");
}

TEST_CASE("what is not of that simple form is left to a YAML parser") {
  for (const char* other : {"",
                            "a: 1",
                            "a:\n",
                            "a:\nb: 1\n",
                            "a: 1\n\nb: 2\n",
                            "a: 1 # one\n",
                            "a: \"1\"\n",
                            "a: '1'\n",
                            "a: null\n",
                            "a: ~\n",
                            "a: 1\na: 2\n",
                            "a: {b: 1}\n",
                            "a: [[1]]\n",
                            "a: [1,2]\n",
                            "a: [1, ]\n",
                            "a: [1\n",
                            "a: b: c\n",
                            "a:  1\n",
                            "a: 1 \n",
                            "a:\n   b: 1\n",
                            "a:\n    b: 1\n",
                            "a: 1\n  b: 2\n",
                            " a: 1\n",
                            "- 1\n",
                            "a: -1\n",
                            "a: &x 1\n",
                            "a: !t 1\n",
                            "a: |\n",
                            "a: ...\n",
                            "...\n",
                            "---\na: 1\n",
                            "a: caf\xc3\xa9\n",
                            "a\n",
                            "a : 1\n",
                            "1: a\n",
                            "null: 1\n",
                            "a: x  y\n",
                            "a: 1\tb\n",
                            "a: 1,2\n",
                            "<<: 1\n",
                            "a: [null]\n"}) {
    INFO(other);
    CHECK_FALSE(parse_plain_yaml(SourceText("x.yaml", other)));
  }
}

}  // namespace mlrun::config
