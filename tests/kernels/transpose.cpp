#include "kernels/vector/transpose.hpp"

#include <algorithm>
#include <numeric>

#include "catch.hpp"
#include "tensor/random_tensor.hpp"

namespace mlrun {

using test::difference;
using test::random_tensor;

TEST_CASE("every permutation of axes puts every number in its place") {
  for (const Shape& shape :
       std::vector<Shape>{{3, 4}, {37, 50}, {2, 3, 4}, {1, 5, 1, 7}, {17, 1, 18}, {2, 3, 4, 5}, {6}}) {
    const Tensor x = random_tensor(shape, 71);
    std::vector<int64_t> order(shape.size());
    std::iota(order.begin(), order.end(), int64_t{0});
    do {
      INFO(to_string(shape) << " by " << to_string(order));
      const Tensor y = kernels::permute(x, order);
      std::vector<double> expected(static_cast<size_t>(x.count()));
      for (int64_t flat = 0; flat < x.count(); ++flat) {
        std::vector<int64_t> index(shape.size());
        int64_t rest = flat, to = 0;
        for (size_t i = shape.size(); i-- > 0; rest /= shape[i]) index[i] = rest % shape[i];
        for (const int64_t o : order) to = to * shape[static_cast<size_t>(o)] + index[static_cast<size_t>(o)];
        expected[static_cast<size_t>(to)] = static_cast<double>(x.data<float>()[flat]);
      }
      for (size_t i = 0; i < order.size(); ++i) {
        CHECK(y.dim(static_cast<int64_t>(i)) == shape[static_cast<size_t>(order[i])]);
      }
      CHECK(difference(y, expected) == 0);
    } while (std::next_permutation(order.begin(), order.end()));
  }
  CHECK_THROWS_AS(kernels::permute(Tensor({2, 3}), {0, 0}), Error);
  CHECK_THROWS_AS(kernels::permute(Tensor({2, 3}), {0}), Error);
}

TEST_CASE("permutations move symbols and bytes as well") {
  const Tensor s = Tensor::of({2, 2}, std::vector<int32_t>{1, 2, 3, 4});
  CHECK(kernels::transpose(s).data<int32_t>()[1] == 3);
  Tensor b({2, 3}, DType::kU8);
  for (int i = 0; i < 6; ++i) b.data<uint8_t>()[i] = static_cast<uint8_t>(i);
  CHECK(kernels::transpose(b).data<uint8_t>()[1] == 3);
}

TEST_CASE("slices of any axis, put side by side again, are the whole") {
  const Tensor x = random_tensor({3, 5, 4}, 72);
  for (int64_t axis = -3; axis < 3; ++axis) {
    const int64_t n = x.dim(axis);
    const Tensor a = kernels::slice(x, axis, 0, 1), b = kernels::slice(x, axis, 1, 1),
                 c = kernels::slice(x, axis, 1, n);
    CHECK(b.count() == 0);
    CHECK(difference(kernels::concat({a, b, c}, axis), x) == 0);
    Tensor whole = Tensor::zeros(x.shape());
    kernels::set_slice(whole, c, axis, 1);
    CHECK(difference(kernels::slice(whole, axis, 1, n), c) == 0);
    CHECK(difference(kernels::slice(whole, axis, 0, 1), Tensor::zeros(a.shape())) == 0);
    CHECK_THROWS_AS(kernels::slice(x, axis, 0, n + 1), Error);
  }
  CHECK(kernels::slice(x, 1, 2, 3).data<float>()[5] == x.data<float>()[1 * 20 + 2 * 4 + 1]);
  CHECK_THROWS_AS(kernels::concat({Tensor({2, 3}), Tensor({2, 4})}, 0), Error);
}

}  // namespace mlrun
