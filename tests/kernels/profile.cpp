#include "kernels/profile.hpp"

#include <thread>

#include "catch.hpp"
#include "kernels/product/matmul.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {

namespace profile = kernels::profile;

namespace {

const profile::Entry* find(const std::vector<profile::Entry>& entries, const std::string& name) {
  for (const auto& e : entries) {
    if (e.name == name) return &e;
  }
  return nullptr;
}

void wait() { std::this_thread::sleep_for(std::chrono::milliseconds(20)); }

}  // namespace

TEST_CASE("the profile counts calls, operations and time of all threads while it runs, and nothing else") {
  { const profile::Scope before("before", "own", 1, 1); }
  profile::start();
  const auto work = [] {
    for (int i = 0; i < 100; ++i) const profile::Scope scope("work", "own", 2, 3);
  };
  std::thread other(work);
  work();
  other.join();
  profile::stop();
  { const profile::Scope after("after", "own", 1, 1); }
  const auto entries = profile::entries();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].name == "work");
  CHECK(entries[0].calls == 200);
  CHECK(entries[0].flops == 400);
  CHECK(entries[0].bytes == 600);
  profile::start();
  CHECK(profile::entries().empty());
  profile::stop();
}

TEST_CASE("the time of an inner scope is not counted twice") {
  profile::start();
  {
    const profile::Scope outer("outer", "own", 0, 0);
    const profile::Scope inner("inner", "own", 0, 0);
    wait();
  }
  profile::stop();
  const auto entries = profile::entries();
  REQUIRE(find(entries, "inner") != nullptr);
  REQUIRE(find(entries, "outer") != nullptr);
  CHECK(find(entries, "inner")->seconds >= 0.02);
  CHECK(find(entries, "outer")->seconds < 0.01);
  CHECK(entries[0].name == "inner");
}

TEST_CASE("a matrix product says which implementation ran, and it is not the reference one") {
  profile::start();
  static_cast<void>(kernels::matmul(test::random_tensor({20, 30}, 1), test::random_tensor({30, 40}, 2)));
  profile::stop();
  const auto entries = profile::entries();
  REQUIRE(find(entries, "matmul") != nullptr);
  CHECK(find(entries, "matmul")->flops == 2.0 * 20 * 30 * 40);
  CHECK_FALSE(find(entries, "matmul")->impl.empty());
  CHECK(find(entries, "matmul")->impl.find("ref") == std::string::npos);
}

}  // namespace mlrun
