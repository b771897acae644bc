#include "catch.hpp"
#include "data/idx.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using testing::idx;

std::string refusal(const std::string& file, int rank) {
  return testing::error_of([&] { parse_idx(testing::bytes(file), "x-ubyte", rank); });
}

TEST_CASE("An idx file gives its shape and values") {
  const IdxArray array = parse_idx(testing::bytes(idx({2, 1, 3}, "abcdef")), "x", 3);
  CHECK(array.shape == Shape{2, 1, 3});
  CHECK(std::string(array.values().begin(), array.values().end()) == "abcdef");
}

TEST_CASE("Damaged idx files are refused with offset, what was found and what was expected") {
  CHECK(refusal(idx({6}, "abcdef"), 3)
            .starts_with("3: x-ubyte: ends at byte 14, inside the idx header, which has 16 bytes"));
  CHECK(refusal(idx({2, 1, 3}, "abcdef"), 1).starts_with("3: x-ubyte: byte 0: found 0x00000803, expected 0x00000801"));
  CHECK(refusal(idx({2, 1, 3}, "abcde"), 3)
            .starts_with("3: x-ubyte: byte 16: found 5 bytes after the header, expected 6 for shape [2, 1, 3]\n  the "
                         "file is cut short"));
  CHECK(refusal(idx({2, 1, 3}, "abcdefg"), 3).find("found 7 bytes after the header, expected 6") != std::string::npos);
  CHECK(refusal(idx({2, 0, 3}, ""), 3).find("byte 8: found a dimension of 0") != std::string::npos);
  CHECK(refusal(idx({4294967295u, 4294967295u, 4294967295u}, ""), 3).find("byte 4: found a dimension of") !=
        std::string::npos);
  CHECK(refusal("", 1).find("ends at byte 0") != std::string::npos);
}

TEST_CASE("Every truncation of an idx file is refused") {
  const std::string whole = idx({2, 2, 3}, "abcdefghijkl");
  for (size_t size = 0; size < whole.size(); ++size) CHECK(refusal(whole.substr(0, size), 3).starts_with("3: "));
  CHECK(refusal(whole, 3) == "");
}

}  // namespace
}  // namespace mlrun
