#include "io/checkpoint_file.hpp"

#include <fcntl.h>

#include <cstring>

#include "base/random.hpp"
#include "io/file.hpp"
#include "io/files.hpp"
#include "io/hdf5/writer.hpp"
#include "io/sha256.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

Bytes image(int64_t count) {
  Hdf5Writer writer;
  Tensor values({count});
  for (int64_t i = 0; i < count; ++i) values.data<float>()[i] = static_cast<float>(i) * 0.5F;
  writer.dataset("model/weight", values);
  writer.text("config/resolved_yaml", "name: made\n");
  return writer.finish();
}

std::string refusal(const std::string& path) {
  return message_of(ExitCode::kCheckpoint, [&] { open_checkpoint(path); });
}

// Changes one byte of a file where it is, which is quick.
void poke(const std::string& path, size_t offset, char value) {
  const int descriptor = ::open(path.c_str(), O_WRONLY);
  REQUIRE(::pwrite(descriptor, &value, 1, static_cast<off_t>(offset)) == 1);
  ::close(descriptor);
}

}  // namespace

TEST_CASE("a checkpoint is opened as it was written, and nothing else is left") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "step-1.h5");
  write_checkpoint(path, image(1000));
  const Hdf5Reader reader = open_checkpoint(path);
  CHECK(reader.tensor("model/weight").data<float>()[999] == 499.5F);
  CHECK(reader.text("config/resolved_yaml") == "name: made\n");
  CHECK(entries(directory) == 1);
  CHECK(get(path) == seal(image(1000)).text());
  CHECK(verify_checkpoint(path));
}

TEST_CASE("every flipped bit of a checkpoint is refused") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "step-1.h5");
  write_checkpoint(path, image(300));
  const std::string whole = get(path);
  CHECK(whole.size() > 4096);
  CHECK(whole.size() < 8192);
  int64_t accepted = 0, wrong = 0;
  for (size_t i = 0; i < whole.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      poke(path, i, static_cast<char>(whole[i] ^ (1 << bit)));
      std::string reason;
      accepted += verify_checkpoint(path, &reason);
      wrong += !reason.starts_with(path + ": ");
    }
    poke(path, i, whole[i]);
  }
  CHECK(accepted == 0);
  CHECK(wrong == 0);
  CHECK(verify_checkpoint(path));
}

TEST_CASE("500 flipped bits of a larger checkpoint are refused one by one") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "step-1.h5");
  write_checkpoint(path, image(100000));
  const std::string whole = get(path);
  const RandomStream random(1, "flips");
  for (uint64_t i = 0; i < 500; ++i) {
    const uint64_t bit = random.below(i, whole.size() * 8);
    poke(path, bit / 8, static_cast<char>(whole[bit / 8] ^ (1 << (bit % 8))));
    CHECK_FALSE(verify_checkpoint(path));
    poke(path, bit / 8, whole[bit / 8]);
  }
  CHECK(verify_checkpoint(path));
}

TEST_CASE("a checkpoint cut at any length is refused, and so are appended bytes") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "step-1.h5");
  write_checkpoint(path, image(300));
  const std::string whole = get(path);
  put(path, whole + "x");
  CHECK_THAT(refusal(path), Catch::StartsWith(path) && Catch::Contains("where " + std::to_string(whole.size() - 512)));
  put(path, whole + std::string(100000, '\0'));
  CHECK_FALSE(verify_checkpoint(path));
  put(path, whole);
  for (size_t n = whole.size(); n-- > 0;) {
    std::filesystem::resize_file(path, n);
    CHECK_FALSE(verify_checkpoint(path));
  }
}

TEST_CASE("what is no checkpoint is told apart in the message") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "x.h5");
  CHECK_THAT(refusal(path), Catch::Contains("No such file"));
  put(path, "");
  CHECK_THAT(refusal(path), Catch::Contains("not a checkpoint of mlrun"));
  put(path, image(10).text());
  CHECK_THAT(refusal(path), Catch::Contains("no user block"));
  CHECK_THAT(refusal(directory.path()), Catch::Contains("directory"));
}

TEST_CASE("a later format or an unknown flag is refused though its checksums are right") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "x.h5"), whole(seal(image(10)).text());
  const auto changed = [&](size_t offset) {
    std::string file = whole;
    file[offset] = 2;
    const Digest digest = sha256(bytes_of(std::string_view(file).substr(0, 480)));
    std::memcpy(&file[480], digest.data(), digest.size());
    put(path, file);
    return refusal(path);
  };
  CHECK_THAT(changed(8), Catch::Contains("format 2; this mlrun reads format 1"));
  CHECK_THAT(changed(12), Catch::Contains("flags"));
  CHECK_THAT(changed(100), Catch::Contains("flags"));
}

TEST_CASE("a checkpoint that cannot be written leaves the old one") {
  const TemporaryDirectory directory;
  const std::string path = (directory / "missing/x.h5");
  CHECK_THAT(message_of(ExitCode::kDisk, [&] { write_checkpoint(path, image(10)); }), Catch::Contains(path));
}
