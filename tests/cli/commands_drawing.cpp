// Drafts and constraints of `mlrun sample`, and the probability of a constraint, as a user types them.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

// Two runs of a text of JSON lines: of another width, and of other characters.
struct Runs {
  std::string run, draft, other, images;
};
Runs train(const Workplace& place) {
  std::string text, other;
  for (int i = 0; i < 120; ++i) text += "{\"a\": " + std::to_string(i % 7) + ", \"b\": [true, null]}\n";
  for (int i = 0; i < 300; ++i) other += "nothing of the kind.\n";
  place.put("data/lines.txt", text);
  place.put("data/other.txt", other);
  place.put("text.yaml",
            "data: {kind: text, file: lines.txt, length: 40}\n"
            "model: {kind: sequence, width: 16, layers: 1, mixer: {kind: attention, heads: 2}}\n"
            "optim: {lr: 1e-2}\n"
            "train: {for: 40 steps, batch_size: 20}\n"
            "compute: {lanes: 2}\n");
  const auto trained = [&](const std::vector<std::string>& overrides) {
    std::vector<std::string> words = {"train", "text.yaml", "-q"};
    words.insert(words.end(), overrides.begin(), overrides.end());
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    return result.last_line();
  };
  return {trained({}), trained({"model.width=8", "model.mixer={kind: gru}"}), trained({"data.file=other.txt"}),
          trained({"data={kind: digits, train_limit: 60, valid_limit: 20, test_limit: 20}", "model={kind: fvsbn}",
                   "train.for=2 steps"})};
}

}  // namespace

