// Numbers with a shape: row-major, contiguous, a shared handle.
//
// Copying a Tensor shares its storage; `clone` copies the numbers. A view (reshape, rows) shares storage too, so that a
// window into the parameter arena is an ordinary Tensor.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <vector>

namespace mlrun {

enum class DType : uint8_t { kF32, kBF16, kS32, kU8 };
size_t size_of(DType dtype);       // bytes
const char* name_of(DType dtype);  // "f32"

using Shape = std::vector<int64_t>;
int64_t count_of(const Shape& shape);       // product; 1 for a scalar ({})
std::string to_string(const Shape& shape);  // "[100, 784]"

class Tensor {
 public:
  Tensor() = default;                                       // no storage: `defined()` is false
  explicit Tensor(Shape shape, DType dtype = DType::kF32);  // 64-byte aligned, not initialised
  static Tensor zeros(Shape shape, DType dtype = DType::kF32);
  static Tensor full(Shape shape, float value);
  static Tensor of(Shape shape, std::initializer_list<float> values);
  static Tensor of(Shape shape, const std::vector<float>& values);
  static Tensor of(Shape shape, const std::vector<int32_t>& values);  // s32

  bool defined() const { return storage_ != nullptr; }
  bool unique() const { return storage_.use_count() == 1; }  // nobody else holds this storage
  const Shape& shape() const { return shape_; }
  int64_t rank() const { return static_cast<int64_t>(shape_.size()); }
  int64_t dim(int64_t axis) const;  // negative counts from the end
  int64_t count() const { return count_; }
  DType dtype() const { return dtype_; }
  size_t bytes() const { return static_cast<size_t>(count_) * size_of(dtype_); }

  // Typed access; asking for another type than dtype() is a bug (exit code 1).
  template <class T>
  T* data();
  template <class T>
  const T* data() const;
  void* raw() { return data_; }
  const void* raw() const { return data_; }

  Tensor reshape(Shape shape) const;                 // shares storage; counts must agree; one dimension may be -1
  Tensor rows(int64_t begin, int64_t end) const;     // shares storage: [begin, end) of the first axis
  Tensor window(int64_t offset, Shape shape) const;  // shares storage: count_of(shape) numbers from `offset`
  Tensor clone() const;
  void fill(float value);               // f32 only
  void copy_from(const Tensor& other);  // same dtype and count

 private:
  std::shared_ptr<std::byte> storage_;
  std::byte* data_ = nullptr;
  Shape shape_;
  int64_t count_ = 0;
  DType dtype_ = DType::kF32;
};

}  // namespace mlrun
