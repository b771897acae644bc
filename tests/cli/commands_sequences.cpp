// Texts, tasks and classifiers, as a user types them.
#include <cmath>
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

std::string train_text(const Workplace& place) {
  std::string text;
  for (int i = 0; i < 150; ++i) text += "the cat sat on the mat.\n";
  place.put("data/cats.txt", text);
  place.put("text.yaml",
            "data: {kind: text, file: cats.txt, length: 12}\n"
            "model: {kind: made, hidden: [16]}\n"
            "optim: {lr: 1e-2}\n"
            "train: {for: 30 steps, batch_size: 50}\n"
            "compute: {lanes: 2}\n");
  const ProgramResult result = place.mlrun({"train", "text.yaml", "--progress", "lines"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(says(result.err, "bits/char"));
  CHECK(says(result.err, "seq/s"));
  CHECK(says(result.err, "269/15/15 sequences of 12 characters"));
  return result.last_line();
}

std::string train_task(const Workplace& place) {
  place.put("task.yaml",
            "data: {kind: delay, delay: 3, alphabet: 2, train_rows: 200, valid_rows: 50, test_rows: 30}\n"
            "model: {kind: fvsbn}\n"
            "optim: {kind: adam, lr: 0.1}\n"
            "train: {for: 60 steps, batch_size: 50}\n"
            "compute: {lanes: 2}\n");
  const ProgramResult result = place.mlrun({"train", "task.yaml", "--progress", "lines"});
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
  CHECK(says(result.err, "accuracy"));
  CHECK(says(result.err, "100.00%"));
  return result.last_line();
}

}  // namespace

TEST_CASE("sample prints the text that a model of characters writes, and needs no file for it") {
  Workplace place;
  const std::string run = train_text(place);
  std::filesystem::remove(place.path("data/cats.txt"));
  const ProgramResult one = place.mlrun({"sample", run});
  INFO(one.out << one.err);
  REQUIRE(one.exit_code == 0);
  CHECK(one.out.size() == 13);  // 12 characters and a newline
  CHECK(one.out.find_first_not_of("the catsonm.\n") == std::string::npos);
  const ProgramResult two =
      place.mlrun({"sample", run, "-n", "2", "--prompt", "the ca", "--top-k", "1", "-o", "two.txt"});
  REQUIRE(two.exit_code == 0);
  const std::string text = place.get("two.txt");
  CHECK(text.starts_with("the ca"));
  CHECK(says(text, "\n--------------------------------\nthe ca"));
  CHECK(text.substr(0, 12) == text.substr(text.size() - 13, 12));  // the likeliest, twice
  const ProgramResult shorter = place.mlrun({"sample", run, "--length", "5", "--seed", "3"});
  CHECK(shorter.out.size() == 6);
}

TEST_CASE("prompts and lengths that a model does not know are refused") {
  Workplace place;
  const std::string run = train_text(place);
  struct Refusal {
    std::vector<std::string> words;
    std::string part;
  };
  for (const Refusal& r : std::vector<Refusal>{{{"--prompt", "dog"}, "'d' at place 0 is not among the 12 characters"},
                                               {{"--prompt", "the cat sat on"}, "nothing to draw"},
                                               {{"--length", "13"}, "--slide"},
                                               {{"--prompt", "@nothing.txt"}, "nothing.txt"},
                                               {{"--show"}, "not images"},
                                               {{"--top-p", "0"}, "--top-p"}}) {
    std::vector<std::string> words = {"sample", run};
    words.insert(words.end(), r.words.begin(), r.words.end());
    const ProgramResult result = place.mlrun(words);
    INFO(r.words[0] << ": " << result.err);
    CHECK(result.exit_code == 2);
    CHECK(says(result.err, r.part));
  }
}

TEST_CASE("a text ends where --stop says, and goes on beyond the model's length with --slide, which is said") {
  Workplace place;
  const std::string run = train_text(place);
  const std::string whole = place.mlrun({"sample", run, "--prompt", "the", "--seed", "5"}).out;
  const size_t end = whole.find('t', 3);
  REQUIRE(end != std::string::npos);
  const ProgramResult stopped = place.mlrun({"sample", run, "--prompt", "the", "--seed", "5", "--stop", "t"});
  INFO(stopped.out << stopped.err);
  CHECK(stopped.out == whole.substr(0, end + 1) + "\n");
  CHECK(place.mlrun({"sample", run, "--prompt", "the", "--seed", "5", "--stop", "t", "-o", "one.txt"}).exit_code == 0);
  CHECK(place.get("one.txt") == stopped.out);
  CHECK(says(place.mlrun({"sample", run, "--stop", "dog"}).err, "--stop: 'd' at place 0"));
  const Json longer =
      Json::parse(place.mlrun({"sample", run, "--length", "40", "--slide", "--json", "-o", "long.h5"}).out);
  CHECK(longer.at("exact_law") == false);
  const Json penalised =
      Json::parse(place.mlrun({"sample", run, "--repetition-penalty", "1.3", "--json", "-o", "p.h5"}).out);
  CHECK(penalised.at("law") == "repetition penalty 1.3: not the model's own");
  CHECK(says(place.mlrun({"sample", train_task(place), "--repetition-penalty", "1.3"}).err, "--repetition-penalty"));
  CHECK(longer.at("law") == "sliding: not the model's own");
  CHECK(place.mlrun({"sample", run, "--length", "40", "--slide"}).out.size() == 41);
  CHECK(place.mlrun({"sample", run, "--prompt", "the cat sat on the mat.", "--length", "40", "--slide"})
            .out.starts_with("the cat sat on the mat."));
}

TEST_CASE("eval of a text counts by characters") {
  Workplace place;
  const std::string run = train_text(place);
  const ProgramResult text = place.mlrun({"eval", run});
  INFO(text.out << text.err);
  CHECK(says(text.out, "nats/char"));
  CHECK(says(text.out, "bits/char"));
  CHECK(says(text.out, "perplexity"));
  CHECK(says(place.mlrun({"compress", run, "split:test", "-o", "packed"}).out, "nats/sequence"));
  CHECK(says(place.mlrun({"decompress", run, "packed", "-o", "out.amat"}).err, " sequences in out.amat"));
  const Json answer = Json::parse(place.mlrun({"eval", run, "--json"}).out);
  CHECK(answer.at("nats_per_char").get<double>() == Approx(answer.at("nll").get<double>() / 12));
  CHECK(answer.at("bpd").get<double>() == Approx(answer.at("nll").get<double>() / 12 / std::log(2.0)));
  CHECK(answer.at("perplexity_per_char").get<double>() == Approx(std::exp(answer.at("nll").get<double>() / 12)));
  CHECK(!answer.contains("accuracy"));
}

TEST_CASE("a task prints its accuracy, and samples answer the questions of the test split") {
  Workplace place;
  const std::string run = train_task(place);
  const ProgramResult text = place.mlrun({"eval", run});
  INFO(text.out << text.err);
  CHECK(says(text.out, "accuracy 100.00%"));
  CHECK(says(text.out, "answer given question"));
  CHECK(says(text.out, "sequences"));
  CHECK_FALSE(says(text.out, "images"));
  CHECK_FALSE(says(text.out, "img/s"));
  const Json answer = Json::parse(place.mlrun({"eval", run, "--json"}).out);
  CHECK(answer.at("accuracy") == 1);
  CHECK(answer.contains("accuracy_se"));
  CHECK(answer.at("nll_of") == "answer given question");
  const ProgramResult samples = place.mlrun({"sample", run, "-n", "20", "--temperature", "0.01"});
  REQUIRE(samples.exit_code == 0);
  REQUIRE(samples.lines().size() == 20);
  for (const std::string& line : samples.lines()) CHECK(line.substr(0, 5) == line.substr(6));
  const ProgramResult asked = place.mlrun({"sample", run, "-n", "1", "--prompt", "1 0 1", "--top-k", "1"});
  CHECK(asked.out == "1 0 1 1 0 1\n");
  CHECK(says(place.mlrun({"sample", run, "--prompt", "1 2"}).err, "found '2' at place 1"));
  CHECK(says(place.mlrun({"sample", run, "--prompt", "1 0"}).err, "questions of this data have 3"));
  CHECK(place.mlrun({"prove", run}).exit_code == 0);
  CHECK(place.mlrun({"compress", run, "split:test", "-o", "x"}).exit_code == 2);
  CHECK(says(place.mlrun({"ls"}).out, "100.00%"));
  CHECK(says(place.mlrun({"show", run}).out, "accuracy 100.00%"));
}

TEST_CASE("a file of samples says by which law they were drawn") {
  Workplace place;
  const std::string run = train_task(place);
  REQUIRE(place.mlrun({"sample", run, "-n", "4", "-o", "exact.h5"}).exit_code == 0);
  const ProgramResult other = place.mlrun({"sample", run, "-n", "4", "--top-p", "0.9", "-o", "other.h5", "--json"});
  REQUIRE(other.exit_code == 0);
  CHECK(Json::parse(other.out).at("exact_law") == false);
  CHECK(Json::parse(other.out).at("known") == 3);
  CHECK(says(place.get("exact.h5"), "the model's own"));
  CHECK(says(place.get("other.h5"), "top-p 0.9: not the model's own"));
}
