#include "data/idx.hpp"
#include "catch.hpp"
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

TEST_CASE("Wider numbers that are whole and 0 .. 255 are read, others are refused with the command that mends them") {
  const auto typed = [](char code, const std::string& values) {
    std::string file = idx({2}, values);
    file[2] = code;
    return file;
  };
  const auto read = [](const std::string& file) {
    const IdxArray array = parse_idx(testing::bytes(file), "x-ubyte", 1);
    return std::vector<int>(array.values().begin(), array.values().end());
  };
  CHECK(read(typed(0x09, "\x01\x7f")) == std::vector<int>{1, 127});
  CHECK(read(typed(0x0b, std::string("\0\x03\0\xff", 4))) == std::vector<int>{3, 255});
  CHECK(read(typed(0x0c, std::string("\0\0\0\x03\0\0\0\xff", 8))) == std::vector<int>{3, 255});
  CHECK(read(typed(0x0d, std::string("\x40\x40\0\0\0\0\0\0", 8))) == std::vector<int>{3, 0});
  CHECK(refusal(typed(0x09, "\x01\xff"), 1).find("byte 9: found -1 among signed bytes") != std::string::npos);
  CHECK(refusal(typed(0x0b, std::string("\0\x03\1\0", 4)), 1).find("found 256 among 16-bit") != std::string::npos);
  CHECK(refusal(typed(0x0d, std::string("\x3f\0\0\0\0\0\0\0", 8)), 1).find("byte 8: found 0.5 among 32-bit floats") !=
        std::string::npos);
  CHECK(refusal(typed(0x0c, "123"), 1).find("found 3 bytes after the header, expected 8") != std::string::npos);
  CHECK(refusal(typed(0x0a, "12"), 1).find("found 0x00000a01, expected 0x00000801") != std::string::npos);
  if (std::system("/usr/bin/python3 -c 'import numpy' 2> /dev/null") != 0) {
    WARN("skipped: the command as printed needs the package python3-numpy");
    return;
  }
  for (const bool packed : {false, true}) {
    testing::TemporaryDirectory folder;
    const std::string path = folder / "it's-ubyte", file = typed(0x0d, std::string("\x3f\0\0\0\x3f\x80\0\0", 8));
    testing::write_file(path, packed ? testing::gzipped(file) : file);
    const std::string message = testing::error_of([&] { read_idx(path, 1); });
    const std::string command =
        "cd " + folder.path() + " && PATH=/usr/bin:$PATH " + message.substr(message.find("python3"));
    REQUIRE(std::system(command.c_str()) == 0);
    const IdxArray array = read_idx(path, 1);
    CHECK(array.values()[0] == 128);  // 0.5 * 255, to even
    CHECK(array.values()[1] == 255);
  }
}

TEST_CASE("Every truncation of an idx file is refused") {
  const std::string whole = idx({2, 2, 3}, "abcdefghijkl");
  for (size_t size = 0; size < whole.size(); ++size) CHECK(refusal(whole.substr(0, size), 3).starts_with("3: "));
  CHECK(refusal(whole, 3) == "");
}

}  // namespace
}  // namespace mlrun
