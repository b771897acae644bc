// Files that other programs read: safetensors, .npy and .npz, event files of TensorBoard.
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>

#include "catch.hpp"
#include "io/base64.hpp"
#include "io/bytes.hpp"
#include "io/event_file.hpp"
#include "io/npz.hpp"
#include "io/safetensors.hpp"
#include "temporary_directory.hpp"

using namespace mlrun;
using namespace mlrun::io;

namespace {

std::vector<NamedTensor> some_tensors() {
  return {{"a.weight", Tensor::of({2, 3}, {1, 2, 3, 4, 5, 6.5f}), "out,in"},
          {"buffers.order", Tensor::of({3}, std::vector<int32_t>{2, 0, 1}), ""}};
}

}  // namespace

TEST_CASE("a safetensors file is a length, a header that says where values are, and the values") {
  const std::string file = safetensors_of(some_tensors(), {{"format", "pt"}});
  uint64_t length = 0;
  std::memcpy(&length, file.data(), 8);
  CHECK(length % 8 == 0);
  const auto header = nlohmann::json::parse(file.substr(8, length));
  CHECK(header["__metadata__"]["format"] == "pt");
  CHECK(header["a.weight"]["dtype"] == "F32");
  CHECK(header["a.weight"]["shape"] == nlohmann::json({2, 3}));
  CHECK(header["buffers.order"]["dtype"] == "I32");
  CHECK(header["buffers.order"]["data_offsets"] == nlohmann::json({24, 36}));
  CHECK(file.size() == 8 + length + 36);
  float last = 0;
  std::memcpy(&last, file.data() + 8 + length + 20, 4);
  CHECK(last == 6.5f);
  CHECK(safetensors_of(some_tensors(), {{"format", "pt"}}) == file);
}

TEST_CASE("NumPy opens .npz and .npy") {
  const mlrun::test::TemporaryDirectory root;
  std::ofstream(root / "a.npz", std::ios::binary) << npz_of(some_tensors());
  Tensor half({2}, DType::kBF16);
  const uint16_t bits[] = {0x3f80, 0xc000};  // 1, -2
  std::memcpy(half.raw(), bits, 4);
  std::ofstream(root / "b.npy", std::ios::binary) << npy_of(half);
  std::ofstream(root / "check.py") << R"(
import numpy, sys, zipfile
a = numpy.load(sys.argv[1] + '/a.npz')
assert sorted(a.files) == ['a.weight', 'buffers.order']
assert a['a.weight'].dtype == 'f4' and a['a.weight'].tolist() == [[1, 2, 3], [4, 5, 6.5]]
assert a['buffers.order'].dtype == 'i4' and a['buffers.order'].tolist() == [2, 0, 1]
assert zipfile.ZipFile(sys.argv[1] + '/a.npz').testzip() is None
assert numpy.load(sys.argv[1] + '/b.npy').tolist() == [1, -2]
)";
  INFO("needs the package python3-h5py, which brings NumPy");
  CHECK(std::system(("/usr/bin/python3 " + (root / "check.py") + " " + root.path()).c_str()) == 0);
}

TEST_CASE("an event file is records between their checksums") {
  CHECK(crc32c("123456789") == 0xe3069283u);  // RFC 3720
  EventFile events(1.5);
  const size_t head = events.bytes().size();
  CHECK(events.bytes().find("brain.Event:2") != std::string::npos);
  events.scalar("valid/nll", 300, 2.5, 84.25);
  const std::string& file = events.bytes();
  uint64_t length = 0;
  std::memcpy(&length, file.data() + head, 8);
  CHECK(file.size() == head + 8 + 4 + length + 4);
  const std::string event = file.substr(head + 12, length);
  const std::string expected(
      "\x09\x00\x00\x00\x00\x00\x00\x04\x40\x10\xac\x02\x2a\x12\x0a\x10\x0a\x09valid/nll\x15\x00\x80\xa8\x42", 32);
  CHECK(event == expected);
}

TEST_CASE("base64 is that of RFC 4648") {
  for (const auto& [text, code] : {std::pair("", ""), std::pair("f", "Zg=="), std::pair("fo", "Zm8="),
                                   std::pair("foo", "Zm9v"), std::pair("foobar", "Zm9vYmFy")})
    CHECK(base64(bytes_of(text)) == code);
}
