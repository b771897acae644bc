#include "io/npy.hpp"

#include <cmath>

#include "io/file.hpp"
#include "io/files.hpp"
#include "io/gzip.hpp"

using namespace mlrun;
using namespace std::string_literals;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

std::string npy(const std::string& header, const std::string& values, int version = 1) {
  std::string padded = header;
  while ((10 + padded.size() + 1) % 64 != 0) padded += ' ';
  padded += '\n';
  std::string file = "\x93NUMPY";
  file += static_cast<char>(version);
  file += '\0';
  file += static_cast<char>(padded.size() & 255);
  file += static_cast<char>(padded.size() >> 8);
  if (version >= 2) file += std::string(2, '\0');
  return file + padded + values;
}

NpyArray parse(const std::string& text) {
  Bytes bytes(text.size());
  text.copy(reinterpret_cast<char*>(bytes.data()), text.size());
  return parse_npy(std::move(bytes), "x.npy");
}

std::string refusal(const std::string& text) {
  return message_of(ExitCode::kData, [&] { parse(text); });
}

const std::string kHeader = "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), }";

}  // namespace

TEST_CASE("a .npy file of bytes, version 1 to 3") {
  for (const int version : {1, 2, 3}) {
    const NpyArray array = parse(npy(kHeader, "\1\2\3\4\5\6", version));
    CHECK(array.type == NpyArray::Type::kU8);
    CHECK(array.shape == Shape{2, 3});
    CHECK(array.value(0) == 1);
    CHECK(array.value(5) == 6);
    CHECK(array.values().size() == 6);
  }
}

TEST_CASE("every type that NumPy writes is read by its values") {
  const TemporaryDirectory directory;
  const Output numpy =
      run("/usr/bin/python3 -c \"\nimport numpy as n\nfor t in 'bool u1 i1 u2 i2 u4 i4 u8 i8 f2 f4 f8 >u2 >i4 >f2 "
          ">f8'.split():\n"
          " n.save('" +
          directory.path() + "/'+t+'.npy', n.array([0,1,1,0]).astype(t))\n\"");
  INFO("needs the package python3-numpy: " << numpy.text);
  REQUIRE(numpy.status == 0);
  for (const char* type :
       {"bool", "u1", "i1", "u2", "i2", "u4", "i4", "u8", "i8", "f2", "f4", "f8", ">u2", ">i4", ">f2", ">f8"}) {
    const std::string path = directory / std::string(type) + ".npy";
    const NpyArray array = parse_npy(read_maybe_gzip(path, 1 << 20), path);
    CHECK(array.shape == Shape{4});
    for (int64_t i = 0; i < 4; ++i) CHECK(array.value(i) == (i == 1 || i == 2));
  }
}

TEST_CASE("values of two bytes and more are read in both byte orders") {
  const auto one = [](const std::string& type, const std::string& value) {
    return parse(npy("{'descr': '" + type + "', 'fortran_order': False, 'shape': (1,), }", value)).value(0);
  };
  CHECK(one("<u2", "\x01\xff") == 0xff01);
  CHECK(one(">u2", "\x01\xff") == 0x01ff);
  CHECK(one(">i2", "\xff\xfe") == -2);
  CHECK(one("<u4", "\xfe\xff\xff\xff") == 4294967294.0);
  CHECK(one(">i4", "\xff\xff\xff\xfe") == -2);
  CHECK(one(">u8", std::string(7, '\0') + "\x07") == 7);
  CHECK(one(">f4", std::string("\xc0\x20\0\0", 4)) == -2.5);
  CHECK(one(">f8", std::string("\x40\x04\0\0\0\0\0\0", 8)) == 2.5);
  CHECK(one("<f2", std::string("\0\x3c", 2)) == 1);
  CHECK(one(">f2", "\x35\x55") == 0.333251953125);
  CHECK(one("<f2", std::string("\1\0", 2)) == std::ldexp(1.0, -24));  // the smallest
  CHECK(one("<f2", "\xff\x7b") == 65504);
  CHECK(one("<f2", std::string("\0\xfc", 2)) == -HUGE_VAL);
  CHECK(std::isnan(one("<f2", "\1\x7c")));
}

TEST_CASE("an array in Fortran order has the values of its rows") {
  const NpyArray array = parse(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3), }", "\0\3\1\4\2\5"s));
  for (int64_t i = 0; i < 6; ++i) CHECK(array.value(i) == static_cast<double>(i));
  const NpyArray cube = parse(npy("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 1, 2), }", "\0\2\1\3"s));
  for (int64_t i = 0; i < 4; ++i) CHECK(cube.value(i) == static_cast<double>(i));
}

TEST_CASE("a .npy file that is not exactly one is refused with the reason") {
  const std::string values = "\1\2\3\4\5\6";
  CHECK_THAT(refusal("nonsense"), Catch::StartsWith("x.npy: not a .npy file"));
  CHECK_THAT(refusal(npy(kHeader, values, 4)), Catch::Contains("version is 4"));
  CHECK_THAT(refusal(npy(kHeader, values + "7")), Catch::Contains("needs 6 bytes, but 7 follow"));
  CHECK_THAT(refusal(npy(kHeader, "")), Catch::Contains("needs 6 bytes, but 0 follow"));
  CHECK_THAT(refusal(npy("{'descr': '|O', 'fortran_order': False, 'shape': (2, 3), }", values)),
             Catch::Contains("'|O'") && Catch::Contains("save x.astype(\"uint8\")"));
  CHECK_THAT(refusal(npy("{'descr': '<c8', 'fortran_order': False, 'shape': (2, 3), }", values)),
             Catch::Contains("python3 -c 'import numpy, sys; x = numpy.load(sys.argv[1]); numpy.save(sys.argv[2], "
                             "x.astype(\"float64\"))' x.npy x-plain.npy\n  and read        x-plain.npy"));
  CHECK_THAT(refusal(npy("{'descr': [('a', '|u1')], 'fortran_order': False, 'shape': (6,), }", values)),
             Catch::Contains("records") && Catch::Contains("x.dtype.names"));
  CHECK_THAT(refusal(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (), }", "\1")), Catch::Contains("scalar"));
  CHECK_THAT(refusal(npy("{'descr': '<i8', 'fortran_order': False, 'shape': (4294967296, 4294967296), }", values)),
             Catch::Contains("impossible shape"));
  CHECK_THAT(refusal(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (-2, 3), }", values)),
             Catch::Contains("impossible shape"));
  CHECK_THAT(refusal(npy("{'descr': '|u1', 'shape': (2, 3), }", values)), Catch::Contains("incomplete"));
  CHECK_THAT(refusal(npy("{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3), 'shape': (6,)}", values)),
             Catch::Contains("twice"));
}

TEST_CASE("a .npy file cut anywhere is refused") {
  const std::string whole = npy(kHeader, "\1\2\3\4\5\6");
  for (size_t n = 0; n < whole.size(); ++n) CHECK_FALSE(refusal(whole.substr(0, n)).empty());
}
