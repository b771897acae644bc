// Files of images go through a model and come back byte by byte, or are refused.
#include "coding/compress.hpp"

#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "catch.hpp"
#include "coding/compressed_file.hpp"
#include "io/file.hpp"
#include "io/gzip.hpp"
#include "io/png.hpp"
#include "small_run.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// Runs of small tables: 12 rows of 6 binary symbols, and of 4 grey ones in which 255 occurs.
struct Place {
  TemporaryDirectory root;

  std::string file(const std::string& name, const std::string& contents) const {
    std::ofstream(root / name, std::ios::binary) << contents;
    return root / name;
  }
  std::string train(const std::string& name, const std::string& rows, const std::string& shape,
                    const std::string& model, int steps = 3) const {
    file(name + ".amat", rows);
    const std::string table = root / (name + ".amat");
    REQUIRE(train_in(root / name, "data: {kind: table, train: " + table + ", valid: " + table + ", test: " + table +
                                      ", shape: " + shape + "}\nmodel: " + model +
                                      "\ntrain: {for: " + std::to_string(steps) +
                                      " steps, batch_size: 4}\n"
                                      "eval: {every: 1 steps, samples: 0}\ncompute: {lanes: 2}\n")
                .status == RunStatus::kFinished);
    return root / name;
  }
  std::string train_binary(const std::string& name = "binary", const std::string& model = "{kind: fvsbn}") const {
    return train(name, binary_rows(12), "[2, 3]", model);
  }
  static std::string binary_rows(int rows) {
    std::string text;
    for (int i = 0; i < rows; ++i) {
      for (const int bit : {i % 2, i / 2 % 2, 1, 0, i % 3 / 2}) text += std::to_string(bit) + " ";
      text += std::to_string(i / 4 % 2) + "\n";
    }
    return text;
  }
  CompressOutcome compress_with(const std::string& run, const std::string& input, const std::string& output,
                                std::optional<int64_t> limit = {}, int threads = 1) const {
    return compress({.selector = run, .input = input, .output = root / output, .limit = limit, .threads = threads});
  }
  std::string there_and_back(const std::string& run, const std::string& input,
                             std::optional<int64_t> limit = {}) const {
    compress_with(run, input, "packed", limit);
    decompress({.selector = run, .input = root / "packed", .output = root / "unpacked", .threads = 2});
    return read(root / "unpacked");
  }
};

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

std::string gzipped(const std::string& text) { return std::string(io::gzip(io::bytes_of(text)).text()); }

std::string idx_of(int images, int rows, int columns, const std::string& values) {
  std::string file("\0\0\x08\x03", 4);
  for (const int n : {images, rows, columns}) file += std::string("\0\0\0", 3) + static_cast<char>(n);
  return file + values;
}

}  // namespace

TEST_CASE("text, idx and a split come back byte by byte, plain and gzipped, whole and limited") {
  const Place place;
  for (const std::string model : {"{kind: fvsbn}", "{kind: made, hidden: [6], masks: 3, order: random}"}) {
    const std::string run = place.train_binary(model.substr(7, 4), model), text = Place::binary_rows(300);
    CHECK(place.there_and_back(run, place.file("x.amat", text)) == text);
    CHECK(place.there_and_back(run, place.file("x.amat.gz", gzipped(text))) == text);
    CHECK(place.there_and_back(run, place.file("x.amat", text), 7) == Place::binary_rows(7));
    CHECK(place.there_and_back(run, place.file("x.amat", text), 7000) == text);
    CHECK(place.there_and_back(run, "split:test") == Place::binary_rows(12));
    CHECK(place.there_and_back(run, "split:valid", 2) == Place::binary_rows(2));
    const std::string blanks = "1 0 1 0 1 1 \n0 0 0 0 0 0 \n";
    CHECK(place.there_and_back(run, place.file("x.amat", blanks)) == blanks);
    const std::string idx = idx_of(2, 2, 3, std::string("\1\0\1\1\0\0\0\0\1\1\1\1", 12));
    CHECK(place.there_and_back(run, place.file("x-idx", idx)) == idx);
    CHECK(place.there_and_back(run, place.file("x-idx.gz", gzipped(idx))) == idx);
    CHECK(place.there_and_back(run, place.file("x-idx", idx), 1) == idx_of(1, 2, 3, idx.substr(16, 6)));
  }
}