TEST_CASE("sample draws by a draft and by a constraint, and says what it did") {
  Workplace place;
  const Runs runs = train(place);
  const auto sample = [&](std::vector<std::string> words) {
    words.insert(words.begin(), {"sample", runs.run});
    const ProgramResult result = place.mlrun(words);
    INFO(result.err);
    CHECK(result.exit_code == 0);
    return result.out;
  };

  SECTION("a draft") {
    const Json answer = Json::parse(sample({"--draft", runs.draft, "-n", "5", "-o", "a.txt", "--json"}));
    CHECK(answer.at("exact_law") == true);
    CHECK(answer.at("draft").at("accepted_length").get<double>() > 1);
    CHECK(answer.at("draft").at("acceptance").get<double>() > 0);
    CHECK(answer.at("draft").at("acceptance").get<double>() < 1);
    for (const std::string threads : {"1", "3"}) {
      sample({"--draft", runs.draft, "-n", "5", "-o", "b.txt", "--threads", threads, "--ahead", threads});
      CHECK(place.get("a.txt") == place.get("b.txt"));
    }
    CHECK(sample({"--draft", runs.draft, "--prompt", "{\"a\": ", "--length", "60"}).starts_with("{\"a\": "));
  }
  SECTION("heads of its own, trained on it as it is") {
    const ProgramResult none = place.mlrun({"sample", runs.run, "--draft", "heads"});
    CHECK(none.exit_code == 2);
    CHECK(says(none.err, "model.heads.kind=medusa model.heads.trunk=frozen --from"));
    const ProgramResult alone = place.mlrun({"train", runs.run, "model.heads.kind=medusa", "model.heads.trunk=frozen"});
    CHECK(alone.exit_code == 2);
    CHECK(says(alone.err, "--from RUN"));
    const ProgramResult trained = place.mlrun({"train", runs.run, "model.heads.kind=medusa", "model.heads.count=3",
                                               "model.heads.trunk=frozen", "--from", runs.run, "-q"});
    INFO(trained.err);
    REQUIRE(trained.exit_code == 0);
    const auto nll = [&](const std::string& run) {
      return Json::parse(place.mlrun({"eval", run, "--split", "valid", "--json"}).out).at("nll").get<double>();
    };
    CHECK(nll(trained.last_line()) == nll(runs.run));
    const std::string run = trained.last_line();
    const ProgramResult proof = place.mlrun({"prove", run});
    INFO(proof.out << proof.err);
    CHECK(proof.exit_code == 0);
    CHECK(says(proof.out, "128 samples that its heads drafted"));
    const Json answer = Json::parse(
        place.mlrun({"sample", run, "--draft", "heads", "-n", "5", "-o", "a.txt", "--json", "--threads", "1"}).out);
    CHECK(answer.at("exact_law") == true);
    CHECK(answer.at("draft").at("of") == "heads");
    CHECK(answer.at("draft").at("accepted_length").get<double>() > 1);
    CHECK(place.mlrun({"sample", run, "--draft", "heads", "-n", "5", "-o", "b.txt", "--threads", "3"}).exit_code == 0);
    CHECK(place.get("a.txt") == place.get("b.txt"));
  }
  SECTION("a pattern, by both laws") {
    const Json local = Json::parse(sample({"--match", "\\{\"a\": [0-6]", "-n", "6", "-o", "a.txt", "--json"}));
    CHECK(local.at("exact_law") == false);
    CHECK(local.at("law") == "constrained step by step: not the model's own");
    CHECK(local.at("lengths") == std::vector<int>(6, 7));
    CHECK(local.at("constraint").at("log_allowed").size() == 6);
    const Json exact =
        Json::parse(sample({"--match", "[^\n]{3}", "--law", "exact", "-n", "6", "-o", "a.txt", "--json"}));
    CHECK(exact.at("law") == "the model's own, given the constraint");
    CHECK(exact.at("constraint").at("attempts").get<int>() >= 6);
    CHECK(sample({"--prompt", "{\"a\"", "--match", ": [0-9]"}).starts_with("{\"a\": "));
  }
  SECTION("what is no text in UTF-8 is refused for a text of characters, whatever it is given by") {
    place.put("bad.ebnf", "list ::= \"[\" item \"]\"\nitem ::= 'tr\xff'\n");
    place.put("bad.json", "{\"type\": \"string\", \"pattern\": \"\xc3\x28\"}");
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"--match", "\xff"}, {"--match", "[a-\xff]+"}, {"--grammar", "bad.ebnf"}, {"--json-schema", "bad.json"}}) {
      std::vector<std::string> all = {"sample", runs.run, "-n", "1"};
      all.insert(all.end(), words.begin(), words.end());
      const ProgramResult refused = place.mlrun(all);
      INFO(words[0] << ": " << refused.err);
      CHECK(refused.exit_code == 2);
      CHECK(says(refused.err, "expected UTF-8"));
    }
    CHECK(says(place.mlrun({"sample", runs.run, "--grammar", "bad.ebnf"}).err, "0xff in line 2 after 12 characters"));
    CHECK(says(place.mlrun({"eval", runs.run, "--match", "\xff"}).err, "expected UTF-8"));
  }
  SECTION("a grammar and a schema") {
    place.put("list.ebnf", "list ::= \"[\" item (\", \" item)* \"]\" # values\nitem ::= 'true' | 'null' | [0-6]\n");
    const std::string list = sample({"--grammar", "list.ebnf"});
    CHECK(Json::accept(list));
    CHECK(Json::parse(list).is_array());
    place.put("s.json",
              "{\"type\": \"object\", \"properties\": {\"a\": {\"enum\": [3, true]}, \"b\": {\"type\": \"null\"}}, "
              "\"required\": [\"a\"]}");
    sample({"--json-schema", "s.json", "-n", "20", "-o", "a.txt"});
    const std::string texts = "\n" + place.get("a.txt");
    size_t count = 0;
    for (size_t at = texts.find("\n{"); at != std::string::npos; at = texts.find("\n{", at + 1), ++count) {
      const Json value = Json::parse(texts.substr(at + 1, texts.find('\n', at + 1) - at - 1));
      CHECK((value.at("a") == 3 || value.at("a") == true));
    }
    CHECK(count == 20);
  }
  SECTION("its probability") {
    const Json answer =
        Json::parse(place.mlrun({"eval", runs.run, "--match", "[^\n]*", "--length", "4", "--json"}).out);
    CHECK(answer.at("probability").get<double>() == Approx(1));  // it is complete from the beginning
    const ProgramResult table = place.mlrun({"eval", runs.run, "--match", "\\{.*", "--samples", "200"});
    INFO(table.err);
    CHECK(says(table.out, "probability"));
    CHECK(says(table.out, "--match '\\{.*'"));
  }
}

