#include "io/journal.hpp"

#include <cmath>
#include <limits>

#include "io/directory.hpp"
#include "io/files.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

TEST_CASE("records come back in order, keys in order, non-finite numbers as null") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "metrics.jsonl");
  {
    Journal journal(path);
    CHECK(journal.append({{"step", 1}, {"nll", 0.1}, {"a", std::nan("")}}));
    CHECK(journal.append({{"step", 2}, {"nll", std::numeric_limits<double>::infinity()}, {"name", "\xff"}}));
  }
  CHECK(get(path) == "{\"step\":1,\"nll\":0.1,\"a\":null}\n{\"step\":2,\"nll\":null,\"name\":\"\xef\xbf\xbd\"}\n");
  const JournalContents contents = read_journal(path);
  REQUIRE(contents.records.size() == 2);
  CHECK(contents.unreadable == 0);
  CHECK(contents.records[0]["nll"].get<double>() == 0.1);
}

TEST_CASE("a torn last line and lines that are no records are counted and passed over") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "metrics.jsonl");
  put(path, "{\"step\":1}\nnonsense\n[1]\n\n{\"step\":2}\n{\"step\":3,\"n");
  CHECK(read_journal(path).records.size() == 2);
  CHECK(read_journal(path).unreadable == 3);
  { CHECK(Journal(path).append({{"step", 4}})); }
  CHECK(read_journal(path).records.size() == 3);
  CHECK(read_journal(path).records.back()["step"] == 4);
  CHECK(read_journal((directory / "missing")).records.empty());
}

TEST_CASE("a journal cut at every byte loses at most its last record and never reads a wrong one") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "metrics.jsonl");
  const std::string whole = "{\"step\":100,\"nll\":12.5}\n{\"step\":200,\"nll\":11.25}\n";
  for (size_t n = 0; n <= whole.size(); ++n) {
    put(path, whole.substr(0, n));
    const JournalContents contents = read_journal(path);
    CHECK(contents.records.size() == (n >= whole.size() - 1 ? 2u : n >= 23 ? 1u : 0u));
    if (!contents.records.empty()) CHECK(contents.records[0].dump() == "{\"step\":100,\"nll\":12.5}");
  }
}

TEST_CASE("cutting keeps the rows up to a step and those without one") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "metrics.jsonl");
  put(path, "{\"event\":\"start\"}\n{\"step\":1}\n{\"step\":2}\n{\"step\":3}\n{\"step\":2,\"split\":\"valid\"}\n{\"st");
  const auto up_to_2 = [](const Record& record) { return record.value("step", 0) <= 2; };
  CHECK(cut_journal(path, up_to_2) == 1);
  CHECK(get(path) == "{\"event\":\"start\"}\n{\"step\":1}\n{\"step\":2}\n{\"step\":2,\"split\":\"valid\"}\n");
  CHECK(cut_journal(path, up_to_2) == 0);
  CHECK(cut_journal((directory / "missing"), up_to_2) == 0);
  CHECK(entries(directory) == 1);
}

TEST_CASE("a journal that cannot be written loses nothing of the run, and says so only by its answer") {
  Journal journal("/dev/full");
  CHECK_FALSE(journal.append({{"step", 1}}));
  CHECK_FALSE(journal.append({{"step", 2}}));
  CHECK(journal.dropped() == 0);
  for (int i = 0; i < 100; ++i) journal.append({{"text", std::string(20000, 'x')}});
  CHECK(journal.dropped() > 0);
  Journal nowhere("/nonexistent/metrics.jsonl");
  CHECK_FALSE(nowhere.append({{"step", 1}}));
}

TEST_CASE("a journal that could not be opened is opened by a later record, and has them all") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "later/metrics.jsonl");
  Journal journal(path);
  CHECK_FALSE(journal.append({{"step", 1}}));
  make_directories((directory / "later"));
  CHECK(journal.append({{"step", 2}}));
  const JournalContents contents = read_journal(path);
  REQUIRE(contents.records.size() == 2);
  CHECK(contents.records[0]["step"] == 1);
  CHECK(contents.records[1]["step"] == 2);
}
