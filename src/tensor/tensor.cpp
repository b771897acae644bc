#include "tensor/tensor.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>

#include "base/error.hpp"

namespace mlrun {
namespace {

template <class T>
constexpr DType dtype_for();
template <>
constexpr DType dtype_for<float>() {
  return DType::kF32;
}
template <>
constexpr DType dtype_for<uint16_t>() {
  return DType::kBF16;
}
template <>
constexpr DType dtype_for<int32_t>() {
  return DType::kS32;
}
template <>
constexpr DType dtype_for<uint8_t>() {
  return DType::kU8;
}

template <class T>
Tensor filled(Shape shape, const T* values, size_t count) {
  Tensor t(std::move(shape), dtype_for<T>());
  require(static_cast<size_t>(t.count()) == count, "{} values for a tensor of shape {}", count, to_string(t.shape()));
  std::copy(values, values + count, t.data<T>());
  return t;
}

}  // namespace

size_t size_of(DType dtype) { return dtype == DType::kU8 ? 1 : dtype == DType::kBF16 ? 2 : 4; }

const char* name_of(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return "f32";
    case DType::kBF16:
      return "bf16";
    case DType::kS32:
      return "s32";
    case DType::kU8:
      return "u8";
  }
  return "?";
}

namespace {
// The same as `require`, for what is called in every loop: there the words must not be made before they are needed, nor in
// `rows`, `window` and `copy_from` below, of which a step of a small model has dozens.
template <class Format, class... Shapes>
[[noreturn]] void broken(const Format& format, const Shapes&... shapes) {
  throw Error(ExitCode::kInternal, fmt::format(fmt::runtime(format), to_string(shapes)...));
}
}  // namespace

int64_t count_of(const Shape& shape) {
  int64_t count = 1;
  for (const int64_t d : shape) {
    if (d < 0 || __builtin_mul_overflow(count, d, &count)) broken("impossible shape {}", shape);
  }
  return count;
}

std::string to_string(const Shape& shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

Tensor::Tensor(Shape shape, DType dtype) : shape_(std::move(shape)), count_(count_of(shape_)), dtype_(dtype) {
  const size_t size = (std::max<size_t>(bytes(), 1) + 63) / 64 * 64;
  auto* memory = static_cast<std::byte*>(std::aligned_alloc(64, size));
  if (!memory) throw std::bad_alloc();
  storage_ = std::shared_ptr<std::byte>(memory, [](std::byte* p) { std::free(p); });
  data_ = memory;
}

Tensor Tensor::zeros(Shape shape, DType dtype) {
  Tensor t(std::move(shape), dtype);
  std::memset(t.raw(), 0, t.bytes());
  return t;
}

Tensor Tensor::full(Shape shape, float value) {
  Tensor t(std::move(shape));
  t.fill(value);
  return t;
}

Tensor Tensor::of(Shape shape, std::initializer_list<float> values) {
  return filled(std::move(shape), values.begin(), values.size());
}
Tensor Tensor::of(Shape shape, const std::vector<float>& values) {
  return filled(std::move(shape), values.data(), values.size());
}
Tensor Tensor::of(Shape shape, const std::vector<int32_t>& values) {
  return filled(std::move(shape), values.data(), values.size());
}

int64_t Tensor::dim(int64_t axis) const {
  const int64_t i = axis < 0 ? axis + rank() : axis;
  if (i < 0 || i >= rank()) broken(fmt::format("axis {} of a tensor of shape {{}}", axis), shape_);
  return shape_[static_cast<size_t>(i)];
}

template <class T>
T* Tensor::data() {
  require(defined() && dtype_ == dtype_for<T>(), "a {} tensor read as {}", name_of(dtype_), name_of(dtype_for<T>()));
  return reinterpret_cast<T*>(data_);
}
template <class T>
const T* Tensor::data() const {
  return const_cast<Tensor*>(this)->data<T>();
}
template float* Tensor::data<float>();
template const float* Tensor::data<float>() const;
template uint16_t* Tensor::data<uint16_t>();
template const uint16_t* Tensor::data<uint16_t>() const;
template int32_t* Tensor::data<int32_t>();
template const int32_t* Tensor::data<int32_t>() const;
template uint8_t* Tensor::data<uint8_t>();
template const uint8_t* Tensor::data<uint8_t>() const;

Tensor Tensor::reshape(Shape shape) const {
  int64_t known = 1, unknown = 0;
  for (const int64_t d : shape) {
    if (d == -1) ++unknown;
    else known *= d;
  }
  if (unknown > 1) broken("reshape to {}: more than one -1", shape);
  if (unknown) {
    if (known == 0 || count_ % known != 0) broken("reshape {} to {}", shape_, shape);
    std::replace(shape.begin(), shape.end(), int64_t{-1}, count_ / known);
  }
  if (count_of(shape) != count_) broken("reshape {} to {}", shape_, shape);
  Tensor t = *this;
  t.shape_ = std::move(shape);
  return t;
}

Tensor Tensor::rows(int64_t begin, int64_t end) const {
  if (rank() < 1 || begin < 0 || begin > end || end > shape_[0])
    fail(ExitCode::kInternal, "rows {}..{} of {}", begin, end, to_string(shape_));
  Shape shape = shape_;
  shape[0] = end - begin;
  const int64_t row = shape_[0] == 0 ? 0 : count_ / shape_[0];
  return window(begin * row, std::move(shape));
}

Tensor Tensor::window(int64_t offset, Shape shape) const {
  const int64_t count = count_of(shape);
  if (offset < 0 || offset + count > count_)
    fail(ExitCode::kInternal, "window of {} numbers at {} of {}", count, offset, to_string(shape_));
  Tensor t = *this;
  t.data_ = data_ + static_cast<size_t>(offset) * size_of(dtype_);
  t.shape_ = std::move(shape);
  t.count_ = count;
  return t;
}

Tensor Tensor::clone() const {
  Tensor t(shape_, dtype_);
  std::memcpy(t.raw(), data_, bytes());
  return t;
}

void Tensor::fill(float value) { std::fill_n(data<float>(), count_, value); }

void Tensor::copy_from(const Tensor& other) {
  if (other.count_ != count_ || other.dtype_ != dtype_) {
    fail(ExitCode::kInternal, "copy {} {} into {} {}", name_of(other.dtype_), to_string(other.shape_), name_of(dtype_),
         to_string(shape_));
  }
  std::memcpy(data_, other.data_, bytes());
}

}  // namespace mlrun
