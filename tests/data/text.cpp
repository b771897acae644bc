#include <malloc.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <memory>
#include <set>
#include <string>

#include "base/cpu.hpp"
#include "catch.hpp"
#include "data/text_file.hpp"
#include "data/vocabulary.hpp"
#include "io/sha256.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using namespace testing;

struct Texts {
  TemporaryDirectory folder;
  DataSources sources{.root = folder.path(), .cache = "", .seed = 1};
  std::unique_ptr<Dataset> read(const std::string& options) const { return dataset("kind: text\n" + options, sources); }
  std::string refusal(const std::string& options) const {
    return error_of([&] { read(options); });
  }
};

// 200 characters, and the number of each can be told from it and its neighbour.
std::string counted() {
  std::string text;
  for (int i = 0; i < 200; ++i) text.push_back(static_cast<char>((i % 2 ? 'a' : 'A') + i / 2 % 25));
  return text;
}

TEST_CASE("A text is cut into contiguous parts, and these into sequences side by side") {
  const Texts texts;
  write_file(texts.folder / "t.txt", counted());
  const auto data = texts.read("file: t.txt\nlength: 8\nsplit: [0.6, 0.2, 0.2]");
  CHECK(data->spec().shape == Shape{8});
  CHECK(data->spec().alphabet == 50);
  CHECK(data->spec().given == 0);
  CHECK(data->count(Split::kTrain) == 14);  // of 120, wherever they begin
  CHECK(data->count(Split::kValid) == 5);
  CHECK(data->vocabulary()->text(symbols(*data, Split::kValid)) == counted().substr(120, 40));
  CHECK(data->vocabulary()->text(symbols(*data, Split::kTest, 7)) == counted().substr(160, 40));
  CHECK(data->description().find("14/5/5 sequences of 8 characters, alphabet 50, 8/0/0 left over") !=
        std::string::npos);
}

TEST_CASE("A text may have no test part; then the training part is rounded down, as nanoGPT cuts tiny Shakespeare") {
  const Texts texts;
  write_file(texts.folder / "t.txt", counted().substr(0, 197));
  const auto data = texts.read("file: t.txt\nlength: 8\nsplit: [0.9, 0.1, 0]");  // int(197 * 0.9) = 177
  CHECK(data->count(Split::kTest) == 0);
  CHECK(data->count(Split::kValid) == 2);
  CHECK(data->vocabulary()->text(symbols(*data, Split::kValid)) == counted().substr(177, 16));
  CHECK(texts.refusal("file: t.txt\nlength: 8\nsplit: [0.9, 0, 0.1]").find("split: [0.9, 0.1, 0]") !=
        std::string::npos);
}

TEST_CASE("Training sequences begin where the epoch says, inside the training part") {
  const Texts texts;
  write_file(texts.folder / "t.txt", counted());
  const auto data = texts.read("file: t.txt\nlength: 8\nsplit: [0.6, 0.2, 0.2]");
  std::set<size_t> begins;
  for (int64_t epoch = 0; epoch < 60; ++epoch) {
    const std::string text = data->vocabulary()->text(symbols(*data, Split::kTrain, epoch));
    const size_t begin = counted().find(text);
    REQUIRE(begin + text.size() <= 120);
    begins.insert(begin);
    CHECK(symbols(*data, Split::kTrain, epoch) == symbols(*data, Split::kTrain, epoch));
  }
  CHECK(begins.size() == 9);  // 0 to 8, the characters that are left over
  DataSources other = texts.sources;
  other.seed = 2;
  const auto again = dataset("kind: text\nfile: t.txt\nlength: 8\nsplit: [0.6, 0.2, 0.2]", other);
  CHECK(again->hash() == data->hash());
  bool differs = false;
  for (int64_t e = 0; e < 10; ++e)
    differs = differs || symbols(*again, Split::kTrain, e) != symbols(*data, Split::kTrain, e);
  CHECK(differs);
}

