// Forged structures inside HDF5 files, sealed with the right checksums, and files of other programs.
#include <cstring>
#include <random>

#include "fuzz/forged.hpp"
#include "fuzz/read_everything.hpp"
#include "io/checkpoint_file.hpp"
#include "io/file.hpp"
#include "io/files.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

Bytes copy_of(std::string_view text) {
  Bytes bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

// "" if the bytes are read.
std::string refusal(std::string_view image) {
  try {
    fuzz::read_everything(Hdf5Reader(copy_of(image), "x.h5", ExitCode::kCheckpoint));
    return "";
  } catch (const Error& error) {
    CHECK(error.code() == ExitCode::kCheckpoint);
    CHECK_THAT(error.what(), Catch::StartsWith("x.h5: "));
    return error.what();
  }
}

std::string forged(std::string image, size_t at, uint64_t value, size_t width = 8) {
  std::memcpy(image.data() + at, &value, width);
  return image;
}

}  // namespace

TEST_CASE("a small checkpoint image is as the structure test expects it") {
  const Bytes image = fuzz::small_file();
  CHECK(refusal(image.text()).empty());
  CHECK(image.text().substr(fuzz::kRootTree, 4) == "TREE");
  CHECK(image.text().substr(fuzz::kRootHeap, 4) == "HEAP");
}

TEST_CASE("a file whose group lies about its heap is refused, the one that crashed libhdf5 too") {
  for (const auto& [name, image] : fuzz::forged_files()) {
    INFO(name);
    const std::string why = refusal(image);
    CHECK_FALSE(why.empty());
    const TemporaryDirectory directory;
    write_atomically((directory / "sealed.h5"), seal(copy_of(image)).span());
    REQUIRE(verify_checkpoint((directory / "sealed.h5")));
    CHECK_FALSE(message_of(ExitCode::kCheckpoint, [&] { open_checkpoint((directory / "sealed.h5")); }).empty());
  }
}

TEST_CASE("the refusal of a forged structure names it, the byte, what was found and what was expected") {
  const std::string image(fuzz::small_file().text());
  const size_t heap = fuzz::kRootHeap, tree = fuzz::kRootTree;
  CHECK(refusal(forged(image, heap, 0, 4)) ==
        fmt::format("x.h5: the local heap of /, byte {}: found other bytes, expected \"HEAP\"", heap));
  CHECK_THAT(refusal(forged(image, heap + 8, 1 << 20)), Catch::Contains("the names of / reaches past the end"));
  CHECK_THAT(refusal(forged(image, heap + 8, 0)), Catch::Contains("found no names"));
  CHECK_THAT(refusal(forged(image, heap + 16, 0x51)), Catch::Contains("found free space at 81 of its 88 bytes"));
  CHECK_THAT(refusal(forged(forged(image, heap + 16, 1), heap + 24, tree)),
             Catch::Contains("the B-tree of /: found at bytes") && Catch::Contains("which overlap the names of /"));
  CHECK_THAT(refusal(forged(image, tree + 5, 1, 1)), Catch::Contains("\"TREE\""));
  CHECK_THAT(refusal(forged(image, tree + 6, 33, 2)), Catch::Contains("found a count of entries 33, expected 0 .. 32"));
  CHECK_THAT(refusal(forged(image, tree + 8, tree)), Catch::Contains("found other neighbours"));
  CHECK_THAT(refusal(forged(image, tree + 16, tree)), Catch::Contains("that no node leads to"));
  CHECK_THAT(refusal(forged(image, tree + 24, 1 << 30)), Catch::Contains("found a name at 1073741824"));
  CHECK_THAT(refusal(forged(image, tree + 32, tree)), Catch::Contains("which overlap the B-tree of /"));
  CHECK_THAT(refusal(forged(image, 64, 1 << 30)), Catch::Contains("the object header of / reaches past the end"));
  CHECK_THAT(refusal(forged(image, 13, 4, 1)), Catch::Contains("found bytes of an address 4, expected 8"));
  CHECK_THAT(refusal(forged(image, 40, 1 << 30)), Catch::Contains("the superblock"));
}

TEST_CASE("free space that runs in a circle is refused") {
  const std::string image(fuzz::small_file().text());
  uint64_t free = 0, names = 0;
  std::memcpy(&free, image.data() + fuzz::kRootHeap + 16, 8);
  std::memcpy(&names, image.data() + fuzz::kRootHeap + 24, 8);
  CHECK_THAT(refusal(forged(image, names + free, free)), Catch::Contains("expected it inside and no loop"));
}

