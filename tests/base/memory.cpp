#include "base/memory.hpp"

#include <algorithm>
#include <vector>

#include "catch.hpp"

#include "base/cpu.hpp"
#include "base/error.hpp"

using namespace mlrun;

TEST_CASE("memory that is released holds zeros, and may be written to again") {
  std::vector<char> memory(100'000, 'x');
  release_pages(memory.data() + 10, memory.size() - 20);
  CHECK(std::count(memory.begin(), memory.end(), '\0') == 99'980);
  CHECK(memory[9] == 'x');
  CHECK(memory[memory.size() - 10] == 'x');
  memory[50'000] = 'y';
  release_pages(memory.data() + 50'000, 3);  // less than a page
  CHECK(memory[50'000] == '\0');
}

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
