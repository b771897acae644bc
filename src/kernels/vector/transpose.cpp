#include "kernels/vector/transpose.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <type_traits>

#include "base/error.hpp"
#include "kernels/profile.hpp"
#include "kernels/vector/transpose_matrix.hpp"

namespace mlrun::kernels {
namespace {

struct Axis {
  int64_t size, from, to;  // strides in x and in the result
};

// Axes of the result in its order, without axes of size 1; neighbours that stay together become one.
std::vector<Axis> moved_axes(const Tensor& x, const std::vector<int64_t>& order) {
  std::vector<int64_t> strides(order.size());
  int64_t stride = 1;
  for (size_t i = order.size(); i-- > 0; stride *= x.shape()[i]) strides[i] = stride;
  std::vector<Axis> axes;
  stride = x.count();
  for (const int64_t o : order) {
    const int64_t size = x.shape()[static_cast<size_t>(o)], from = strides[static_cast<size_t>(o)];
    stride /= size;
    if (size == 1) continue;
    if (!axes.empty() && axes.back().from == from * size) axes.back() = {axes.back().size * size, from, stride};
    else axes.push_back({size, from, stride});
  }
  return axes;
}

// rows x columns numbers, in tiles that fit the L1 cache. Both sides touch whole cache lines.
template <class T>
void move(const T* from, T* to, const Axis& rows, const Axis& columns) {
  if constexpr (std::is_same_v<T, float>) {
    if (rows.from == 1 && columns.to == 1)
      return transpose_matrix(from, columns.from, columns.size, rows.size, to, rows.to);
  }
  constexpr int64_t kTile = 16;
  for (int64_t i0 = 0; i0 < rows.size; i0 += kTile) {
    const int64_t i1 = std::min(rows.size, i0 + kTile);
    for (int64_t j0 = 0; j0 < columns.size; j0 += kTile) {
      const int64_t j1 = std::min(columns.size, j0 + kTile);
      for (int64_t i = i0; i < i1; ++i) {
        for (int64_t j = j0; j < j1; ++j) to[i * rows.to + j * columns.to] = from[i * rows.from + j * columns.from];
      }
    }
  }
}

template <class T>
void permute_numbers(const T* from, T* to, std::vector<Axis> axes) {
  if (axes.empty()) {
    *to = *from;
    return;
  }
  const bool runs = axes.back().from == 1;  // the last axis stays last: copy runs
  const Axis columns = axes.back();
  axes.pop_back();
  Axis rows{1, 0, 0};
  if (!runs) {  // pair the axis that is last in x with the one that is last in the result
    const auto last = std::find_if(axes.begin(), axes.end(), [](const Axis& a) { return a.from == 1; });
    if (last != axes.end()) {
      rows = *last;
      axes.erase(last);
    }
  }
  std::vector<int64_t> at(axes.size(), 0);
  for (;;) {
    if (runs) std::memcpy(to, from, static_cast<size_t>(columns.size) * sizeof(T));
    else move(from, to, rows, columns);
    size_t i = axes.size();
    for (; i > 0; --i) {
      const Axis& axis = axes[i - 1];
      from += axis.from, to += axis.to;
      if (++at[i - 1] < axis.size) break;
      from -= axis.from * axis.size, to -= axis.to * axis.size;
      at[i - 1] = 0;
    }
    if (i == 0) return;
  }
}

// One axis of x: `outer` blocks of size x `inner` bytes.
struct Blocks {
  int64_t outer = 1, size = 0;
  size_t inner = 0;  // bytes
};

Blocks blocks_of(const Tensor& x, int64_t axis) {
  const int64_t i = axis < 0 ? axis + x.rank() : axis;
  Blocks b;
  b.size = x.dim(axis);
  b.inner = size_of(x.dtype());
  for (int64_t j = 0; j < x.rank(); ++j) {
    if (j < i) b.outer *= x.dim(j);
    if (j > i) b.inner *= static_cast<size_t>(x.dim(j));
  }
  return b;
}

Shape with_size(const Shape& shape, int64_t axis, int64_t size) {
  Shape result = shape;
  result[static_cast<size_t>(axis < 0 ? axis + static_cast<int64_t>(shape.size()) : axis)] = size;
  return result;
}

void copy_blocks(std::byte* to, size_t to_step, const std::byte* from, size_t from_step, size_t bytes, int64_t count) {
  if (bytes == 0) return;
  for (int64_t i = 0; i < count; ++i, to += to_step, from += from_step) std::memcpy(to, from, bytes);
}

std::byte* bytes_of(Tensor& x) { return static_cast<std::byte*>(x.raw()); }
const std::byte* bytes_of(const Tensor& x) { return static_cast<const std::byte*>(x.raw()); }

double traffic(const Tensor& x) { return 2.0 * static_cast<double>(x.bytes()); }

}  // namespace

Tensor permute(const Tensor& x, const std::vector<int64_t>& order) {
  std::vector<int64_t> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  std::vector<int64_t> all(x.shape().size());
  std::iota(all.begin(), all.end(), int64_t{0});
  require(sorted == all, "permutation {} of the axes of {}", to_string(order), to_string(x.shape()));
  Shape shape;
  for (const int64_t o : order) shape.push_back(x.dim(o));
  Tensor y(shape, x.dtype());
  if (y.count() == 0) return y;
  const profile::Scope scope("transpose", "own", 0, traffic(x));
  const std::vector<Axis> axes = moved_axes(x, order);
  switch (size_of(x.dtype())) {
    case 4:
      if (x.dtype() == DType::kF32) permute_numbers(x.data<float>(), y.data<float>(), axes);
      else permute_numbers(static_cast<const uint32_t*>(x.raw()), static_cast<uint32_t*>(y.raw()), axes);
      break;
    case 2:
      permute_numbers(static_cast<const uint16_t*>(x.raw()), static_cast<uint16_t*>(y.raw()), axes);
      break;
    default:
      permute_numbers(static_cast<const uint8_t*>(x.raw()), static_cast<uint8_t*>(y.raw()), axes);
  }
  return y;
}

Tensor transpose(const Tensor& x) {
  require(x.rank() >= 2, "transpose of {}", to_string(x.shape()));
  std::vector<int64_t> order(x.shape().size());
  std::iota(order.begin(), order.end(), int64_t{0});
  std::swap(order[order.size() - 1], order[order.size() - 2]);
  return permute(x, order);
}

Tensor slice(const Tensor& x, int64_t axis, int64_t begin, int64_t end) {
  const Blocks b = blocks_of(x, axis);
  require(begin >= 0 && begin <= end && end <= b.size, "slice {}..{} of axis {} of {}", begin, end, axis,
          to_string(x.shape()));
  const profile::Scope scope("copy", "own", 0, traffic(x));
  Tensor y(with_size(x.shape(), axis, end - begin), x.dtype());
  const size_t run = static_cast<size_t>(end - begin) * b.inner;
  copy_blocks(bytes_of(y), run, bytes_of(x) + static_cast<size_t>(begin) * b.inner,
              static_cast<size_t>(b.size) * b.inner, run, b.outer);
  return y;
}

void set_slice(Tensor& whole, const Tensor& part, int64_t axis, int64_t begin) {
  const Blocks b = blocks_of(whole, axis);
  const int64_t size = part.dim(axis);
  require(begin >= 0 && begin + size <= b.size && with_size(whole.shape(), axis, size) == part.shape() &&
              part.dtype() == whole.dtype(),
          "{} written at {} of axis {} of {}", to_string(part.shape()), begin, axis, to_string(whole.shape()));
  const profile::Scope scope("copy", "own", 0, traffic(part));
  const size_t run = static_cast<size_t>(size) * b.inner;
  copy_blocks(bytes_of(whole) + static_cast<size_t>(begin) * b.inner, static_cast<size_t>(b.size) * b.inner,
              bytes_of(part), run, run, b.outer);
}

Tensor concat(const std::vector<Tensor>& parts, int64_t axis) {
  require(!parts.empty(), "concatenation of nothing");
  int64_t size = 0;
  for (const Tensor& part : parts) size += part.dim(axis);
  Tensor whole(with_size(parts[0].shape(), axis, size), parts[0].dtype());
  int64_t begin = 0;
  for (const Tensor& part : parts) {
    set_slice(whole, part, axis, begin);
    begin += part.dim(axis);
  }
  return whole;
}

}  // namespace mlrun::kernels
