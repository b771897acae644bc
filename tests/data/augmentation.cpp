// Augmented training images: what each way does, what is drawn, and that valid and test know nothing of it.
#include <algorithm>
#include <numeric>
#include <set>

#include "base/error.hpp"
#include "catch.hpp"
#include "config/document.hpp"
#include "data/augmentation.hpp"
#include "data/dataset.hpp"
#include "support.hpp"

using namespace mlrun;

namespace {

AugmentOptions with(int64_t shift, double turn = 0, double scale = 0, bool mirror = false, double plain = 0.5) {
  AugmentOptions options;
  options.shift = shift, options.turn = turn, options.scale = scale, options.mirror = mirror, options.plain = plain;
  return options;
}

int64_t number_of(const Augmenter& augmenter, int64_t rows, int64_t columns, double degrees, double factor,
                  bool mirrored) {
  for (int64_t i = 0; i < augmenter.count(); ++i) {
    const Augmentation& way = augmenter.way(i);
    if (way.rows == rows && way.columns == columns && way.degrees == degrees && way.factor == Approx(factor) &&
        way.mirrored == mirrored)
      return i;
  }
  FAIL("no such way");
  return 0;
}

std::unique_ptr<Dataset> digits(const std::string& options) {
  config::Diagnostics diagnostics;
  const config::Document document =
      config::Document::from_text("data: {kind: digits, train_limit: 300, " + options + "}\n", "test", {}, diagnostics);
  config::Reader section = document.root().section("data");
  const auto choice = dataset_kinds().choose(section);
  document.root().finish();
  diagnostics.throw_if_any();
  return choice.build({.root = "", .cache = "", .seed = 4, .draw = 0});
}

std::vector<int64_t> rows(int64_t count) {
  std::vector<int64_t> all(static_cast<size_t>(count));
  std::iota(all.begin(), all.end(), int64_t{0});
  return all;
}

bool same(const Tensor& a, const Tensor& b) {
  return std::equal(a.data<int32_t>(), a.data<int32_t>() + a.count(), b.data<int32_t>());
}

}  // namespace

TEST_CASE("way 0 is the plain image, and every combination of levels is a way of its own") {
  const Augmenter augmenter(with(1, 10, 0.1, true), {4, 6}, 1);
  CHECK(augmenter.count() == 9 * 5 * 3 * 2);
  const Augmentation& plain = augmenter.way(0);
  CHECK((plain.rows == 0 && plain.columns == 0 && plain.degrees == 0 && plain.factor == 1 && !plain.mirrored));
  CHECK(Augmenter(with(0), {4, 6}, 1).count() == 1);
  CHECK(Augmenter().count() == 1);
  CHECK(Augmenter().drawn(3, 5) == 0);
}

TEST_CASE("images are shifted, mirrored, turned by a quarter and scaled as the way says") {
  const Augmenter shifting(with(1, 0, 0, true), {2, 3}, 1);
  std::vector<int32_t> image = {1, 2, 3, 4, 5, 6};
  const auto after = [&](const Augmenter& augmenter, int64_t number, std::vector<int32_t> of) {
    augmenter.apply(number, of);
    return of;
  };
  CHECK(after(shifting, number_of(shifting, 1, 0, 0, 1, false), image) == std::vector<int32_t>{0, 0, 0, 1, 2, 3});
  CHECK(after(shifting, number_of(shifting, 0, -1, 0, 1, false), image) == std::vector<int32_t>{2, 3, 0, 5, 6, 0});
  CHECK(after(shifting, number_of(shifting, 0, 0, 0, 1, true), image) == std::vector<int32_t>{3, 2, 1, 6, 5, 4});
  CHECK(after(shifting, number_of(shifting, 0, 1, 0, 1, true), image) == std::vector<int32_t>{0, 3, 2, 0, 6, 5});
  CHECK(after(shifting, 0, image) == image);

  // Half of 45 degrees twice is 45; a point off the middle of an odd square goes round counter-clockwise.
  const Augmenter turning(with(0, 45), {5, 5}, 1);
  std::vector<int32_t> point(25);
  point[2 * 5 + 4] = 200;  // to the right of the middle
  const std::vector<int32_t> turned = after(turning, number_of(turning, 0, 0, 45, 1, false), point);
  const auto brightest = std::max_element(turned.begin(), turned.end()) - turned.begin();
  CHECK(brightest / 5 < 2);  // up
  CHECK(brightest % 5 > 2);  // and still to the right

  const Augmenter scaling(with(0, 0, 0.5), {5, 5}, 1);
  std::vector<int32_t> square(25);
  for (const int r : {1, 2, 3})
    for (const int c : {1, 2, 3}) square[static_cast<size_t>(r * 5 + c)] = 100;
  const auto sum = [](const std::vector<int32_t>& v) { return std::accumulate(v.begin(), v.end(), 0); };
  CHECK(sum(after(scaling, number_of(scaling, 0, 0, 0, 1.5, false), square)) > sum(square) * 3 / 2);
  CHECK(sum(after(scaling, number_of(scaling, 0, 0, 0, 0.5, false), square)) < sum(square) * 2 / 3);
}

