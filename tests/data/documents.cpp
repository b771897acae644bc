#include "data/documents.hpp"

#include <string>

#include "catch.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using namespace testing;

struct Folder {
  TemporaryDirectory folder;
  DataSources sources{.root = folder.path(), .cache = "", .seed = 1};
  std::unique_ptr<Dataset> read(const std::string& options) const { return dataset("kind: text\n" + options, sources); }
  std::string refusal(const std::string& options) const {
    return error_of([&] { read(options); });
  }
};

std::string text_of(const Dataset& data, Split split) { return data.vocabulary()->text(symbols(data, split)); }

TEST_CASE("Documents of a folder and of JSON lines are the same rows, each with its end behind it") {
  const Folder place;
  const std::vector<std::string> documents = {"one fish", "two fish", "red", "blue fish, \xc3\xa9t\xc3\xa9",
                                              "old fish"};
  std::string lines;
  for (size_t i = 0; i < documents.size(); ++i) {
    write_file(place.folder / ("d/" + std::to_string(i) + ".txt"), documents[i]);
    lines += i % 2 ? "\"" + documents[i] + "\"\n" : "{\"id\": 7, \"text\": \"" + documents[i] + "\"}\r\n";
  }
  write_file(place.folder / "d/.hidden", "x");
  write_file(place.folder / "d/9.txt", "");  // an empty one is none
  write_file(place.folder / "d.jsonl", lines + "\n\"\"\n");
  write_file(place.folder / "e.jsonl.gz", gzipped(lines));
  std::string hash;
  for (const std::string name : {"d", "d.jsonl", "e.jsonl.gz"}) {
    INFO(name);
    const auto data = place.read("documents: " + name + "\nlength: 4\nsplit: [0.5, 0.5, 0]");
    const auto end = static_cast<int32_t>(data->spec().end);
    CHECK(data->vocabulary()->text(std::vector<int32_t>{end}) == "\x03");
    // Of 46 characters the half lies in the fourth document, which stays whole.
    CHECK(text_of(*data, Split::kValid) == "old fish");
    CHECK(data->description().find(name + " 4/1/0 documents in") != std::string::npos);
    if (hash.empty()) hash = data->hash();
    CHECK(data->hash() == hash);
  }
}

TEST_CASE("What is no document is refused with file and line") {
  const Folder place;
  const std::string rest = "\nlength: 2\nsplit: [0.5, 0.5, 0]";
  write_file(place.folder / "a.jsonl", "\"good\"\n{\"body\": \"bad\"}\n");
  CHECK(place.refusal("documents: a.jsonl" + rest).find("a.jsonl:2: found no document, expected a JSON string") !=
        std::string::npos);
  write_file(place.folder / "b.jsonl", "\"good\"\n\n\"b\\u0003d\"\n");
  CHECK(place.refusal("documents: b.jsonl" + rest).find("b.jsonl:3: found the character U+0003") != std::string::npos);
  write_file(place.folder / "c.txt", "text");
  CHECK(place.refusal("documents: c.txt" + rest).find("data.file instead of data.documents") != std::string::npos);
  CHECK(place.refusal("documents: nowhere" + rest).find("nowhere is missing") != std::string::npos);
  std::filesystem::create_directories(place.folder / "empty");
  CHECK(place.refusal("documents: empty" + rest).find("no files, expected a document in each") != std::string::npos);
  CHECK(place.refusal("documents: d\nfile: c.txt" + rest).find("there is one source") != std::string::npos);
  write_file(place.folder / "e/x", "a\xff");
  CHECK(place.refusal("documents: e" + rest).find("is not UTF-8") != std::string::npos);
}

}  // namespace
}  // namespace mlrun
