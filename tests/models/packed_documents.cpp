// Rows that hold several documents: each of them is what it would be alone.
#include <algorithm>
#include <cmath>

#include "catch.hpp"
#include "models/battery.hpp"
#include "models/sequence/documents.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

constexpr int64_t kLength = 60, kAlphabet = 5, kEnd = 3;
const DataSpec kPlain = {.shape = {kLength}, .alphabet = kAlphabet, .classes = 0};
const DataSpec kDocuments = {.shape = {kLength}, .alphabet = kAlphabet, .classes = 0, .end = kEnd};

// Variants that need no image and read from beginning to end.
std::vector<std::vector<std::string>> variants() {
  std::vector<std::vector<std::string>> all = sequence_variants();
  std::erase_if(all, [](const std::vector<std::string>& variant) {
    return std::any_of(variant.begin(), variant.end(), [](const std::string& option) {
      return option.starts_with("order=") || option == "positions=rows_and_columns" ||
             option.find("rope_2d") != std::string::npos || option.starts_with("condition=") ||
             option.starts_with("heads.");
    });
  });
  return all;
}

// Two rows; documents of 1 to 30 symbols, one after the other, the end of each among them.
Batch rows_of_documents() {
  Batch batch = random_batch(kPlain, 2, 4);
  int32_t* symbols = batch.symbols.data<int32_t>();
  std::replace(symbols, symbols + 2 * kLength, static_cast<int32_t>(kEnd), 0);
  for (const int64_t end : {0, 17, 18, 34}) symbols[end] = kEnd;
  for (const int64_t end : {29, 58}) symbols[kLength + end] = kEnd;
  return batch;
}

struct Piece {
  int64_t row, begin, length;
};
const std::vector<Piece> kPieces = {{0, 0, 1},   {0, 1, 17}, {0, 18, 1},  {0, 19, 16},
                                    {0, 35, 25}, {1, 0, 30}, {1, 30, 29}, {1, 59, 1}};

double largest_gap(const float* a, const float* b, int64_t count) {
  double most = 0;
  for (int64_t i = 0; i < count; ++i) {
    const double gap = std::abs(static_cast<double>(a[i]) - static_cast<double>(b[i]));
    most = gap >= 0 ? std::max(most, gap) : HUGE_VAL;
  }
  return most;
}

Tensor logits_of(const Built& b, const Batch& batch) {
  Pass pass(*b.parameters);
  return b.autoregressive().logits(pass, b.autoregressive().ordered(batch), 0).value();
}

}  // namespace

TEST_CASE("a document in a row of several has the logits, and the NLL, that it has alone, with every mixer") {
  const Batch rows = rows_of_documents();
  for (const std::vector<std::string>& variant : variants()) {
    // The same weights where no symbol ends anything: rows of one document each.
    const Built packed = build("sequence", kDocuments, variant), alone = build("sequence", kPlain, variant);
    const Tensor together = logits_of(packed, rows);
    double sum = 0;
    for (const Piece& piece : kPieces) {
      Batch one = random_batch(kPlain, 1, 9);
      std::copy_n(rows.symbols.data<int32_t>() + piece.row * kLength + piece.begin, piece.length,
                  one.symbols.data<int32_t>());
      const Tensor single = logits_of(alone, one);
      INFO(variant.back() << " document at " << piece.row << ", " << piece.begin);
      CHECK(largest_gap(single.data<float>(), together.data<float>() + (piece.row * kLength + piece.begin) * kAlphabet,
                        piece.length * kAlphabet) < 2e-5);
      for (int64_t t = 0; t < piece.length; ++t) {
        const float* l = single.data<float>() + t * kAlphabet;
        double mass = 0;
        for (int64_t k = 0; k < kAlphabet; ++k) mass += std::exp(static_cast<double>(l[k]));
        sum += std::log(mass) - static_cast<double>(l[one.symbols.data<int32_t>()[t]]);
      }
    }
    INFO(variant.back());
    const std::vector<double> nll = packed.model->nll(*packed.parameters, rows);
    CHECK(nll[0] + nll[1] == Approx(sum).epsilon(1e-6));
  }
}

TEST_CASE("what stands in one document changes no logit of another, to the bit") {
  const Batch rows = rows_of_documents();
  for (const std::vector<std::string>& variant : variants()) {
    const Built b = build("sequence", kDocuments, variant);
    const Tensor before = logits_of(b, rows);
    Batch moved = rows;
    moved.symbols = rows.symbols.clone();
    for (int64_t t = 1; t < 17; ++t) moved.symbols.data<int32_t>()[t] = (moved.symbols.data<int32_t>()[t] + 1) % 3;
    const Tensor after = logits_of(b, moved);
    INFO(variant.back());
    CHECK(std::equal(before.data<float>() + 18 * kAlphabet, before.data<float>() + before.count(),
                     after.data<float>() + 18 * kAlphabet));
    CHECK(!std::equal(before.data<float>(), before.data<float>() + 18 * kAlphabet, after.data<float>()));
  }
}

TEST_CASE("the steps of rows of documents are their parallel view") {
  const Batch rows = rows_of_documents();
  for (const std::vector<std::string>& variant : variants()) {
    const Built b = build("sequence", kDocuments, variant);
    const Tensor expected = logits_of(b, rows);
    const auto view = b.autoregressive().step_view(*b.parameters, 0);
    const auto stepper = view->begin(2);
    std::vector<float> logits(2 * kAlphabet);
    double most = 0;
    for (int64_t t = 0; t < kLength; ++t) {
      stepper->logits(logits.data());
      for (int64_t row = 0; row < 2; ++row)
        most = std::max(most, largest_gap(logits.data() + row * kAlphabet,
                                          expected.data<float>() + (row * kLength + t) * kAlphabet, kAlphabet));
      const int32_t symbols[] = {rows.symbols.data<int32_t>()[t], rows.symbols.data<int32_t>()[kLength + t]};
      stepper->observe(symbols);
    }
    INFO(variant.back());
    CHECK(most < 1e-4);
  }
}

TEST_CASE("documents in another order than theirs are refused") {
  CHECK_THROWS_AS(build("sequence", kDocuments, {"width=4", "layers=1", "mixer.kind=gru", "order=random"}), Error);
}

TEST_CASE("rows come apart into documents of about one length, and every position knows its place") {
  Tensor inputs({2, 64}, DType::kS32);
  for (int64_t i = 0; i < 128; ++i) inputs.data<int32_t>()[i] = static_cast<int32_t>(i % 7);
  constexpr int32_t kStart = -1;
  for (const int64_t begin : {0, 20, 64}) inputs.data<int32_t>()[begin] = kStart;
  REQUIRE(holds_documents(inputs, kStart));
  CHECK_FALSE(holds_documents(inputs.rows(1, 2), kStart));
  const UnpackedDocuments all = unpacked(inputs, kStart);
  std::vector<int32_t> laid;
  for (const DocumentLot& lot : all.lots)
    laid.insert(laid.end(), lot.inputs.data<int32_t>(), lot.inputs.data<int32_t>() + lot.inputs.count());
  CHECK(laid.size() == 32 + 48 + 64);
  for (int64_t i = 0; i < 128; ++i)
    CHECK(laid[static_cast<size_t>(all.places.data<int32_t>()[i])] == inputs.data<int32_t>()[i]);
}
