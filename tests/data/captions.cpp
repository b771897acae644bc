#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "catch.hpp"
#include "data/captions/caption_file.hpp"
#include "data/captions/stream.hpp"
#include "data/digits/digit_captions.hpp"
#include "data/digits/handwriting.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using namespace testing;

CaptionStream small_stream() {
  return {{.shape = {2, 2}, .alphabet = 2}, Vocabulary::of("a cat", TextUnit::kCharacters), 5};
}

TEST_CASE("A caption and a picture become a stream, in both orders, and come back") {
  const CaptionStream stream = small_stream();
  CHECK(stream.spec().shape == Shape{11});
  CHECK(stream.spec().alphabet == 2 + 4 + 3);  // bits; blank, a, c, t; end and two borders
  const std::vector<int32_t> words = stream.words_of("cat", "test"), picture = {0, 1, 1, 0};
  CHECK(words == std::vector<int32_t>{4, 3, 5, 6, 6});
  for (const bool picture_first : {false, true}) {
    std::vector<int32_t> row(11);
    stream.join(words, picture, picture_first, row);
    CHECK(row == (picture_first ? std::vector<int32_t>{8, 0, 1, 1, 0, 7, 4, 3, 5, 6, 6}
                                : std::vector<int32_t>{7, 4, 3, 5, 6, 6, 8, 0, 1, 1, 0}));
    const auto reading = stream.read(row);
    CHECK(reading.caption == "cat");
    CHECK(reading.picture == picture);
    CHECK(reading.whole);
    // Each position of one order stands for the place of the same symbol in the other.
    std::vector<int32_t> other(11);
    stream.join(words, picture, false, other);
    for (int64_t t = 1; t < 11; ++t) {
      const int64_t place = stream.parts().place(t, picture_first);
      if (place != 6) CHECK(row[static_cast<size_t>(t)] == other[static_cast<size_t>(place)]);
    }
    row[static_cast<size_t>(stream.parts().words_at(picture_first) + 4)] = 3;  // a character behind the end
    CHECK_FALSE(stream.read(row).whole);
    CHECK(stream.read(row).caption == "cat");
    row[static_cast<size_t>(stream.parts().picture_at(picture_first) + 1)] = 7;
    CHECK(stream.read(row).picture == std::vector<int32_t>{0, 0, 1, 0});
  }
  CHECK(stream.words_of("a cat", "test").back() == 5);
}

TEST_CASE("A caption that is too long, or has a character that no caption has, is refused with those there are") {
  const CaptionStream stream = small_stream();
  CHECK(error_of([&] { stream.words_of("a cats", "--prompt"); }) ==
        "2: --prompt: 's' at place 5 is not among the 4 characters of the text that the model was trained on\n"
        "  the characters of its captions   ' ' 'a' 'c' 't'");
  CHECK(error_of([&] { stream.words_of("a catt", "--prompt"); }) ==
        "2: --prompt: 'a catt' has 6 characters, and the captions that the model was trained on have 5 at most");
}

TEST_CASE("Numbers have names") {
  CHECK(number_word(0) == "zero");
  CHECK(number_word(7) == "seven");
  CHECK(number_word(19) == "nineteen");
  CHECK(number_word(40) == "forty");
  CHECK(number_word(61) == "sixty-one");
  CHECK(number_word(100) == "100");
}

