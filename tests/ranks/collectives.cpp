// What ranks pass to each other, for every small number of them.
#include <cstdint>
#include <numeric>
#include <string>
#include <vector>

#include "catch.hpp"
#include "ranks/ranks.hpp"
#include "ranks/thread_ranks.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("every rank has what any of them had") {
  for (int size = 1; size <= 9; ++size) {
    INFO(size << " ranks");
    std::vector<std::vector<double>> found(static_cast<size_t>(size)), gathered(found), cast(found);
    ThreadRanks::run(size, [&](Ranks& ranks) {
      const auto r = static_cast<size_t>(ranks.rank());
      // Parts of 0, 1, 2 ... numbers.
      std::vector<Range> parts;
      int64_t at = 0;
      for (int64_t k = 0; k < size; at += k, ++k) parts.push_back({at, at + k});
      std::vector<double> own(static_cast<size_t>(at), -1.0);
      for (int64_t i = parts[r].begin; i < parts[r].end; ++i) own[static_cast<size_t>(i)] = static_cast<double>(i);
      found[r] = gathered[r] = own;
      all_gather(ranks, found[r].data(), found[r].size(), parts);
      gather(ranks, gathered[r].data(), gathered[r].size(), parts);
      cast[r] = {static_cast<double>(r), 2};
      broadcast(ranks, cast[r].data(), cast[r].size());
    });
    std::vector<double> all(found[0].size());
    std::iota(all.begin(), all.end(), 0.0);
    for (int r = 0; r < size; ++r) {
      CHECK(found[static_cast<size_t>(r)] == all);
      CHECK(cast[static_cast<size_t>(r)] == std::vector<double>{0, 2});
    }
    CHECK(gathered[0] == all);
  }
}

TEST_CASE("bytes on the wire are those that theory says") {
  constexpr int64_t kNumbers = 4000;
  for (const int size : {2, 3, 4, 8}) {
    std::vector<int64_t> sent(static_cast<size_t>(size));
    ThreadRanks::run(size, [&](Ranks& ranks) {
      std::vector<float> numbers(kNumbers);
      std::vector<Range> parts;
      for (int r = 0; r < size; ++r) parts.push_back(slice(kNumbers, size, r));
      all_gather(ranks, numbers.data(), numbers.size(), parts);
      sent[static_cast<size_t>(ranks.rank())] = ranks.bytes_sent();
    });
    CHECK(std::accumulate(sent.begin(), sent.end(), int64_t{0}) == kNumbers * 4 * (size - 1));
  }
}

TEST_CASE("texts of any length reach all") {
  ThreadRanks::run(4, [](Ranks& ranks) {
    const auto r = static_cast<size_t>(ranks.rank());
    const std::vector<std::string> all = texts_of_all(ranks, std::string(r * 1000, 'x'));
    for (size_t k = 0; k < 4; ++k)
      if (all[k] != std::string(k * 1000, 'x')) fail(ExitCode::kInternal, "text {} is another one", k);
    if (text_of_first(ranks, r == 0 ? "word" : "") != "word") fail(ExitCode::kInternal, "the first one's text is lost");
  });
}

TEST_CASE("one that fails before the start fails all, each with the words of the first that did") {
  std::vector<std::string> said(3);
  ThreadRanks::run(3, [&](Ranks& ranks) {
    try {
      together(ranks, [&] {
        if (ranks.rank() > 0) fail(ExitCode::kData, "no data for {}", ranks.rank());
      });
    } catch (const Error& e) {
      // Catch2 counts for one thread only.
      said[static_cast<size_t>(ranks.rank())] = e.code() == ExitCode::kData ? e.what() : "another code";
    }
  });
  CHECK(said == std::vector<std::string>{"rank 1: no data for 1", "no data for 1", "no data for 2"});
}

TEST_CASE("what any rank has seen, all have") {
  for (const int who : {-1, 0, 2}) {
    ThreadRanks::run(3, [&](Ranks& ranks) {
      if (any(ranks, ranks.rank() == who) != (who >= 0)) fail(ExitCode::kInternal, "not so");
    });
  }
}
