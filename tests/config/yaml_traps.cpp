#include <chrono>
#include <string>
#include <vector>

#include "catch.hpp"
#include "experiment_spec.hpp"
#include "patience.hpp"

using namespace mlrun::config;
using Catch::Contains;

namespace {
const std::string kModel = "model: {kind: made}\n";
}

TEST_CASE("a spec with every usual form of YAML is read") {
  const std::string text =
      "\xEF\xBB\xBF---\r\n# comment\r\nname: \"a\\tb\"   # comment\r\nseed: 1e3\nmodel:\n  kind: 'made'\n  hidden: "
      "[1_000, 20]\n"
      "optim: {lr: 1e-3}\ntags:\n- x\n- 'it''s'\ncompute:\ntrain: {for: 2 epochs}\n";
  Diagnostics diagnostics;
  const Experiment spec(Document::from_text(text, "spec.yaml", {}, diagnostics).root());
  CHECK(diagnostics.report() == "");
  CHECK(spec.name == "a\tb");
  CHECK(spec.seed == 1000);
  CHECK(spec.model_kind == "made");
  CHECK(spec.tags == std::vector<std::string>{"x", "it's"});
  CHECK(spec.length == Period{2, Period::Unit::kEpochs});
}

TEST_CASE("an anchor, an alias, a tag and a merge key are refused at their place") {
  CHECK_THAT(report_on(kModel + "optim: &a {lr: 1}\n"), Contains("spec.yaml:2:8: error: anchors and aliases"));
  CHECK_THAT(report_on(kModel + "optim: *a\n"), Contains("spec.yaml:2:8: error: anchors and aliases"));
  CHECK_THAT(report_on("a: &a [*a]\n"), Contains("spec.yaml:1:4: error: anchors and aliases"));
  CHECK_THAT(report_on(kModel + "seed: !!int 3\n"), Contains("spec.yaml:2:7: error: tags are not used"));
  CHECK_THAT(report_on(kModel + "seed: ! 3\n"), Contains("spec.yaml:2:7: error: tags are not used"));
  CHECK_THAT(report_on(kModel + "optim: !x {lr: 1}\n"), Contains("spec.yaml:2:8: error: tags are not used"));
  CHECK_THAT(report_on(kModel + "tags: !!seq [a]\n"), Contains("spec.yaml:2:7: error: tags are not used"));
  CHECK_THAT(report_on(kModel + "optim:\n  <<: {lr: 1}\n"), Contains("spec.yaml:3:3: error: merge keys"));
  CHECK_THAT(report_on("&a"), Contains("error"));
  CHECK_THAT(report_on("!"), Contains("error"));
}

TEST_CASE("a key given twice is refused, and the first one named") {
  const std::string report = report_on(kModel + "optim:\n  lr: 1\n  betas: [0, 0]\n  lr: 2\n");
  CHECK_THAT(report, Contains("spec.yaml:5:3: error: key 'lr' is given twice"));
  CHECK_THAT(report, Contains("first at spec.yaml:3:3"));
  CHECK_THAT(report_on("model: {kind: made, kind: nade}\n"), Contains("spec.yaml:1:21: error: key 'kind'"));
  CHECK_THAT(report_on("model: {kind: made, \"kind\": nade}\n"), Contains("is given twice"));
  CHECK_THAT(report_on("optim: {}\n" + kModel + "optim: {}\n"), Contains("spec.yaml:3:1: error: key 'optim'"));
}

TEST_CASE("numbers that are not plain decimals are refused") {
  CHECK_THAT(report_on(kModel + "seed: 010\n"), Contains("found '010'") && Contains("write 10"));
  for (const char* number :
       {"0x10", "0o17", "1__0", "_1", "1.5", "1e400", "9223372036854775808", "\"3\"", "'3'", "true"})
    CHECK_THAT(report_on(kModel + "seed: " + number + "\n"),
               Contains("spec.yaml:2:7: error: seed: expected an integer"));
  for (const char* number : {".inf", "-.inf", ".nan", "nan", "inf", "1e999", "0x1p3", "1,5", "\"1\"", "1 2", "0"})
    CHECK_THAT(report_on(kModel + "optim: {lr: " + (std::string(number) == "1,5" ? "'1,5'" : number) + "}\n"),
               Contains("optim.lr: expected a number greater than 0"));
  CHECK(report_on(kModel + "seed: 1_000_000\noptim: {lr: 1E-3}\n") == "");
  CHECK(report_on(kModel + "seed: 1.5e3\noptim: {lr: +.5}\n") == "");
}

TEST_CASE("only true and false are booleans") {
  for (const char* word : {"yes", "on", "True", "TRUE", "y", "1", "\"true\"", "no", "off", "~", "null", ""})
    CHECK_THAT(report_on(kModel + "train: {shuffle: " + word + "}\n"),
               Contains("train.shuffle: expected true or false"));
  CHECK_THAT(report_on(kModel + "train: {shuffle: yes}\n"), Contains("found 'yes'") && Contains("write true"));
  CHECK(report_on(kModel + "train: {shuffle: false}\n") == "");
}

TEST_CASE("a quote that does not close on its line is shown where it opens") {
  CHECK_THAT(report_on("name: \"made\nseed: 1\n" + kModel), Contains("spec.yaml:1:7: error: this quote"));
  CHECK_THAT(report_on(kModel + "name: 'made\n"), Contains("spec.yaml:2:7: error: this quote"));
  CHECK_THAT(report_on(kModel + "name: \"a\nnote: b\"\n"), Contains("spec.yaml:2:7: error: this quote"));
  CHECK_THAT(report_on(kModel + "tags: [\"a, b]\n"), Contains("spec.yaml:2:8: error: this quote"));
  CHECK_THAT(report_on("model: {kind: \"made}\nname: x\n"), Contains("spec.yaml:1:15: error: this quote"));
}