TEST_CASE("What is said of the program's digits is what they look like") {
  const std::vector<std::string> all = all_digit_captions();
  CHECK(std::set<std::string>(all.begin(), all.end()).size() == 270);
  std::vector<uint8_t> pixels(784);
  // By words of a caption: ink, the mean row, and how far upper rows lie to the right of lower ones.
  std::map<std::string, std::vector<double>> ink, row, slant;
  int64_t eights = 0;
  for (uint64_t index = 0; index < 4000; ++index) {
    const DigitFacts facts = facts_of_digit(index);
    REQUIRE(facts.label == write_digit(index, pixels.data()));
    const std::string caption = all[static_cast<size_t>(digit_caption_of(facts))];
    REQUIRE(caption.find(number_word(facts.label)) != std::string::npos);
    if (facts.label == 8 && caption.starts_with("an eight")) ++eights;
    double sum = 0, rows = 0, columns = 0, covariance = 0, spread = 0;
    for (int p = 0; p < 784; ++p) sum += pixels[static_cast<size_t>(p)];
    for (int p = 0; p < 784; ++p) {
      rows += pixels[static_cast<size_t>(p)] * (p / 28) / sum;
      columns += pixels[static_cast<size_t>(p)] * (p % 28) / sum;
    }
    for (int p = 0; p < 784; ++p) {
      const double r = p / 28 - rows, c = p % 28 - columns, w = pixels[static_cast<size_t>(p)] / sum;
      covariance += w * r * c;
      spread += w * r * r;
    }
    const auto word = [&](const char* one, const char* other) -> std::string {
      return caption.find(one) != std::string::npos ? one : caption.find(other) != std::string::npos ? other : "";
    };
    ink[word("thin ", "thick ")].push_back(sum / 255);
    row[word(", high", ", low")].push_back(rows);
    slant[word("left", "right")].push_back(-covariance / spread);
  }
  CHECK(eights > 50);
  const auto mean = [](const std::vector<double>& of) {
    double sum = 0;
    for (const double x : of) sum += x;
    return sum / static_cast<double>(of.size());
  };
  CHECK(mean(ink["thin "]) + 10 < mean(ink[""]));
  CHECK(mean(ink[""]) + 10 < mean(ink["thick "]));
  CHECK(mean(row[", high"]) + 0.3 < mean(row[""]));
  CHECK(mean(row[""]) + 0.3 < mean(row[", low"]));
  CHECK(mean(slant["left"]) + 0.1 < mean(slant[""]));
  CHECK(mean(slant[""]) + 0.1 < mean(slant["right"]));
  for (const auto& [words, of] : ink) CHECK(of.size() > 1000);
  for (const auto& [words, of] : row) CHECK(of.size() > 400);
  for (const auto& [words, of] : slant) CHECK(of.size() > 500);
}

TEST_CASE("Labels in words stand before or behind pictures, by a draw for each epoch of training") {
  const DataSources sources{.root = "/nowhere", .cache = "", .seed = 1};
  const std::string of =
      "of: {kind: digits, binarization: threshold, train_limit: 200, valid_limit: 50, test_limit: 50}";
  const auto data = dataset("kind: captions\nwords: labels\n" + of, sources);
  const auto plain =
      dataset("kind: digits\nbinarization: threshold\ntrain_limit: 200\nvalid_limit: 50\ntest_limit: 50", sources);
  const CaptionStream& stream = *data->caption_stream();
  CHECK(data->spec().shape == Shape{2 + 5 + 784});
  CHECK(data->spec().alphabet == 2 + 15 + 3);
  CHECK(data->spec().classes == 0);
  CHECK(data->captions().size() == 10);
  CHECK(data->protocol() == "label in words and picture, either first, threshold (grey >= 128), first 200/50/50 rows");
  for (const Split split : {Split::kTrain, Split::kTest}) {
    const std::vector<int64_t> rows = first(50);
    const Batch pictures = plain->batch(split, rows, 0);
    std::vector<int64_t> picture_first;
    std::vector<std::vector<int32_t>> epochs;
    for (const int64_t epoch : {0, 1}) {
      const Batch batch = data->batch(split, rows, epoch);
      epochs.push_back(numbers(batch.symbols));
      picture_first.push_back(0);
      for (int64_t i = 0; i < 50; ++i) {
        const int32_t* row = batch.symbols.data<int32_t>() + i * 791;
        const auto reading = stream.read({row, 791});
        REQUIRE(reading.whole);
        REQUIRE(reading.caption == number_word(pictures.labels.data<int32_t>()[i]));
        REQUIRE(std::equal(reading.picture.begin(), reading.picture.end(), pictures.symbols.data<int32_t>() + i * 784));
        picture_first.back() += row[0] == stream.parts().picture_border ? 1 : 0;
      }
      CHECK(picture_first.back() > 12);
      CHECK(picture_first.back() < 38);
    }
    CHECK((epochs[0] == epochs[1]) == (split == Split::kTest));
  }
  for (const std::string part : {"words", "picture"}) {
    const auto one = dataset("kind: captions\nwords: labels\nfirst: " + part + "\n" + of, sources);
    const int32_t border = part == "words" ? stream.parts().words_border : stream.parts().picture_border;
    const std::vector<int32_t> all = symbols(*one, Split::kTrain);
    for (size_t i = 0; i < 200; ++i) REQUIRE(all[i * 791] == border);
    CHECK(one->hash() == data->hash());
    CHECK(one->protocol() != data->protocol());
  }
  CHECK(dataset("kind: captions\n" + of, sources)->hash() != data->hash());
}