TEST_CASE("Characters are code points of UTF-8, and bytes are bytes") {
  const Texts texts;
  const std::string text = "äb€𝄞ä\nb€𝄞äb€𝄞äb€𝄞ab";
  write_file(texts.folder / "t.txt", text);
  write_file(texts.folder / "t.txt.gz", gzipped(text));
  const auto characters = texts.read("file: t.txt\nlength: 2\nsplit: [0.6, 0.2, 0.2]");
  CHECK(characters->spec().alphabet == 6);
  CHECK(characters->vocabulary()->codes() == std::vector<int64_t>{'\n', 'a', 'b', 0xe4, 0x20ac, 0x1d11e});
  CHECK(characters->vocabulary()->text(std::vector<int32_t>{3, 4, 5, 0, 1}) == "ä€𝄞\na");
  CHECK(characters->vocabulary()->symbols("€bä", "it") == std::vector<int32_t>{4, 2, 3});
  const auto bytes = texts.read("file: t.txt\nlength: 2\nsymbols: bytes\nsplit: [0.6, 0.2, 0.2]");
  CHECK(bytes->vocabulary()->text(bytes->vocabulary()->symbols(text, "it")) == text);
  CHECK(bytes->hash() != characters->hash());
}

TEST_CASE("What is no text, or too little of it, is refused with the place") {
  const Texts texts;
  write_file(texts.folder / "latin1.txt", std::string("caf\xe9 caf\xe9 caf\xe9"));
  write_file(texts.folder / "short.txt", "abcabcabc");
  write_file(texts.folder / "same.txt", std::string(100, 'x'));
  const auto says = [&](const std::string& options, const std::string& code, const std::string& part) {
    const std::string message = texts.refusal(options);
    INFO(message);
    CHECK(message.rfind(code + ": ", 0) == 0);
    CHECK(message.find(part) != std::string::npos);
  };
  says("file: latin1.txt", "3", "byte 3 is not UTF-8");
  says("file: short.txt\nlength: 4", "3", "too few for a sequence of data.length 4");
  says("file: same.txt\nlength: 2", "3", "found 1 different characters");
  says("file: none.txt", "3", "none.txt is missing   (data.file: none.txt");
  says("length: 8", "3", "scripts/fetch_data.sh tinyshakespeare");
  says("file: short.txt\nsplit: [0.5, 0.1, 0.1]", "2", "the shares sum to 0.7");
  const Vocabulary known(TextUnit::kCharacters, {'\n', 'a', 'b', 'c'});
  CHECK(error_of([&] { known.symbols("abé", "--prompt"); }).find("'é' at place 2") != std::string::npos);
  CHECK(error_of([&] { known.symbols("\t", "--prompt"); }).find("U+0009") != std::string::npos);
}