TEST_CASE("a value over several lines is refused") {
  CHECK_THAT(report_on(kModel + "name: made\n  seed\n"), Contains("spec.yaml:2:7") && Contains("several lines"));
  CHECK_THAT(report_on(kModel + "name: |\n  made\n"), Contains("spec.yaml:2:7") && Contains("several lines"));
  CHECK_THAT(report_on(kModel + "name: >\n  made\n"), Contains("spec.yaml:2:7") && Contains("several lines"));
}

TEST_CASE("bytes that are not text are refused at their place") {
  CHECK_THAT(report_on(kModel + std::string("name: a\0b\n", 10)),
             Contains("spec.yaml:2:8: error: control character 0x00"));
  CHECK_THAT(report_on(kModel + "name: a\x04\nbad: 1\n"), Contains("spec.yaml:2:8: error: control character 0x04"));
  CHECK_THAT(report_on(kModel + "name: a\rb\n"), Contains("control character 0x0d"));
  CHECK_THAT(report_on(kModel + "name: \"a\\0b\"\n"), Contains("NUL"));
  CHECK_THAT(report_on(kModel + "name: \xC3(\n"), Contains("spec.yaml:2:7: error: byte 0xc3 is not UTF-8"));
  CHECK_THAT(report_on(kModel + "name: \xC0\xAF\n"), Contains("not UTF-8"));
  CHECK_THAT(report_on(kModel + "name: \xED\xA0\x80\n"), Contains("not UTF-8"));
  CHECK_THAT(report_on("\xFF\xFEm\0o\0"), Contains("not UTF-8"));
}

TEST_CASE("bad syntax is our own error with a place") {
  CHECK_THAT(report_on(kModel + "optim:\n\tlr: 1\n"), Contains("spec.yaml:3:1: error: a tab in the indentation"));
  CHECK_THAT(report_on("a: b: c\n"), Contains("spec.yaml:1:"));
  CHECK_THAT(report_on(kModel + "seed: [1, 2\n"), Contains("error: not YAML"));
  CHECK_THAT(report_on(kModel + "seed: }\n"), Contains("spec.yaml:2:7: error: not YAML"));
  CHECK_THAT(report_on(kModel + "seed: @x\n"), Contains("spec.yaml:2:7: error: not YAML"));
  CHECK_THAT(report_on("seed:1\n"), Contains("write a blank after ':'"));
  CHECK_THAT(report_on("- a\n- b\n"), Contains("expected lines of 'key: value', found a list"));
  CHECK_THAT(report_on("? [a]\n: b\n"), Contains("a key must be a word"));
  CHECK_THAT(report_on("{{a: 1}: 2}\n"), Contains("a key must be a word"));
  CHECK_THAT(report_on("~: 2\n"), Contains("a key is missing"));
  CHECK_THAT(report_on(kModel + "---\nseed: 1\n"), Contains("spec.yaml:2:1: error: a spec is one document"));
  CHECK_THAT(report_on(kModel + "...\nseed: 1\n"), Contains("spec.yaml:2:1: error: a spec is one document"));
  CHECK_THAT(report_on("%YAML 1.2\n---\n" + kModel), Contains("spec.yaml:1:1: error: YAML directives"));
}

TEST_CASE("caps on bytes, depth and values are kept, and quickly") {
  const auto start = std::chrono::steady_clock::now();
  const std::string large(size_t{1} << 20, '[');
  CHECK_THAT(report_on(large + "["), Contains("larger than 1 MiB"));
  CHECK_THAT(report_on(large), Contains("brackets and commas"));
  CHECK_THAT(report_on(std::string(50000, '[')), Contains("this bracket is not closed"));
  CHECK_THAT(report_on("a: " + std::string(64, '[') + std::string(64, ']')), Contains("nested more than 64 deep"));
  CHECK_THAT(report_on(kModel + "tags: " + std::string(63, '[') + std::string(63, ']')), !Contains("nested more"));
  CHECK_THAT(report_on(std::string(1 << 20, '-')), Contains("error"));
  std::string dashes, questions, keys, scalars = "a: [", words = "a: ", nested, colons, list = "a:\n";
  for (int i = 0; i < 300000; ++i) dashes += "- ", questions += "? ", colons += ": ";
  for (int i = 0; i < 40000; ++i) keys += fmt::format("k{}: 1\n", i);
  for (int i = 0; i < 40000; ++i) scalars += "1,";
  for (int i = 0; i < 200000; ++i) words += "word ", list += "- 1\n";
  for (int i = 0; i < 1000; ++i) nested += std::string(static_cast<size_t>(i), ' ') + "a:\n";
  CHECK_THAT(report_on(dashes), Contains("nested more than 64 deep"));
  CHECK_THAT(report_on(questions), Contains("error"));
  CHECK_THAT(report_on(colons), Contains("error"));
  CHECK_THAT(report_on(keys), Contains("more than 20000 keys and values"));
  CHECK_THAT(report_on(scalars + "1]"), Contains("more than 20000 keys and values"));
  CHECK_THAT(report_on(list), Contains("more than 20000 keys and values"));
  CHECK_THAT(report_on(words), Contains("unknown key 'a'"));
  CHECK_THAT(report_on(nested), Contains("nested more than 64 deep"));
  CHECK_THAT(report_on("a: \"" + std::string(1000000, 'x') + "\"\n"), Contains("unknown key 'a'"));
  CHECK_THAT(report_on("a: 'x" + std::string(1000000, '\n')), Contains("this quote"));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  CHECK(seconds < 10 * mlrun::test::patience());
}