TEST_CASE("Two digits in a picture are said with where they stand") {
  const DataSources sources{.root = "/nowhere", .cache = "", .seed = 1};
  const auto data = dataset(
      "kind: captions\nfirst: words\nof: {kind: digit_pairs, binarization: none, train_limit: 300, valid_limit: 5, "
      "test_limit: 5}",
      sources);
  CHECK(data->captions().size() == 200);
  const Batch batch = data->batch(Split::kTrain, first(300), 0);
  int64_t above = 0;
  for (int64_t i = 0; i < 300; ++i) {
    const auto reading = data->caption_stream()->read(
        {batch.symbols.data<int32_t>() + i * data->spec().positions(), static_cast<size_t>(data->spec().positions())});
    const bool is_above = reading.caption.find(" above ") != std::string::npos;
    above += is_above ? 1 : 0;
    const auto& captions = data->captions();
    REQUIRE(std::find(captions.begin(), captions.end(), reading.caption) != captions.end());
    for (size_t p = 0; p < 784; ++p) {  // nothing beside the two squares
      const size_t beside = is_above ? p % 28 : p / 28;
      if (beside < 7 || beside >= 21) REQUIRE(reading.picture[p] == 0);
    }
  }
  CHECK(above > 110);
  CHECK(above < 190);
}

TEST_CASE("Captions of one's own pictures come from a CSV file beside them") {
  const TemporaryDirectory folder;
  const std::string pictures = folder / "pictures", csv = pictures + "/words.csv";
  for (int i = 0; i < 10; ++i)
    write_file(pictures + "/" + std::to_string(i) + ".pgm", "P2 2 1 255 " + std::to_string(20 * i) + " 255\n");
  const DataSources sources{.root = folder.path(), .cache = "", .seed = 1};
  const std::string spec =
      "kind: captions\nfirst: picture\nof: {kind: images, train: pictures, split: [0.6, 0.2, 0.2], binarization: none, "
      "captions: words.csv}";
  const auto build = [&] { return dataset(spec, sources); };
  CHECK_THAT(error_of(build), Catch::Contains("words.csv is missing") && Catch::Contains("0.pgm,what it shows"));
  std::string lines = "file,caption\r\n";
  for (int i = 0; i < 10; ++i) lines += std::to_string(i) + ".pgm,\"grey, \"\"" + std::to_string(20 * i) + "\"\"\"\r\n";
  write_file(csv, lines);
  const Captured log;
  const auto data = build();
  CHECK(log.text().find("words.csv") == std::string::npos);
  int64_t rows = 0;
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    const std::vector<int32_t> all = symbols(*data, split);
    const auto length = static_cast<size_t>(data->spec().positions());
    for (size_t begin = 0; begin < all.size(); begin += length, ++rows) {
      const auto reading = data->caption_stream()->read(std::span(all).subspan(begin, length));
      CHECK(reading.caption == "grey, \"" + std::to_string(reading.picture[0]) + "\"");
    }
  }
  CHECK(rows == 10);
  const auto refused = [&](const std::string& text, const std::string& message) {
    write_file(csv, text);
    CHECK_THAT(error_of(build), Catch::Contains("words.csv" + message));
  };
  refused("0.pgm,a\n1.pgm\n", ":2: found 1 field, expected two fields");
  refused("0.pgm,a\n1.pgm,b,c\n", ":2: found 3 fields, expected two fields");
  refused("0.pgm,\"a\n", ":1: found a quote that is not closed");
  refused("0.pgm,a\n0.pgm,b\n", ":2: a second caption of 0.pgm");
  refused("0.pgm,\n", ":1: the caption of 0.pgm is empty");
  refused("\n0.pmg,a\n", ":2: found the file '0.pmg', and there is no such picture");
  refused("0.pgm,\xff\n", ":1: byte 6 is not UTF-8");
  refused("0.pgm,a\n", ": no caption of 1.pgm");
}

TEST_CASE("Streams of what is no image, or of what nobody says anything of, are refused") {
  const DataSources sources{.root = "/nowhere", .cache = "", .seed = 1};
  CHECK_THAT(error_of([&] { dataset("kind: captions\nof: {kind: copying}", sources); }),
             Catch::Contains("expected a data set of images"));
  const TemporaryDirectory folder;
  write_small_mnist(folder / "mnist");
  const DataSources here{.root = folder.path(), .cache = "", .seed = 1};
  CHECK_THAT(error_of([&] { dataset("kind: captions\nwords: own\nof: {kind: mnist, binarization: none}", here); }),
             Catch::Contains("says nothing of its pictures") && Catch::Contains("data.words=labels"));
  CHECK(dataset("kind: captions\nof: {kind: mnist, binarization: none}", here)->captions()[7] == "seven");
}

}  // namespace
}  // namespace mlrun
