#include "base/lanes.hpp"

#include <algorithm>
#include <atomic>

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
