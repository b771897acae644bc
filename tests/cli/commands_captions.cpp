// Captions and pictures in one stream, as a user types it.
#include <nlohmann/json.hpp>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

std::string train_captions(const Workplace& place) {
  place.put("captions.yaml",
            "data: {kind: captions, of: {kind: digits, binarization: threshold, train_limit: 40, valid_limit: 10, "
            "test_limit: 12}, words: labels}\n"
            "model: {kind: sequence, width: 8, layers: 1, mixer: {kind: gru}}\n"
            "train: {for: 2 steps, batch_size: 10}\neval: {every: 2 steps, samples: 2}\n");
  const ProgramResult trained = place.mlrun({"train", "captions.yaml", "-q"});
  INFO(trained.err);
  REQUIRE(trained.exit_code == 0);
  return trained.last_line();
}

}  // namespace

TEST_CASE("eval of captions and pictures says what one knows of the other, and how many are named right") {
  Workplace place;
  train_captions(place);
  const ProgramResult text = place.mlrun({"eval", "@last"});
  INFO(text.out << text.err);
  REQUIRE(text.exit_code == 0);
  for (const char* part : {"picture given words", "words given picture", "words and picture",
                           "named right among 10 captions, of 12 images", "Bayes' rule", "picture first"})
    CHECK(says(text.out, part));
  const ProgramResult json = place.mlrun({"eval", "@last", "--named", "5", "--json", "--per-example", "all.h5"});
  REQUIRE(json.exit_code == 0);
  const Json answer = Json::parse(json.out);
  CHECK(answer.at("captions") == 10);
  CHECK(answer.at("named") == 5);
  const auto figure = [&](const char* name) { return answer.at(name).get<double>(); };
  // A stream is its first part, and the other one given it; a pair is likelier than either of its streams.
  CHECK(figure("nll_words_and_picture") < figure("nll_words") + figure("nll_picture_given_words") + 3.1);
  CHECK(figure("accuracy_words_first") >= 0);
  CHECK(figure("accuracy_picture_first") <= 1);
  const ProgramResult proof = place.mlrun({"prove", "@last"});
  INFO(proof.out << proof.err);
  CHECK(proof.exit_code == 0);
  const ProgramResult other = place.mlrun({"eval", "@last", "data.of.test_limit=6", "data.first=words", "--json"});
  INFO(other.err);
  REQUIRE(other.exit_code == 0);
  CHECK(Json::parse(other.out).at("other_data") == true);
}

TEST_CASE("sample draws pictures for words and writes words for a picture") {
  Workplace place;
  train_captions(place);
  const ProgramResult drawn = place.mlrun({"sample", "@last", "--prompt", "seven", "-n", "1", "-o", "seven.png"});
  INFO(drawn.err);
  REQUIRE(drawn.exit_code == 0);
  const ProgramResult words = place.mlrun({"sample", "@last", "--caption", "seven.png", "-n", "3"});
  INFO(words.err);
  REQUIRE(words.exit_code == 0);
  CHECK(words.lines().size() == 3);
  const ProgramResult both = place.mlrun({"sample", "@last", "-n", "2", "--json", "-o", "both.h5"});
  REQUIRE(both.exit_code == 0);
  CHECK(Json::parse(both.last_line()).at("captions").size() == 2);
  const auto refused = [&](const std::vector<std::string>& line, const char* message) {
    const ProgramResult r = place.mlrun(line);
    INFO(r.err);
    CHECK(r.exit_code == 2);
    CHECK(says(r.err, message));
  };
  refused({"sample", "@last", "--prompt", "a seven"}, "'a' at place 0");
  refused({"sample", "@last", "--prompt", "seventeen"}, "5 at most");
  refused({"sample", "@last", "--prompt", "six", "--length", "900"}, "images have the size of their data");
  refused({"sample", "@last", "--match", "s.*"}, "patterns are of texts");
  const std::string plain = place.train({"seed=2"});
  refused({"sample", plain, "--caption", "seven.png"}, "data.kind=captions");
  refused({"eval", plain, "--named", "3"}, "data.kind=captions");
}
