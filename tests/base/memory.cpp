#include "base/memory.hpp"

#include "catch.hpp"

#include "base/cpu.hpp"
#include "base/error.hpp"

using namespace mlrun;

TEST_CASE("what does not fit into memory is refused with its size") {
  CHECK(memory_bytes() > 1 << 20);
  CHECK_NOTHROW(require_memory(1e3, "a thing", ""));
  try {
    require_memory(1e18, "a thing", "take less");
    FAIL("fits");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kUsage);
    CHECK(std::string(e.what()).starts_with("a thing needs 1000000000.0 GB of memory, and there are "));
    CHECK(std::string(e.what()).ends_with("\n  take less"));
  }
}
