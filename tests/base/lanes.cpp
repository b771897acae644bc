#include "base/lanes.hpp"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>

#include "base/cpu.hpp"
#include "base/error.hpp"
#include "catch.hpp"

namespace mlrun {

TEST_CASE("slices cover everything once, in order, with sizes that differ by at most one") {
  for (const int64_t total : {0, 1, 5, 100, 101}) {
    for (const int64_t parts : {1, 2, 3, 7}) {
      int64_t at = 0, least = total, most = 0;
      for (int64_t i = 0; i < parts; ++i) {
        const Range r = slice(total, parts, i);
        CHECK(r.begin == at);
        at = r.end;
        least = std::min(least, r.size()), most = std::max(most, r.size());
      }
      CHECK(at == total);
      CHECK(most - least <= 1);
    }
  }
}

namespace {

std::string bracketed(size_t count, size_t first = 0) {
  return fold_lanes(
      count, [](size_t lane) { return std::to_string(lane); },
      [](const std::string& left, const std::string& right) { return "(" + left + " " + right + ")"; }, first);
}

// The blocks whose union is the share, the largest first that begins where the last one ended.
std::vector<Range> blocks_of(Range share, int64_t count) {
  std::vector<Range> blocks;
  for (int64_t at = share.begin; at < share.end;) {
    int64_t size = int64_t{1} << 40;
    while (at % size != 0 || std::min(at + size, count) > share.end) size /= 2;
    blocks.push_back({at, std::min(at + size, count)});
    at = blocks.back().end;
  }
  return blocks;
}

}  // namespace

TEST_CASE("lanes are folded by pairs, pairs of pairs and so on, and one without a partner waits") {
  CHECK(bracketed(1) == "0");
  CHECK(bracketed(2) == "(0 1)");
  CHECK(bracketed(3) == "((0 1) 2)");
  CHECK(bracketed(7) == "(((0 1) (2 3)) ((4 5) 6))");
  for (size_t count = 1; count <= 300; ++count) {
    std::vector<std::string> level;
    for (size_t lane = 0; lane < count; ++lane) level.push_back(std::to_string(lane));
    while (level.size() > 1) {
      std::vector<std::string> above;
      for (size_t i = 0; i + 1 < level.size(); i += 2) above.push_back("(" + level[i] + " " + level[i + 1] + ")");
      if (level.size() % 2 == 1) above.push_back(level.back());
      level = above;
    }
    REQUIRE(bracketed(count) == level[0]);
  }
}

TEST_CASE("a rank's share of the lanes is a few whole blocks of the tree, and one block where all are powers of two") {
  for (int64_t lanes = 1; lanes <= 40; ++lanes) {
    const std::string tree = bracketed(static_cast<size_t>(lanes));
    for (int64_t ranks = 1; ranks <= lanes; ++ranks) {
      for (int64_t rank = 0; rank < ranks; ++rank) {
        const std::vector<Range> blocks = blocks_of(slice(lanes, ranks, rank), lanes);
        CAPTURE(lanes, ranks, rank, blocks.size());
        for (const Range& block : blocks) {
          // With its brackets it is found only where it is a node of the tree; every single lane is one.
          const std::string own = bracketed(static_cast<size_t>(block.size()), static_cast<size_t>(block.begin));
          REQUIRE(tree.find(own) != std::string::npos);
        }
        CHECK(static_cast<double>(blocks.size()) <= std::max(1.0, 2 * std::log2(static_cast<double>(lanes))));
        if ((lanes & (lanes - 1)) == 0 && (ranks & (ranks - 1)) == 0) CHECK(blocks.size() == 1);
      }
    }
  }
}

TEST_CASE("every index is run exactly once, on any number of threads, again and again") {
  for (const int threads : {1, 2, 4}) {
    LanePool pool(threads);
    CHECK(pool.threads() == threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> runs(static_cast<size_t>(round % 9));
      pool.run(round % 9, [&](int64_t i) { ++runs[static_cast<size_t>(i)]; });
      for (const auto& r : runs) REQUIRE(r == 1);
    }
  }
}

TEST_CASE("the failure of the lowest index is the one that is reported, and the pool lives on") {
  LanePool pool(3);
  for (int round = 0; round < 50; ++round) {
    std::atomic<int> finished{0};
    try {
      pool.run(8, [&](int64_t i) {
        if (i == 2 || i == 5) fail(ExitCode::kDiverged, "lane {}", i);
        ++finished;
      });
      FAIL("no exception");
    } catch (const Error& e) {
      CHECK(std::string(e.what()) == "lane 2");
      CHECK(e.code() == ExitCode::kDiverged);
    }
    CHECK(finished == 6);
  }
}

TEST_CASE("threads that run kernels flush denormals to zero") {
  std::thread([] {
    prepare_thread();
    volatile float tiny = 1e-38f;
    volatile float product = tiny * 1e-3f;
    CHECK(product == 0.0f);
  }).join();
  CHECK_FALSE(affinity_cores().empty());
  CHECK(peak_memory_bytes() > 1 << 20);
}

}  // namespace mlrun
