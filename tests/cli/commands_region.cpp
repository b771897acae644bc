// Completing images and judging the rest given a part, as a user types it.
#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "base/error.hpp"
#include "cli/run_program.hpp"
#include "io/hdf5/reader.hpp"

namespace io = mlrun::io;
using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

TEST_CASE("sample --complete writes pictures, files and text, and eval --region the likelihood of the rest") {
  Workplace place;
  place.train({"model={kind: eonade, hidden: [8], condition: joint}", "data.binarization=dynamic"});
  for (const char* out : {"a.png", "a.h5", "a.txt"}) {
    const ProgramResult result =
        place.mlrun({"sample", "@last", "--complete", "center", "-n", "3", "--images", "4,7..8", "-o", out});
    INFO(result.err);
    REQUIRE(result.exit_code == 0);
    CHECK(says(result.err, "9 completions of 3 images"));
    CHECK(std::filesystem::file_size(place.path(out)) > 0);
  }
  const ProgramResult text =
      place.mlrun({"sample", "@last", "--complete", "center", "-n", "3", "--images", "4,7..8", "-o", "-"});
  CHECK(text.lines().size() == 9);
  CHECK(text.out == place.get("a.txt"));
  const ProgramResult shown = place.mlrun({"sample", "@last", "--complete", "left", "--images", "2", "--show"});
  CHECK(shown.exit_code == 0);
  CHECK(shown.lines().size() > 20);
  const ProgramResult json = place.mlrun({"eval", "@last", "--region", "checker", "--json", "--per-example", "r.h5"});
  INFO(json.err);
  REQUIRE(json.exit_code == 0);
  const Json answer = Json::parse(json.out);
  CHECK(answer.at("region") == "checker");
  CHECK(answer.at("known").get<int64_t>() + answer.at("unknown").get<int64_t>() == 784);
  for (const char* key : {"nll", "nll_se", "nll_per_unknown", "nll_given_label"}) CHECK(answer.at(key).is_number());
  CHECK(std::filesystem::exists(place.path("r.h5")));
}

TEST_CASE(
    "sample --complete draws from the law that eval --region judges by, whatever the seed: the files hold its order") {
  Workplace place;
  place.train({"model={kind: eonade, hidden: [8], orders: 2}"});
  const auto orders = [&](const std::string& file) {
    const std::string bytes = place.get(file);
    io::Bytes image(bytes.size());
    std::copy(bytes.begin(), bytes.end(), reinterpret_cast<char*>(image.data()));
    const io::Hdf5Reader reader(std::move(image), file, mlrun::ExitCode::kData);
    CHECK(reader.dataset("orders").shape == mlrun::Shape{2, 784});
    return reader.integers("orders");
  };
  for (const char* seed : {"1", "9"}) {
    REQUIRE(place
                .mlrun({"sample", "@last", "--complete", "center", "-n", "1", "--images", "2", "--seed", seed, "-o",
                        std::string("s") + seed + ".h5"})
                .exit_code == 0);
  }
  REQUIRE(place.mlrun({"eval", "@last", "--region", "center", "--per-example", "r.h5"}).exit_code == 0);
  CHECK(orders("s1.h5") == orders("s9.h5"));
  CHECK(orders("s1.h5") == orders("r.h5"));
  CHECK(orders("r.h5")[0] == 7 * 28 + 7);  // the known part comes first, row by row
}

TEST_CASE("parts that a model cannot complete, and words that fit no command, end with exit code 2") {
  Workplace place;
  place.train();
  const struct {
    std::vector<std::string> words;
    std::string part_of_message;
  } cases[] = {{{"sample", "@last", "--complete", "left"}, "rect:0,0,R,28 with R from 1 to 27"},
               {{"eval", "@last", "--region", "bottom"}, "rect:0,0,R,28 with R from 1 to 27"},
               {{"sample", "@last", "--complete", "tpo"}, "did you mean 'top'?"},
               {{"sample", "@last", "--complete", "top", "--images", "3..1"}, "--images: expected"},
               {{"sample", "@last", "--complete", "top", "--images", "99..100"}, "test split of 100"},
               {{"sample", "@last", "--images", "3"}, "--complete"},
               {{"sample", "@last", "--complete", "top", "-o", "a.jpg"}, "-o a.jpg"},
               {{"eval", "@last", "--region", "top", "--draws", "2"}, "--draws"}};
  for (const auto& c : cases) {
    const ProgramResult result = place.mlrun(c.words);
    INFO(c.words[3] << ": " << result.err);
    CHECK(result.exit_code == 2);
    CHECK(says(result.err, c.part_of_message));
  }
}

TEST_CASE("the predictive sampler prints the same symbols as the sequential one") {
  Workplace place;
  const std::string nade = place.train({"model={kind: nade, hidden: 8}"}), made = place.train();
  const auto sample = [&](const std::string& run, const std::string& sampler) {
    return place.mlrun({"sample", run, "-n", "5", "--sampler", sampler, "-o", "-"});
  };
  const ProgramResult one = sample(nade, "sequential"), two = sample(nade, "predictive");
  REQUIRE(one.exit_code == 0);
  REQUIRE(two.exit_code == 0);
  CHECK(one.out == two.out);

  const ProgramResult refused = sample(made, "predictive");
  CHECK(refused.exit_code == 2);
  CHECK(says(refused.err, "predictive sampling is not for this model"));
  CHECK(sample(made, "sequential").out == sample(made, "auto").out);
}
