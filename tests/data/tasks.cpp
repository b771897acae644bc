#include <iterator>
#include <string>
#include <vector>

#include <algorithm>

#include "catch.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using namespace testing;

const DataSources kNowhere{.root = "/nowhere", .cache = "", .seed = 1};

// The rows of a task, each as question and answer.
struct Row {
  std::vector<int32_t> question, answer;
};
std::vector<Row> rows_of(const Dataset& data, Split split, int64_t epoch = 0) {
  const std::vector<int32_t> all = symbols(data, split, epoch);
  const auto width = data.spec().positions(), given = data.spec().given;
  std::vector<Row> rows;
  for (auto at = all.begin(); at != all.end(); at += width)
    rows.push_back({{at, at + given}, {at + given, at + width}});
  return rows;
}

const std::vector<std::string> kTasks = {
    "kind: copying\ndelay: 7\nsymbols: 3", "kind: selective_copying\nlength: 20\nsymbols: 5",
    "kind: induction\nlength: 12", "kind: delay\ndelay: 6\nlength: 20", "kind: adding\nlength: 9"};
const std::string kFewRows = "\ntrain_rows: 40\nvalid_rows: 30\ntest_rows: 20";

TEST_CASE("Every task is a function of its seed, its split, its row and, in training, the epoch") {
  for (const std::string& task : kTasks) {
    INFO(task);
    const auto one = dataset(task + kFewRows, kNowhere);
    DataSources elsewhere = kNowhere;
    elsewhere.seed = 9;  // the experiment's
    const auto same = dataset(task + kFewRows, elsewhere), other = dataset(task + kFewRows + "\nseed: 2", kNowhere);
    const auto kept = dataset(task + kFewRows + "\nfresh: false", kNowhere);
    CHECK(one->count(Split::kTrain) == 40);
    CHECK(symbols(*one, Split::kTest) == symbols(*same, Split::kTest));
    CHECK(one->hash() == same->hash());
    CHECK(one->hash() != other->hash());
    CHECK(symbols(*one, Split::kTest) != symbols(*other, Split::kTest));
    CHECK(symbols(*one, Split::kTest, 3) == symbols(*one, Split::kTest, 4));
    CHECK(symbols(*one, Split::kTrain, 3) != symbols(*one, Split::kTrain, 4));
    CHECK(symbols(*kept, Split::kTrain, 3) == symbols(*kept, Split::kTrain, 4));
    CHECK(one->hash() != kept->hash());
    const std::vector<int64_t> last = {39, 0};
    const auto pair = numbers(one->batch(Split::kTrain, last, 2).symbols), all = symbols(*one, Split::kTrain, 2);
    CHECK(std::equal(pair.begin(), pair.begin() + one->spec().positions(), all.end() - one->spec().positions()));
    for (const int32_t s : all) {
      REQUIRE(s >= 0);
      REQUIRE(s < one->spec().alphabet);
    }
    CHECK(one->spec().given > 0);
    CHECK(one->spec().given < one->spec().positions());
  }
}

TEST_CASE("The answer of the copying task is what came before the silence") {
  const auto data = dataset(kTasks[0] + kFewRows, kNowhere);
  CHECK(data->spec().alphabet == 10);
  for (const auto& [question, answer] : rows_of(*data, Split::kTrain)) {
    CHECK(question.size() == 10);
    CHECK(std::equal(answer.begin(), answer.end(), question.begin()));
    CHECK(std::count(question.begin() + 3, question.end(), 0) == 6);
    CHECK(question.back() == 1);
  }
}

TEST_CASE("The answer of selective copying is the question without silence") {
  const auto data = dataset(kTasks[1] + kFewRows, kNowhere);
  std::vector<int> filled(20);
  for (const auto& [question, answer] : rows_of(*data, Split::kTrain)) {
    std::vector<int32_t> kept;
    std::copy_if(question.begin(), question.end(), std::back_inserter(kept), [](int32_t s) { return s > 1; });
    CHECK(kept == answer);
    CHECK(question.back() == 1);
    for (size_t i = 0; i < 20; ++i) filled[i] += question[i] > 1 ? 1 : 0;
  }
  CHECK(*std::min_element(filled.begin(), filled.end()) > 0);  // symbols stand everywhere
}

TEST_CASE("The answer of induction heads is what followed the special symbol") {
  const auto data = dataset(kTasks[2] + kFewRows, kNowhere);
  for (const auto& [question, answer] : rows_of(*data, Split::kTrain)) {
    const auto place = std::find(question.begin(), question.end(), 0);
    REQUIRE(place < question.end() - 2);
    CHECK(answer == std::vector<int32_t>{place[1]});
    CHECK(std::count(question.begin(), question.end(), 0) == 2);
    CHECK(question.back() == 0);
  }
}

TEST_CASE("Every answer of the delay task came that many symbols before") {
  const auto data = dataset(kTasks[3] + kFewRows, kNowhere);
  CHECK(data->spec().shape == Shape{20});
  for (const auto& [question, answer] : rows_of(*data, Split::kTrain)) {
    std::vector<int32_t> row = question;
    row.insert(row.end(), answer.begin(), answer.end());
    for (size_t i = 6; i < row.size(); ++i) CHECK(row[i] == row[i - 6]);
  }
  CHECK(dataset("kind: delay\ndelay: 5", kNowhere)->spec().positions() == 10);
}

TEST_CASE("The answer of the adding task is the sum of the two marked digits") {
  const auto data = dataset(kTasks[4] + kFewRows, kNowhere);
  for (const auto& [question, answer] : rows_of(*data, Split::kTrain)) {
    int32_t sum = 0, marks = 0;
    for (size_t i = 0; i + 1 < question.size(); ++i) {
      if (question[i] < 10) continue;
      sum += question[i] - 10;
      marks += i < 4 ? 1 : 100;  // one in each half
    }
    CHECK(marks == 101);
    CHECK(question.back() == 20);
    CHECK(answer == std::vector<int32_t>{sum / 10, sum % 10});
  }
}

TEST_CASE("Tasks that cannot be are refused where they are asked for") {
  const auto refusal = [](const std::string& section) { return error_of([&] { dataset(section, kNowhere); }); };
  CHECK(refusal("kind: selective_copying\nlength: 4\nsymbols: 5").find("5 symbols in 4 steps") != std::string::npos);
  CHECK(refusal("kind: delay\ndelay: 8\nlength: 8").find("the first answer is number 9") != std::string::npos);
  CHECK(refusal("kind: induction\nlength: 2").rfind("2: ", 0) == 0);
}

}  // namespace
}  // namespace mlrun
