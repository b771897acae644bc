#include "kernels/vector/embedding.hpp"

#include "catch.hpp"
#include "kernels/vector/dropout.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {

using test::difference;
using test::random_tensor;

TEST_CASE("rows are gathered by id and scattered back as sums") {
  const Tensor table = Tensor::of({3, 2}, {1, 2, 3, 4, 5, 6});
  const Tensor ids = Tensor::of({2, 2}, std::vector<int32_t>{2, 0, 2, 2});
  const Tensor y = kernels::gather_rows(table, ids);
  CHECK(y.shape() == Shape{2, 2, 2});
  CHECK(difference(y, std::vector<double>{5, 6, 1, 2, 5, 6, 5, 6}) == 0);
  Tensor sums = Tensor::full({3, 2}, 1.0f);
  kernels::scatter_add_rows(sums, ids, y);
  CHECK(difference(sums, std::vector<double>{2, 3, 1, 1, 16, 19}) == 0);
  CHECK_THROWS_AS(kernels::gather_rows(table, Tensor::of({1}, std::vector<int32_t>{3})), Error);
  CHECK_THROWS_AS(kernels::gather_rows(table, Tensor::of({1}, std::vector<int32_t>{-1})), Error);
}

TEST_CASE("groups of columns are taken in order, and added back to where they came from") {
  const Tensor x = Tensor::of({2, 6}, {0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15});
  CHECK(difference(kernels::take_groups(x, {5, 0, 5}), std::vector<double>{5, 0, 5, 15, 10, 15}) == 0);
  const Tensor pairs = kernels::take_groups(x, {2, 0}, 2);
  CHECK(pairs.shape() == Shape{2, 4});
  CHECK(difference(pairs, std::vector<double>{4, 5, 0, 1, 14, 15, 10, 11}) == 0);
  Tensor sums = Tensor::zeros({2, 6});
  kernels::scatter_add_groups(sums, {2, 2}, pairs, 2);
  CHECK(difference(sums, std::vector<double>{0, 0, 0, 0, 4, 6, 0, 0, 0, 0, 24, 26}) == 0);
  CHECK_THROWS_AS(kernels::take_groups(x, {6}), Error);
  CHECK_THROWS_AS(kernels::take_groups(x, {0}, 4), Error);
}

TEST_CASE("a dropout mask keeps the expectation and depends on the stream and the index only") {
  const RandomStream stream(1, "dropout");
  const float p = 0.3f;
  const Tensor mask = kernels::dropout_mask({100, 1000}, p, stream);
  double sum = 0;
  int64_t dropped = 0;
  for (const double m : test::numbers(mask)) {
    CHECK_FALSE((m != 0 && m != static_cast<double>(1 / (1 - p))));
    sum += m;
    dropped += m == 0;
  }
  CHECK(static_cast<double>(dropped) / 1e5 == Approx(0.3).margin(0.006));  // four standard deviations
  CHECK(sum / 1e5 == Approx(1.0).margin(0.01));
  const Tensor flat = kernels::dropout_mask({99999}, p, stream);
  CHECK(difference(flat, mask.reshape({-1}).rows(0, 99999)) == 0);
  CHECK(difference(kernels::dropout_mask({100}, p, stream.at(1)), kernels::dropout_mask({100}, p, stream)) > 0);
  CHECK_THROWS_AS(kernels::dropout_mask({1}, 1.0f, stream), Error);
}

}  // namespace mlrun
