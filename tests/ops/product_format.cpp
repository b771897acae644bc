#include "ops/product_format.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <thread>
#include <vector>

#include "catch.hpp"
#include "kernels/product/matmul.hpp"
#include "kernels/vector/bf16.hpp"
#include "ops/gradient_check.hpp"
#include "ops/linear.hpp"
#include "ops/staircase.hpp"

using namespace mlrun;
using test::difference;
using test::random_tensor;

namespace {

// The numbers that a product sees, in f32 again.
Tensor rounded(const Tensor& x) {
  const Tensor narrow = kernels::to_bf16(x);
  Tensor y(x.shape());
  for (int64_t i = 0; i < x.count(); ++i) {
    const uint32_t bits = static_cast<uint32_t>(narrow.data<uint16_t>()[i]) << 16;
    std::memcpy(y.data<float>() + i, &bits, sizeof bits);
  }
  return y;
}

using Op = test::Graph;

// Values and gradients in bf16 are those in f32 of rounded operands, and dy is an operand too.
void check_rounds_operands(const Op& op, const std::vector<Tensor>& operands, const std::vector<Tensor>& others = {}) {
  std::vector<Tensor> inputs = operands, inputs_rounded;
  for (const Tensor& x : operands) inputs_rounded.push_back(rounded(x));
  inputs.insert(inputs.end(), others.begin(), others.end());
  inputs_rounded.insert(inputs_rounded.end(), others.begin(), others.end());
  std::vector<Variable> given(inputs_rounded.begin(), inputs_rounded.end()), whole(inputs.begin(), inputs.end());
  const Tensor expected = op(given).value(), in_f32 = op(whole).value();
  const Tensor dy = rounded(random_tensor(expected.shape(), 99));
  const std::vector<Tensor> gradients = test::gradients(op, inputs_rounded, dy);
  const ops::ProductFormat bf16(DType::kBF16);
  const Tensor found = op(whole).value();
  CHECK(difference(found, expected) < 1e-5);
  CHECK(difference(found, in_f32) > 1e-4);
  const std::vector<Tensor> found_gradients = test::gradients(op, inputs, dy);
  REQUIRE(found_gradients.size() == gradients.size());
  for (size_t i = 0; i < gradients.size(); ++i) CHECK(difference(found_gradients[i], gradients[i]) < 1e-4);
}

}  // namespace

TEST_CASE("in bf16 products round their operands and nothing else") {
  if (!kernels::has_matmul(DType::kBF16)) {
    const ops::ProductFormat bf16(DType::kBF16);
    CHECK_THROWS_AS(ops::matmul(random_tensor({3, 4}, 1), random_tensor({4, 2}, 2)), Error);
    return;
  }
  const Tensor x = random_tensor({2, 9, 40}, 1), rows = random_tensor({18, 40}, 1), w = random_tensor({33, 40}, 2),
               b = random_tensor({33}, 3);
  check_rounds_operands([](auto& v) { return ops::matmul(v[0], v[1], ops::Transpose::kNo, ops::Transpose::kYes); },
                        {x, w});
  check_rounds_operands([](auto& v) { return ops::matmul(v[0], v[1]); }, {w, random_tensor({40, 5}, 4)});
  check_rounds_operands([](auto& v) { return ops::linear(v[0], v[1], v[2]); }, {x, w}, {b});
  Tensor mask({33, 40});
  for (int64_t i = 0; i < mask.count(); ++i) mask.data<float>()[i] = static_cast<float>(i % 3 == 0);
  check_rounds_operands([&](auto& v) { return ops::masked_linear(v[0], v[1], v[2], mask); }, {rows, w}, {b});
  std::vector<int64_t> limits(33);
  Tensor stair = w.clone();
  for (int64_t r = 0; r < 33; ++r) {
    limits[static_cast<size_t>(r)] = r;
    std::fill(stair.data<float>() + r * 40 + r, stair.data<float>() + (r + 1) * 40, 0.0f);
  }
  const auto staircase = std::make_shared<const kernels::Staircase>(limits, 40, 18);
  check_rounds_operands([&](auto& v) { return ops::staircase_linear(v[0], v[1], v[2], staircase); }, {rows, stair},
                        {b});
}

TEST_CASE("a product format is that of its scope and its thread") {
  const Tensor x = random_tensor({3, 4}, 1);
  CHECK(ops::as_operand(x).raw() == x.raw());
  {
    const ops::ProductFormat bf16(DType::kBF16);
    CHECK(ops::as_operand(x).dtype() == DType::kBF16);
    {
      const ops::ProductFormat f32(DType::kF32);
      CHECK(ops::as_operand(x).raw() == x.raw());
    }
    CHECK(ops::as_operand(x).dtype() == DType::kBF16);
    DType elsewhere = DType::kBF16;
    std::thread([&] { elsewhere = ops::as_operand(x).dtype(); }).join();
    CHECK(elsewhere == DType::kF32);
  }
  CHECK(ops::as_operand(x).dtype() == DType::kF32);
}
