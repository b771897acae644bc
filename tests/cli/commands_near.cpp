// Rows that two splits nearly share, as `data describe` counts them.
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "cli/run_program.hpp"

using mlrun::test::ProgramResult;
using mlrun::test::says;
using mlrun::test::Workplace;
using Json = nlohmann::json;

namespace {

using Row = std::vector<int>;

std::string csv_of(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) text += std::to_string(row[i]) + (i + 1 < row.size() ? "," : "\n");
  return text;
}

std::vector<Row> random_rows(size_t count, size_t width, int alphabet, std::mt19937& bits) {
  std::vector<Row> rows(count, Row(width));
  for (Row& row : rows)
    for (int& symbol : row) symbol = static_cast<int>(bits() % static_cast<unsigned>(alphabet));
  return rows;
}

// Changes `count` symbols at even distances.
Row changed(Row row, size_t count, int alphabet) {
  for (size_t i = 0; i < count; ++i) {
    int& symbol = row[(7 + i * row.size() / (count + 1)) % row.size()];
    symbol = (symbol + 1) % alphabet;
  }
  return row;
}

}  // namespace

TEST_CASE("rows that differ from a training row in one symbol of a hundred are near, equal and other ones are not") {
  const Workplace place;
  std::mt19937 bits(3);
  for (const int alphabet : {2, 5}) {
    const std::vector<Row> train = random_rows(400, 300, alphabet, bits);
    std::vector<Row> valid = random_rows(20, 300, alphabet, bits), test = random_rows(30, 300, alphabet, bits);
    valid[4] = train[7];                        // equal
    valid[5] = changed(train[8], 3, alphabet);  // as many as may differ
    test[0] = changed(train[9], 1, alphabet);
    test[1] = changed(train[399], 2, alphabet);
    test[2] = changed(train[0], 3, alphabet);
    test[29] = changed(train[1], 4, alphabet);  // one too many
    place.put("data/train.csv", csv_of(train));
    place.put("data/valid.csv", csv_of(valid));
    place.put("data/test.csv", csv_of(test));
    place.put("near.yaml",
              "data: {kind: table, train: train.csv, valid: valid.csv, test: test.csv}\nmodel: {kind: fvsbn}\n");
    const ProgramResult r = place.mlrun({"data", "describe", "near.yaml", "--json"});
    INFO(r.out << r.err);
    REQUIRE(r.exit_code == 0);
    const Json answer = Json::parse(r.last_line());
    CHECK(answer["near"]["most_differing"] == 3);
    CHECK(answer["near"]["train_rows"] == 400);
    CHECK(answer["splits"]["valid"]["of_train"] == 1);
    CHECK(answer["splits"]["valid"]["near_train"] == 1);
    CHECK(answer["splits"]["test"]["of_train"] == 0);
    CHECK(answer["splits"]["test"]["near_train"] == 3);
    CHECK(answer["splits"]["test"]["near_train_rows"] == 30);
    CHECK(answer["splits"]["test"]["near_train_cut"] == 0);
    const std::string words = place.mlrun({"data", "describe", "near.yaml"}).out;
    CHECK(says(words, "near train"));
    CHECK(says(words, "at most 3 of 300 symbols differ"));
  }
}

TEST_CASE("a grey picture that was saved again, brighter, is near; and rows of a few columns are not looked at") {
  const Workplace place;
  std::mt19937 bits(5);
  const std::vector<Row> pictures = random_rows(30, 256, 100, bits);
  const auto put = [&](const std::string& name, const Row& levels, int times) {
    std::string text = "P2 16 16 255";
    for (const int level : levels) text += " " + std::to_string(level * times);
    place.put(name, text + "\n");
  };
  for (const char* folder : {"train", "valid", "test"}) std::filesystem::create_directory(place.path(folder));
  for (size_t i = 0; i < 20; ++i) put("train/" + std::to_string(i) + ".pgm", pictures[i], 1);
  for (size_t i = 20; i < 25; ++i) put("valid/" + std::to_string(i) + ".pgm", pictures[i], 1);
  for (size_t i = 25; i < 29; ++i) put("test/" + std::to_string(i) + ".pgm", pictures[i], 1);
  put("test/again.pgm", pictures[3], 2);
  const std::string data = "data={kind: images, train: " + place.path("train") + ", valid: " + place.path("valid") +
                           ", test: " + place.path("test") + ", binarization: none}";
  place.put("grey.yaml", "data: {kind: digits}\nmodel: {kind: fvsbn}\n");
  const ProgramResult r = place.mlrun({"data", "describe", "grey.yaml", data, "--json"});
  INFO(r.out << r.err);
  REQUIRE(r.exit_code == 0);
  const Json answer = Json::parse(r.last_line());
  CHECK(answer["near"]["black_and_white"] == true);
  CHECK(answer["splits"]["valid"]["near_train"] == 0);
  CHECK(answer["splits"]["test"]["near_train"] == 1);
  CHECK(answer["splits"]["test"]["of_train"] == 0);

  place.put("data/rows.csv", "1,0,1\n1,1,1\n0,0,0\n1,0,1\n0,0,0\n");
  const ProgramResult few =
      place.mlrun({"data", "describe", "grey.yaml", "data={kind: table, train: rows.csv, split: [0.6, 0.2, 0.2]}"});
  INFO(few.err);
  REQUIRE(few.exit_code == 0);
  CHECK(says(few.out, "not looked for"));
}
