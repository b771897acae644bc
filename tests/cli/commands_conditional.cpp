// eval and sample of conditional models and mixtures of orders, as a user types them.
#include <nlohmann/json.hpp>
#include <utility>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

TEST_CASE("one eval of a conditional model prints x, (x, y), x given y and the accuracy") {
  Workplace place;
  place.train({"model.condition=joint", "data.binarization=dynamic"});
  const ProgramResult text = place.mlrun({"eval", "@last", "--draws", "2"});
  INFO(text.out << text.err);
  REQUIRE(text.exit_code == 0);
  for (const char* part :
       {"x, y", "x given y", "accuracy", "dynamic (seed 1)", "mean of 2 draws", "img/s", "over draws"})
    CHECK(says(text.out, part));
  const ProgramResult json = place.mlrun({"eval", "@last", "--json"});
  REQUIRE(json.exit_code == 0);
  const Json answer = Json::parse(json.out);
  for (const char* key : {"nll", "nll_xy", "nll_x_given_y", "accuracy"}) {
    CHECK(answer.at(key).is_number());
    CHECK(answer.at(std::string(key) + "_se").is_number());
  }
  CHECK(answer.at("nll").get<double>() < answer.at("nll_xy").get<double>());
  CHECK(answer.at("images_per_s").get<double>() > 0);
}

TEST_CASE("sample draws one class, and refuses classes there are not") {
  Workplace place;
  place.train({"model.condition=class", "data.binarization=dynamic"});
  const ProgramResult seven = place.mlrun({"sample", "@last", "--class", "7", "-n", "3", "-o", "-"});
  INFO(seven.err);
  REQUIRE(seven.exit_code == 0);
  CHECK(seven.lines().size() == 3);
  CHECK(place.mlrun({"sample", "@last", "-n", "3", "-o", "-"}).exit_code == 0);
  const ProgramResult none = place.mlrun({"sample", "@last", "--class", "10", "-n", "1", "-o", "-"});
  CHECK(none.exit_code == 2);
  CHECK(says(none.err, "expected 0 to 9"));
  const std::string unconditional = place.train({"seed=2"});
  const ProgramResult plain = place.mlrun({"sample", unconditional, "--class", "1", "-n", "1", "-o", "-"});
  CHECK(plain.exit_code == 2);
  CHECK(says(plain.err, "knows no classes"));
}

TEST_CASE("temperature, top-k and top-p change the law of symbols, never that of the class: it is drawn from p(y)") {
  Workplace place;
  place.train({"model.condition=joint", "data.binarization=dynamic"});
  const auto sampled = [&](const std::vector<std::string>& law) {
    std::vector<std::string> words = {"sample", "@last", "-n", "40", "--json", "-o", "s.txt"};
    words.insert(words.end(), law.begin(), law.end());
    const ProgramResult r = place.mlrun(words);
    REQUIRE(r.exit_code == 0);
    return std::pair(Json::parse(r.last_line()).at("labels"), place.get("s.txt"));
  };
  const auto plain = sampled({});
  for (const std::vector<std::string>& law : std::vector<std::vector<std::string>>{
           {"--temperature", "0.2"}, {"--temperature", "5"}, {"--top-k", "1"}, {"--top-p", "0.5"}}) {
    const auto other = sampled(law);
    CHECK(other.first == plain.first);
    CHECK(other.second != plain.second);
  }
}

TEST_CASE("labels asked of data without them, and orders of a model that has one, are refused") {
  Workplace place;
  place.put("tiny.yaml", Workplace::tiny_spec());
  place.put("rows.txt", "0 1 1\n1 1 0\n0 0 1\n1 0 1\n");
  const ProgramResult labels =
      place.mlrun({"train", "tiny.yaml",
                   "data={kind: table, train: " + place.path("rows.txt") + ", valid: " + place.path("rows.txt") +
                       ", test: " + place.path("rows.txt") + "}",
                   "model.condition=class"});
  INFO(labels.err);
  CHECK(labels.exit_code == 2);
  CHECK(says(labels.err, "needs labels"));
  const ProgramResult orders = place.mlrun({"eval", place.train(), "--orders", "8"});
  CHECK(orders.exit_code == 2);
  CHECK(says(orders.err, "model.kind=eonade"));
}