TEST_CASE("what is drawn follows from seed, epoch and row, and leaves the share of plain images that was asked for") {
  const Augmenter augmenter(with(1, 0, 0, false, 0.25), {28, 28}, 3), other(with(1, 0, 0, false, 0.25), {28, 28}, 4);
  std::vector<int64_t> counts(9);
  int64_t changes = 0, others = 0;
  for (int64_t row = 0; row < 4000; ++row) {
    ++counts[static_cast<size_t>(augmenter.drawn(2, row))];
    changes += augmenter.drawn(2, row) != augmenter.drawn(3, row);
    others += augmenter.drawn(2, row) != other.drawn(2, row);
    CHECK(augmenter.drawn(2, row) == Augmenter(with(1, 0, 0, false, 0.25), {28, 28}, 3).drawn(2, row));
  }
  CHECK(counts[0] == Approx(1000).margin(120));
  for (size_t way = 1; way < 9; ++way) CHECK(counts[way] == Approx(375).margin(80));
  CHECK(changes > 3000);
  CHECK(others > 3000);
}

TEST_CASE("training batches are augmented and say how; valid, test and plain batches are not") {
  for (const std::string binarization : {"dynamic", "none"}) {
    const auto plain = digits("binarization: " + binarization);
    const auto augmented =
        digits("binarization: " + binarization + ", augment: {shift: 1, turn: 8, scale: 0.1, plain: 0.4}");
    INFO(binarization);
    CHECK(plain->spec().augmentations == 1);
    CHECK(augmented->spec().augmentations == 9 * 5 * 3);
    CHECK(augmented->hash() == plain->hash());
    CHECK(augmented->protocol() == plain->protocol());
    const Batch batch = augmented->training_batch(rows(200), 3), before = plain->batch(Split::kTrain, rows(200), 3);
    REQUIRE(batch.augmentation.defined());
    CHECK_FALSE(before.augmentation.defined());
    int64_t changed = 0;
    for (int64_t i = 0; i < 200; ++i) {
      const bool equal = same(batch.symbols.rows(i, i + 1), before.symbols.rows(i, i + 1));
      if (batch.augmentation.data<int32_t>()[i] == 0) CHECK(equal);
      else changed += equal ? 0 : 1;
    }
    CHECK(changed > 80);
    CHECK(same(augmented->training_batch(rows(200), 3).symbols, batch.symbols));
    CHECK(same(augmented->batch(Split::kTrain, rows(200), 3).symbols, before.symbols));
    for (const Split split : {Split::kValid, Split::kTest}) {
      const Batch judged = augmented->batch(split, rows(50), 0);
      CHECK_FALSE(judged.augmentation.defined());
      CHECK(same(judged.symbols, plain->batch(split, rows(50), 0).symbols));
    }
    // A part of a batch keeps its ways.
    CHECK(batch.slice(5, 9).augmentation.data<int32_t>()[0] == batch.augmentation.data<int32_t>()[5]);
  }
}

TEST_CASE("binary data can be shifted and mirrored, and nothing else") {
  const auto shifted = digits("binarization: threshold, augment: {shift: 1, mirror: true, plain: 0}");
  const Batch batch = shifted->training_batch(rows(20), 0);
  for (int64_t i = 0; i < batch.symbols.count(); ++i) CHECK(batch.symbols.data<int32_t>()[i] <= 1);
  for (const std::string other : {"turn: 5", "scale: 0.1"}) {
    try {
      digits("binarization: threshold, augment: {" + other + "}");
      FAIL("built");
    } catch (const Error& e) {
      CHECK(std::string(e.what()).find("can only be shifted or mirrored") != std::string::npos);
    }
  }
}
