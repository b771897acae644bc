#include "tensor/tensor.hpp"

#include "base/error.hpp"
#include "catch.hpp"

namespace mlrun {

TEST_CASE("a tensor knows its shape, and its numbers lie on a cache line") {
  const Tensor t({2, 3, 4});
  CHECK(t.rank() == 3);
  CHECK(t.count() == 24);
  CHECK(t.bytes() == 96);
  CHECK(t.dim(-1) == 4);
  CHECK(t.dim(0) == 2);
  CHECK(reinterpret_cast<uintptr_t>(t.raw()) % 64 == 0);
  CHECK_THROWS_AS(t.dim(3), Error);
  CHECK_THROWS_AS(t.dim(-4), Error);
  CHECK(to_string(t.shape()) == "[2, 3, 4]");
  CHECK(Tensor(Shape{}).count() == 1);
  CHECK(Tensor({0, 5}).count() == 0);
  CHECK_FALSE(Tensor().defined());
  CHECK(Tensor({3}, DType::kBF16).bytes() == 6);
  CHECK(Tensor({3}, DType::kU8).bytes() == 3);
}

TEST_CASE("impossible shapes are refused instead of wrapping around") {
  CHECK_THROWS_AS(Tensor({-1}), Error);
  CHECK_THROWS_AS(Tensor({int64_t{1} << 40, int64_t{1} << 40}), Error);
}

TEST_CASE("copies and views share storage, and a clone does not") {
  Tensor t = Tensor::of({2, 3}, {0, 1, 2, 3, 4, 5});
  CHECK(t.unique());
  Tensor copy = t, view = t.reshape({3, -1}), row = t.rows(1, 2), window = t.window(4, {2}), clone = t.clone();
  CHECK_FALSE(t.unique());
  CHECK(view.shape() == Shape{3, 2});
  CHECK(row.shape() == Shape{1, 3});
  window.data<float>()[0] = 40;
  copy.data<float>()[3] = 30;
  CHECK(row.data<float>()[0] == 30);
  CHECK(view.data<float>()[4] == 40);
  CHECK(clone.data<float>()[4] == 4);
  CHECK(clone.unique());
}

TEST_CASE("views that do not fit are refused") {
  const Tensor t({2, 3});
  CHECK_THROWS_AS(t.reshape({4}), Error);
  CHECK_THROWS_AS(t.reshape({-1, 4}), Error);
  CHECK_THROWS_AS(t.reshape({-1, -1}), Error);
  CHECK_THROWS_AS(t.rows(1, 3), Error);
  CHECK_THROWS_AS(t.rows(-1, 1), Error);
  CHECK_THROWS_AS(t.window(5, {2}), Error);
}

TEST_CASE("values go in and out with their own type only") {
  Tensor f = Tensor::full({2}, 1.5f);
  CHECK(f.data<float>()[1] == 1.5f);
  CHECK_THROWS_AS(f.data<int32_t>(), Error);
  const Tensor s = Tensor::of({2}, std::vector<int32_t>{7, -7});
  CHECK(s.dtype() == DType::kS32);
  CHECK(s.data<int32_t>()[1] == -7);
  CHECK_THROWS_AS(s.data<float>(), Error);
  CHECK_THROWS_AS(Tensor::of({3}, {1, 2}), Error);
  CHECK_THROWS_AS(f.copy_from(s), Error);
  CHECK_THROWS_AS(f.copy_from(Tensor({3})), Error);
  f.copy_from(Tensor::of({1, 2}, {3, 4}));
  CHECK(f.data<float>()[1] == 4);
  CHECK(Tensor::zeros({2}, DType::kU8).data<uint8_t>()[1] == 0);
  CHECK(std::string(name_of(DType::kBF16)) == "bf16");
}

}  // namespace mlrun
