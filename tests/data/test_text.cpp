#include <memory>

#include <set>

#include "catch.hpp"
#include "data/vocabulary.hpp"
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
  const Vocabulary known = Vocabulary::of("abc\n", TextUnit::kCharacters);
  CHECK(error_of([&] { known.symbols("abé", "--prompt"); }).find("'é' at place 2") != std::string::npos);
  CHECK(error_of([&] { known.symbols("\t", "--prompt"); }).find("U+0009") != std::string::npos);
}

}  // namespace
}  // namespace mlrun