TEST_CASE("grey images come back, from idx and from PNG") {
  const Place place;
  const std::string run =
      place.train("grey", "0 17 255 3\n128 9 0 254\n1 2 3 4\n5 6 7 255\n", "[2, 2]", "{kind: made, hidden: [5]}");
  const std::string idx = idx_of(2, 2, 2, std::string("\0\x7f\xff\1\x80\2\3\4", 8));
  CHECK(place.there_and_back(run, place.file("x-idx", idx)) == idx);
  io::Image image = io::Image::filled(2, 2, 0);
  image.pixels = {0, 255, 99, 1};
  io::write_png(place.root / "x.png", image);
  place.there_and_back(run, place.root / "x.png");
  CHECK(io::read_png(place.root / "unpacked").pixels == image.pixels);
}

TEST_CASE("a black and white PNG comes back with its pixels, and a grey one is refused by a binary model") {
  const Place place;
  const std::string run = place.train_binary();
  io::Image image = io::Image::filled(3, 2, 0);
  image.pixels = {0, 255, 0, 255, 255, 0};
  io::write_png(place.root / "x.png", image);
  place.there_and_back(run, place.root / "x.png");
  CHECK(io::read_png(place.root / "unpacked").pixels == image.pixels);
  image.pixels[4] = 7;
  io::write_png(place.root / "x.png", image);
  CHECK(says(refusal_of(ExitCode::kData, [&] { place.there_and_back(run, place.root / "x.png"); }),
             "row 1, column 1 (from 0): grey 7"));
}

TEST_CASE("the bytes do not depend on threads, nor on a run that was stopped and resumed") {
  const Place place;
  const std::string spec = spec_of("{kind: made, hidden: [20], masks: 2, order: random}", 6);
  train_in(place.root / "whole", spec);
  train_in(place.root / "stopped", spec, 2, 2);
  train_in(place.root / "stopped", spec);
  std::string rows;
  for (int i = 0; i < 300; ++i) {
    for (int p = 0; p < 784; ++p) rows += p ? (i * p % 7 == 3 ? " 1" : " 0") : "0";
    rows += "\n";
  }
  const std::string input = place.file("x.amat", rows);
  place.compress_with(place.root / "whole", input, "one", {}, 1);
  place.compress_with(place.root / "stopped", input, "two", {}, 2);
  CHECK(read(place.root / "one") == read(place.root / "two"));
  decompress({.selector = place.root / "stopped", .input = place.root / "one", .output = place.root / "out"});
  CHECK(read(place.root / "out") == rows);
}

TEST_CASE("a file is as long as its likelihood, its header and a few bytes") {
  const Place place;
  const std::string run = place.train_binary();
  const CompressOutcome c = place.compress_with(run, place.file("x.amat", Place::binary_rows(1000)), "packed");
  CHECK(c.images == 1000);
  CHECK(c.packed_bytes == 1000);
  CHECK(c.bytes == static_cast<int64_t>(read(place.root / "packed").size()));
  CHECK(c.header_bytes < 100);
  const double excess = static_cast<double>(c.bytes - c.header_bytes) * 8 - c.nats / std::log(2.0);
  CHECK(excess > 0);
  CHECK(excess < 2 * 42);
}

TEST_CASE("another checkpoint is told, by its weights or by its kind") {
  const Place place;
  const std::string run = place.train_binary();
  place.compress_with(run, "split:test", "packed");
  const auto other = [&](const std::string& selector, const std::string& which) {
    decompress({.selector = selector, .which = which, .input = place.root / "packed", .output = place.root / "out"});
  };
  const std::string made = place.train_binary("made", "{kind: made, hidden: [6]}");
  CHECK(says(refusal_of(ExitCode::kCheckpoint, [&] { other(made, "best"); }), "name the checkpoint it was made with"));
  CHECK_FALSE(std::filesystem::exists(place.root / "out"));
  place.compress_with(run, "split:test", "packed");
  refusal_of(ExitCode::kCheckpoint, [&] { other(run, "2"); });  // best is step 3
}

TEST_CASE("a file cut anywhere, or with any bit wrong, is refused, and nothing is written") {
  const Place place;
  const std::string run = place.train_binary();
  place.compress_with(run, "split:test", "packed");
  const std::string whole = read(place.root / "packed");
  for (size_t size = 0; size < whole.size(); ++size) {
    const auto cut = std::as_bytes(std::span(whole.data(), size));
    refusal_of(ExitCode::kData, [&] { unpack(cut, "cut"); });
  }
  for (size_t bit = 0; bit < whole.size() * 8; ++bit) {
    std::string wrong = whole;
    wrong[bit / 8] = static_cast<char>(wrong[bit / 8] ^ (1 << bit % 8));
    refusal_of(ExitCode::kData, [&] { unpack(io::bytes_of(wrong), "wrong"); });
  }
  const auto through_the_command = [&](const std::string& contents) {
    place.file("bad", contents);
    return refusal_of(ExitCode::kData, [&] {
      decompress({.selector = run, .input = place.root / "bad", .output = place.root / "out"});
    });
  };
  CHECK(says(through_the_command(whole.substr(0, 90)), "checksum"));
  CHECK(says(through_the_command(whole + "x"), "checksum"));
  CHECK(says(through_the_command("hello"), "not a file of mlrun compress"));
  CHECK(says(through_the_command(""), "not a file of mlrun compress"));
  CHECK_FALSE(std::filesystem::exists(place.root / "out"));
}