TEST_CASE("drafts and constraints that cannot be are refused in one message with a remedy") {
  Workplace place;
  const Runs runs = train(place);
  place.put("left.ebnf", "a ::= a 'x' | 'x'\n");
  place.put("numbers.json", "{\"type\": \"integer\", \"maximum\": 9}");
  place.put("mask.txt", "? 1 0 2");
  struct Refusal {
    std::vector<std::string> words;
    std::string part, remedy;
  };
  for (const Refusal& r : std::vector<Refusal>{
           {{"sample", runs.run, "--draft", runs.other},
            "its text has other characters than this run's",
            "a draft of the same symbols"},
           {{"sample", runs.run, "--draft", runs.images},
            "it is of no text, and this run is of one",
            "a draft of the same symbols"},
           {{"sample", runs.run, "--draft", runs.draft, "--ahead", "none"}, "--ahead: expected 1 to 200", ""},
           {{"sample", runs.run, "--ahead", "3"}, "--draft", ""},
           {{"sample", runs.run, "--draft", runs.draft, "--match", "a"},
            "a constraint is followed one symbol after the other",
            "without   --draft"},
           {{"sample", runs.run, "--draft", runs.draft, "--repetition-penalty", "2"},
            "--repetition-penalty looks at more",
            ""},
           {{"sample", runs.run, "--match", "a", "--grammar", "left.ebnf"}, "--match", ""},
           {{"sample", runs.run, "--match", "(a"}, "--match: at character 1 of '(a': a ( without its )", "a ( itself"},
           {{"sample", runs.run, "--match", "xyz"}, "'x' is none of them", "characters of its training text"},
           {{"sample", runs.run, "--match", "a{50}"}, "there is room for 40", "--length 50"},
           {{"sample", runs.run, "--grammar", "left.ebnf"}, "left.ebnf:1: left recursion", "as a repetition"},
           {{"sample", runs.run, "--grammar", "no.ebnf"}, "no.ebnf", ""},
           {{"sample", runs.run, "--json-schema", "numbers.json"}, "'maximum' is not supported here", "without it"},
           {{"sample", runs.run, "--match", "(\\]a){12}", "--law", "exact"},
            "--law exact: the model gives the constraint",
            "--law local"},
           {{"sample", runs.run, "--match", "[^x]", "--law", "exact", "--top-k", "3"},
            "--top-k cuts away symbols",
            "--law local"},
           {{"sample", runs.images, "--match", "a"}, "patterns are of texts", "--mask FILE"},
           {{"sample", runs.images, "--mask", "mask.txt"}, "found '2' at place 3", ""},
           {{"sample", runs.run, "--law", "fair"}, "--law", ""}}) {
    const ProgramResult result = place.mlrun(r.words);
    INFO(r.words[2] << " " << (r.words.size() > 3 ? r.words[3] : "") << ": " << result.err);
    CHECK(result.exit_code == 2);
    CHECK(says(result.err, r.part));
    CHECK(says(result.err, r.remedy));
  }
}

TEST_CASE("a byte order mark before a prompt, a grammar, a schema or a mask is passed over") {
  Workplace place;
  const Runs runs = train(place);
  place.put("g.ebnf",
            "\xef\xbb\xbf"
            "a ::= 'ab'\r\n");
  place.put("s.json", "\xef\xbb\xbf{\"const\": 1}");
  place.put("p.txt",
            "\xef\xbb\xbf"
            "b");
  place.put("wide.ebnf", std::string("\xff\xfe"
                                     "a\0",
                                     4));
  CHECK(place.mlrun({"sample", runs.run, "--grammar", "g.ebnf", "-n", "1"}).out == "ab\n");
  CHECK(place.mlrun({"sample", runs.run, "--json-schema", "s.json", "-n", "1"}).out == "1\n");
  CHECK(place.mlrun({"sample", runs.run, "--prompt", "@p.txt", "-n", "1"}).out.substr(0, 1) == "b");
  const ProgramResult wide = place.mlrun({"sample", runs.run, "--grammar", "wide.ebnf"});
  CHECK(wide.exit_code == 2);
  CHECK(says(wide.err, "iconv -f UTF-16 -t UTF-8 wide.ebnf"));
}

TEST_CASE("a mask forces pixels of an image") {
  Workplace place;
  const Runs runs = train(place);
  std::string mask;
  for (int i = 0; i < 784; ++i) mask += i < 28 ? "1 " : i < 56 ? "0 " : "? ";
  place.put("mask.txt", mask);
  const ProgramResult drawn = place.mlrun({"sample", runs.images, "--mask", "mask.txt", "-n", "3", "-o", "-"});
  INFO(drawn.err);
  REQUIRE(drawn.exit_code == 0);
  std::string row;
  for (int i = 0; i < 56; ++i) row += i < 28 ? "1 " : "0 ";
  size_t count = 0;
  for (size_t at = ("\n" + drawn.out).find("\n" + row); at != std::string::npos;
       at = ("\n" + drawn.out).find("\n" + row, at + 1))
    ++count;
  CHECK(count == 3);
}