// How many bytes the most that this process had in memory grows by in `body`, in a process of its own.
int64_t growth(const std::function<void()>& body) {
  ::malloc_trim(0);  // what earlier tests have left would hide what `body` takes
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  int64_t bytes = -1;
  if (child == 0) {
    const int64_t before = peak_memory_bytes();
    try {
      body();
      bytes = peak_memory_bytes() - before;
    } catch (...) {
    }
    std::_Exit(::write(ends[1], &bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
  }
  ::close(ends[1]);
  CHECK(::read(ends[0], &bytes, sizeof bytes) == sizeof bytes);
  ::close(ends[0]);
  ::waitpid(child, nullptr, 0);
  REQUIRE(bytes >= 0);
  return bytes;
}

TEST_CASE("A text takes at most two bytes a character in memory, and next to none where it has a packed copy") {
#if defined(__SANITIZE_ADDRESS__)
  constexpr int64_t kOfSanitizer = 6'000'000;  // an eighth of what is used, and what it withholds from use
#else
  constexpr int64_t kOfSanitizer = 0;
#endif
  constexpr int64_t kSize = 24'000'000, kPieces = kSize / 2 + kOfSanitizer;
  const Texts texts;
  std::string text;
  for (int64_t i = 0; static_cast<int64_t>(text.size()) < kSize; ++i) text += std::to_string(i * 7919 % 1000003) + " ";
  text.resize(kSize);
  for (const bool packed : {false, true}) {
    write_file(texts.folder / "t.txt", packed ? gzipped(text) : text);
    const auto read = [&](const std::string& cache) {
      DataSources sources = texts.sources;
      sources.cache = cache;
      const auto data = dataset("kind: text\nfile: t.txt", sources);
      for (int64_t row = 0; row < 8; ++row) data->batch(Split::kTrain, std::vector<int64_t>{row * 9000}, 0);
    };
    const std::string cache = texts.folder / "cache";
    CHECK(growth([&] { read(""); }) < 2 * kSize);
    CHECK(growth([&] { read(""); }) > kSize / 2);  // so that the figure is one
    CHECK(growth([&] { read(cache); }) < kPieces);
    CHECK(growth([&] { read(cache); }) < kPieces);
    CHECK(growth([&] { read("/proc/none"); }) < 2 * kSize);  // a copy that cannot be written
    std::filesystem::remove_all(cache);
  }
}

TEST_CASE("A text is the same with and without a packed copy, and wherever the pieces it is read in end") {
  const Texts texts;
  std::string text = "\xef\xbb\xbf";
  for (int i = 0; i < 70'000; ++i) text += i % 7 ? "ä€𝄞" : "ab";  // pieces of 256 KiB end inside characters
  const std::string plain = text.substr(3);
  for (const bool packed : {false, true}) {
    write_file(texts.folder / "t.txt", packed ? gzipped(text) : text);
    for (const TextUnit unit : {TextUnit::kCharacters, TextUnit::kBytes}) {
      const TextFile memory(texts.folder / "t.txt", unit, "");
      for (int again = 0; again < 2; ++again) {
        const TextFile mapped(texts.folder / "t.txt", unit, texts.folder / "cache");
        const std::string& expected = unit == TextUnit::kBytes ? text : plain;
        std::vector<int32_t> symbols(static_cast<size_t>(mapped.size()));
        mapped.symbols(0, symbols);
        CHECK(mapped.vocabulary().text(symbols) == expected);
        CHECK(mapped.vocabulary().codes() == memory.vocabulary().codes());
        CHECK(mapped.hash("x\n") == io::sha256_hex("x\n" + expected));
        CHECK(memory.hash("x\n") == mapped.hash("x\n"));
      }
    }
  }
  write_file(texts.folder / "bad.txt", plain.substr(0, 600'000 / 9 * 9) + "\xff");
  CHECK(error_of([&] { TextFile(texts.folder / "bad.txt", TextUnit::kCharacters, ""); }).find("is not UTF-8") !=
        std::string::npos);
  write_file(texts.folder / "cut.txt", "abä€\xe2\x82");
  CHECK(error_of([&] { TextFile(texts.folder / "cut.txt", TextUnit::kCharacters, ""); }).find("byte 7 is not UTF-8") !=
        std::string::npos);
}

TEST_CASE("More different characters than a byte counts take two bytes each") {
  const Texts texts;
  std::vector<int64_t> codes;
  for (int64_t code = 0x4e00; code < 0x4e00 + 700; ++code) codes.push_back(code);
  const Vocabulary wide(TextUnit::kCharacters, codes);
  std::vector<int32_t> symbols(7000);
  for (size_t i = 0; i < symbols.size(); ++i) symbols[i] = static_cast<int32_t>(i * 13 % 700);
  write_file(texts.folder / "t.txt", wide.text(symbols));
  for (const char* cache : {"", "cache", "cache"}) {
    const TextFile text(texts.folder / "t.txt", TextUnit::kCharacters, *cache ? texts.folder / cache : "");
    std::vector<int32_t> found(symbols.size());
    REQUIRE(text.size() == 7000);
    text.symbols(0, found);
    CHECK(found == symbols);
  }
}

TEST_CASE("A packed copy of a text that is damaged is made anew") {
  const Texts texts;
  write_file(texts.folder / "t.txt", counted());
  const auto read = [&] { return TextFile(texts.folder / "t.txt", TextUnit::kBytes, texts.folder / "cache").hash(""); };
  const std::string hash = read();
  const std::string copy = std::filesystem::directory_iterator(texts.folder / "cache")->path().string();
  std::string bytes = read_all(copy);
  bytes[bytes.size() - 1] = static_cast<char>(bytes[bytes.size() - 1] ^ 1);
  write_file(copy, bytes);
  CHECK(read() == hash);
  CHECK(read_all(copy) != bytes);
  write_file(copy, bytes.substr(0, bytes.size() / 2));
  CHECK(read() == hash);
}

}  // namespace
}  // namespace mlrun