TEST_CASE("a file with a good checksum and wrong contents is believed in nothing") {
  const Place place;
  const std::string run = place.train_binary();
  place.compress_with(run, "split:test", "packed");
  const std::string whole = read(place.root / "packed");
  const CompressedFile good = unpack(io::bytes_of(whole), "good");
  const auto tried = [&](ExitCode code, const CompressedFile& file) {
    const io::Bytes bytes = pack(file);
    place.file("bad", std::string(bytes.text()));
    return refusal_of(code, [&] {
      decompress({.selector = run, .input = place.root / "bad", .output = place.root / "out", .threads = 1});
    });
  };
  CompressedFile file = good;
  file.images = kMaxCompressedSymbols;
  CHECK(says(tried(ExitCode::kData, file), "a number of images"));
  file = good;
  file.images = 100000;  // more streams than there are
  tried(ExitCode::kData, file);
  file = good;
  file.images = 13;
  CHECK(says(tried(ExitCode::kCheckpoint, file), "another kind of CPU"));
  file = good;
  file.shape = {int64_t{1} << 40, 3};
  CHECK(says(tried(ExitCode::kData, file), "a dimension"));
  file = good;
  file.shape = {7};
  CHECK(says(tried(ExitCode::kData, file), "its model has [2, 3]"));
  file = good;
  file.format = ImageFormat::kPng;  // 12 images in one PNG
  tried(ExitCode::kData, file);
  file = good;
  file.original[0] ^= std::byte{1};
  CHECK(says(tried(ExitCode::kCheckpoint, file), "not the original"));
  file = good;
  file.numerics_version += 1;
  CHECK(says(tried(ExitCode::kCheckpoint, file), "numerics version"));
  file = good;
  file.streams[0] = file.streams[0].first(3);
  tried(ExitCode::kCheckpoint, file);
  std::vector<std::byte> noise(good.streams[0].begin(), good.streams[0].end());
  for (size_t i = 0; i < noise.size(); ++i) {
    std::vector<std::byte> flipped = noise;
    flipped[i] ^= std::byte{16};
    file = good;
    file.streams[0] = flipped;
    tried(ExitCode::kCheckpoint, file);
  }
  CHECK_FALSE(std::filesystem::exists(place.root / "out"));
}

TEST_CASE("inputs that do not fit the model are refused with the place") {
  const Place place;
  const std::string run = place.train_binary();
  const auto refused = [&](ExitCode code, const std::string& input) {
    const std::string message = refusal_of(code, [&] { place.compress_with(run, input, "packed"); });
    CHECK_FALSE(std::filesystem::exists(place.root / "packed"));
    return message;
  };
  CHECK(says(refused(ExitCode::kData, place.root / "nothere.amat"), "nothere.amat"));
  CHECK(says(refused(ExitCode::kUsage, "split:tset"), "tset"));
  CHECK(says(refused(ExitCode::kData, place.file("wide.amat", "1 0 1\n")), "images of [3]"));
  CHECK(says(refused(ExitCode::kData, place.file("two.amat", "1 0 1 0 1 2\n")), ":1:11: found '2', expected 0 or 1"));
  CHECK(says(refused(ExitCode::kData, place.file("comma.amat", "1,0,1,0,1,1\n")), "comma.amat:1: byte 1"));
  CHECK(says(refused(ExitCode::kData, place.file("last.amat", "1 0 1 0 1 1\n1 0 1 0 1 1")), "last.amat:2: byte 23"));
  CHECK(says(refused(ExitCode::kData, place.file("grey-idx", idx_of(1, 2, 3, std::string("\1\0\1\1\x25\0", 6)))),
             "image 0, row 1, column 1 (from 0): found 37"));
  CHECK(says(refused(ExitCode::kData, place.file("short-idx", idx_of(2, 2, 3, "abc"))), "cut short"));
  CHECK(says(refused(ExitCode::kData, place.file("big-idx", idx_of(1, 1, 1, "a"))), "images of [1, 1]"));
}