TEST_CASE("whatever one byte of the structures becomes, an image is read or refused") {
  const std::string image(fuzz::small_file().text());
  std::mt19937 random(1);
  int refused = 0;
  const auto attempt = [&](size_t at, unsigned char value) {
    std::string changed = image;
    changed[at] = static_cast<char>(value);
    refused += refusal(changed).empty() ? 0 : 1;
  };
  for (size_t at = 0; at < image.size(); ++at) {
    const auto byte = static_cast<unsigned char>(image[at]);
    // The zeros inside half-empty nodes say nothing: some of them are enough.
    if (byte == 0 && at % 8 != 0 && image.compare(at & ~size_t{7}, 8, std::string(8, '\0')) == 0) continue;
    attempt(at, static_cast<unsigned char>(byte + 1));
    attempt(at, static_cast<unsigned char>(byte - 1));
    attempt(at, static_cast<unsigned char>(random()));
  }
  CHECK(refused > 500);
}

TEST_CASE("whatever two words of the structures become, an image is read or refused") {
  const std::string image(fuzz::small_file().text());
  std::mt19937_64 random(2);
  std::vector<size_t> words;
  for (size_t at = 0; at + 8 <= image.size(); at += 8) {
    if (image.compare(at, 8, std::string(8, '\0')) != 0) words.push_back(at);
  }
  int refused = 0;
  for (int i = 0; i < 3000; ++i) {
    const auto word = [&] { return words[random() % words.size()]; };
    const uint64_t value = random();
    // Another address or count of the file, something near it, or anything.
    std::string changed = image;
    for (int k = 0; k < 2; ++k) {
      const size_t to = word();
      if (i % 3 == 0) changed.replace(to, 8, image, word(), 8);
      else changed = forged(std::move(changed), to, i % 3 == 1 ? value % image.size() : value);
    }
    refused += refusal(changed).empty() ? 0 : 1;
  }
  CHECK(refused > 500);
}

TEST_CASE("files of h5py are read: many links and attributes, other types, user blocks, the latest format") {
  const TemporaryDirectory directory;
  put((directory / "make.py"), R"(
import h5py, numpy as np, sys
def fill(f, many):
    f['x'] = np.arange(6, dtype='f4').reshape(2, 3)
    f['big'] = np.arange(4, dtype='>i4')
    f['scalar'] = 2.5
    f['empty'] = np.zeros((0, 3), 'f4')
    g = f.create_group('deep/er/group')
    g.create_dataset('y', data=np.ones(3, 'u1'), fillvalue=7)
    for i in range(many): f['many/%d' % i] = np.int64(i)
    f['x'].attrs['text'] = 'variable'
    f['x'].attrs['fixed'] = np.bytes_('fixed')
    f['x'].attrs['array'] = np.arange(5.0)
    f['x'].attrs['flag'] = True
    f['x'].attrs['record'] = np.zeros(2, dtype=[('a', 'f8'), ('b', 'i2', (3,))])
    f['x'].attrs['reference'] = f['deep'].ref
    f['x'].attrs['nothing'] = h5py.Empty('f4')
    f['x'].attrs['complex'] = 1j
for name, many, options in (('default', 200, {}), ('block', 200, {'userblock_size': 1024}), ('latest', 5, {'libver': 'latest'}),
                            ('v108', 5, {'libver': ('v108', 'v108')}), ('ordered', 5, {'track_order': True})):
    with h5py.File(sys.argv[1] + '/' + name + '.h5', 'w', **options) as f: fill(f, many)
with h5py.File(sys.argv[1] + '/default.h5', 'a') as f:
    for i in range(50): f['x'].attrs['a%d' % i] = i
    f['x'].make_scale('scale'); f['big'].dims[0].attach_scale(f['x'])
    for i in range(0, 200, 3): del f['many/%d' % i]
print('made')
)");
  const Output made = run("/usr/bin/python3 " + (directory / "make.py") + " " + directory.path());
  INFO("needs the package python3-h5py (apt-get install python3-h5py): " << made.text);
  REQUIRE(made.text == "made\n");
  for (const char* name : {"default", "block", "latest", "v108", "ordered"}) {
    INFO(name);
    const Hdf5Reader file = open_hdf5((directory / name + std::string(".h5")), 1 << 24, ExitCode::kData);
    CHECK(file.reals("x") == std::vector<double>{0, 1, 2, 3, 4, 5});
    CHECK(file.integers("big") == std::vector<int64_t>{0, 1, 2, 3});
    CHECK(file.real("scalar") == 2.5);
    CHECK(file.integers("deep/er/group/y") == std::vector<int64_t>{1, 1, 1});
    CHECK(file.integer("many/4") == 4);
    CHECK(file.text_attribute("x", "fixed") == "fixed");
    CHECK_THAT(message_of(ExitCode::kData, [&] { file.text_attribute("x", "text"); }),
               Catch::Contains("variable length"));
  }
}
