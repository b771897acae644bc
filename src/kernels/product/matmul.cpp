#include "kernels/product/matmul.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <unordered_map>
#include <vector>

#include "base/error.hpp"
#include "kernels/library.hpp"
#include "kernels/onednn.hpp"
#include "kernels/profile.hpp"

namespace mlrun::kernels {
namespace {

struct Key {
  int64_t m, n, k, lda, ldb, ldc, batch, stride_a, stride_b, stride_c;
  DType dtype;
  Transpose transpose_a, transpose_b;
  bool bias;
  float beta;
  bool operator==(const Key&) const = default;
};

struct Hash {
  size_t operator()(const Key& key) const {
    uint64_t h = 0xcbf29ce484222325ull;
    const auto mix = [&h](int64_t x) { h = (h ^ static_cast<uint64_t>(x)) * 0x9e3779b97f4a7c15ull, h ^= h >> 29; };
    for (const int64_t x : {key.m, key.n, key.k, key.lda, key.ldb, key.ldc, key.batch, key.stride_a, key.stride_b}) {
      mix(x);
    }
    mix(static_cast<int64_t>(key.dtype));
    uint32_t beta;
    std::memcpy(&beta, &key.beta, sizeof beta);
    mix(static_cast<int64_t>(beta) << 8 | static_cast<int64_t>(key.transpose_a) << 3 |
        static_cast<int64_t>(key.transpose_b) << 2 | int64_t{key.bias});
    return h;
  }
};

// [batch, rows, columns] as the product sees it. A matrix that serves the whole batch is given once.
dnnl::memory::desc matrices(int64_t batch, int64_t rows, int64_t columns, DType dtype, int64_t row_stride,
                            int64_t batch_stride, Transpose transpose) {
  const int64_t column_stride = transpose == Transpose::kYes ? row_stride : 1;
  const int64_t stride = transpose == Transpose::kYes ? 1 : row_stride;
  const auto type = onednn::data_type(dtype);
  if (batch == 1) return {{rows, columns}, type, dnnl::memory::dims{stride, column_stride}};
  const int64_t count = batch_stride == 0 ? 1 : batch;
  const int64_t step = batch_stride == 0 ? rows * columns : batch_stride;
  return {{count, rows, columns}, type, dnnl::memory::dims{step, stride, column_stride}};
}

onednn::Call make(const Key& key) {
  const auto a = matrices(key.batch, key.m, key.k, key.dtype, key.lda, key.stride_a, key.transpose_a);
  const auto b = matrices(key.batch, key.k, key.n, key.dtype, key.ldb, key.stride_b, key.transpose_b);
  const auto c = matrices(key.batch, key.m, key.n, DType::kF32, key.ldc, key.stride_c, Transpose::kNo);
  const auto bias = matrices(1, 1, key.n, DType::kF32, key.n, 0, Transpose::kNo);
  dnnl::primitive_attr attributes = onednn::attributes();
  dnnl::post_ops ops;
  if (key.beta != 0) ops.append_sum(key.beta);
  if (ops.len() != 0) attributes.set_post_ops(ops);
  const auto descriptor = [&] {
    try {
      return onednn::matmul_descriptor(a, b, key.bias ? &bias : nullptr, c, attributes);
    } catch (const dnnl::error& e) {
      if (e.status != dnnl_unimplemented) throw;
      fail(ExitCode::kUsage, "no matrix product of {} operands on this CPU: oneDNN {} has none for {}",
           name_of(key.dtype), library_version(), library_isa());
    }
  }();
  onednn::Call call(dnnl::matmul(descriptor), descriptor);
  call.add(DNNL_ARG_SRC, a);
  call.add(DNNL_ARG_WEIGHTS, b);
  call.add(DNNL_ARG_DST, c);
  if (key.bias) call.add(DNNL_ARG_BIAS, bias);
  return call;
}

onednn::Call& call_for(const Key& key) {
  thread_local std::unordered_map<Key, onednn::Call, Hash> calls;
  const auto found = calls.find(key);
  if (found != calls.end()) return found->second;
  constexpr size_t kMostCalls = 4096;  // a caller with ever new shapes must not eat the memory
  if (calls.size() >= kMostCalls) calls.clear();
  onednn::stream();  // before the primitive is made: it puts the thread into kernel mode
  return calls.emplace(key, make(key)).first->second;
}

// An empty sum: what is left is the bias and beta C.
void without_product(const Key& key, float* c, const float* bias) {
  for (int64_t s = 0; s < key.batch; ++s) {
    for (int64_t i = 0; i < key.m; ++i) {
      float* row = c + s * key.stride_c + i * key.ldc;
      for (int64_t j = 0; j < key.n; ++j) {
        row[j] = (bias ? bias[j] : 0.0f) + (key.beta == 0 ? 0.0f : key.beta * row[j]);
      }
    }
  }
}

void multiply(Key key, const void* a, const void* b, float* c, const float* bias) {
  if (key.m == 0 || key.n == 0 || key.batch == 0) return;
  if (key.k == 0) return without_product(key, c, bias);
  // The stride of a single row means nothing: one value for all, so that the primitive is found again.
  const bool flat_a = key.transpose_a == Transpose::kNo, flat_b = key.transpose_b == Transpose::kNo;
  if ((flat_a ? key.m : key.k) == 1) key.lda = flat_a ? key.k : key.m;
  if ((flat_b ? key.k : key.n) == 1) key.ldb = flat_b ? key.n : key.k;
  if (key.m == 1) key.ldc = key.n;
  onednn::Call& call = call_for(key);
  const double size = static_cast<double>(size_of(key.dtype));
  const double m = static_cast<double>(key.m), n = static_cast<double>(key.n), k = static_cast<double>(key.k);
  const double batch = static_cast<double>(key.batch);
  const profile::Scope scope("matmul", call.impl(), 2 * batch * m * n * k,
                             batch * (size * (m * k + k * n) + 4 * m * n));
  call.set(DNNL_ARG_SRC, a);
  call.set(DNNL_ARG_WEIGHTS, b);
  call.set(DNNL_ARG_DST, c);
  if (bias) call.set(DNNL_ARG_BIAS, bias);
  call.run();
}

// A column of `count` elements `step` elements apart, for each of the batch, with its elements side by side.
const void* gathered(const void* column, const Key& key, int64_t count, int64_t step, int64_t batch_stride,
                     std::vector<std::byte>& buffer) {
  const size_t size = size_of(key.dtype);
  const int64_t matrices = batch_stride == 0 ? 1 : key.batch;
  buffer.resize(static_cast<size_t>(matrices * count) * size);
  std::byte* to = buffer.data();
  for (int64_t s = 0; s < matrices; ++s) {
    const std::byte* from = static_cast<const std::byte*>(column) + static_cast<size_t>(s * batch_stride) * size;
    for (int64_t i = 0; i < count; ++i, to += size) std::memcpy(to, from + static_cast<size_t>(i * step) * size, size);
  }
  return buffer.data();
}

// With AVX-512 oneDNN 3.7 takes the elements of a matrix of one row or one column for adjacent, whatever stride it is
// told (its brg_matmul), and so reads and writes the wrong ones. Therefore columns are given to it adjacent.
void run(Key key, const void* a, const void* b, float* c, const float* bias) {
  thread_local std::vector<std::byte> row, column;
  if (key.m == 1 && key.transpose_a == Transpose::kYes && key.lda != 1) {
    a = gathered(a, key, key.k, key.lda, key.stride_a, row);
    key.transpose_a = Transpose::kNo;
    key.lda = key.k;
    if (key.stride_a != 0) key.stride_a = key.k;
  }
  if (key.n == 1 && key.transpose_b == Transpose::kNo && key.ldb != 1) {
    b = gathered(b, key, key.k, key.ldb, key.stride_b, column);
    key.ldb = 1;
    if (key.stride_b != 0) key.stride_b = key.k;
  }
  if (key.n != 1 || key.m == 1 || key.ldc == 1) return multiply(key, a, b, c, bias);

  thread_local std::vector<float> product;
  product.resize(static_cast<size_t>(key.batch * key.m));
  Key adjacent = key;
  adjacent.ldc = 1;
  adjacent.stride_c = key.m;
  adjacent.beta = 0;
  adjacent.bias = false;
  if (key.k == 0) std::fill(product.begin(), product.end(), 0.0f);
  else multiply(adjacent, a, b, product.data(), nullptr);
  for (int64_t s = 0; s < key.batch; ++s) {
    for (int64_t i = 0; i < key.m; ++i) {
      float& y = c[s * key.stride_c + i * key.ldc];
      y = product[static_cast<size_t>(s * key.m + i)] + (key.beta == 0 ? 0.0f : key.beta * y) + (bias ? *bias : 0.0f);
    }
  }
}

struct Plan {
  Shape result;
  Key key;
};

Plan plan(const Tensor& a, const Tensor& b, Transpose ta, Transpose tb) {
  require(a.rank() >= 2 && b.rank() >= 2 && a.dtype() == b.dtype() &&
              (a.dtype() == DType::kF32 || a.dtype() == DType::kBF16),
          "matmul of {} {} and {} {}", name_of(a.dtype()), to_string(a.shape()), name_of(b.dtype()),
          to_string(b.shape()));
  const bool flat_a = ta == Transpose::kNo, flat_b = tb == Transpose::kNo;
  const int64_t m = a.dim(flat_a ? -2 : -1), k = a.dim(flat_a ? -1 : -2);
  const int64_t n = b.dim(flat_b ? -1 : -2);
  const Shape batch_a(a.shape().begin(), a.shape().end() - 2), batch_b(b.shape().begin(), b.shape().end() - 2);
  require(k == b.dim(flat_b ? -2 : -1) && (batch_a == batch_b || batch_a.empty() || batch_b.empty()),
          "matmul of {}{} and {}{}", to_string(a.shape()), flat_a ? "" : "^T", to_string(b.shape()),
          flat_b ? "" : "^T");
  Plan p;
  p.result = batch_a.empty() ? batch_b : batch_a;
  const int64_t batch = count_of(p.result);
  p.result.insert(p.result.end(), {m, n});
  p.key = {
      m,     n,         k,  a.dim(-1), b.dim(-1), n,   batch, batch_a.empty() ? 0 : m * k, batch_b.empty() ? 0 : k * n,
      m * n, a.dtype(), ta, tb,        false,     0.0f};
  if (batch_b.empty() && flat_a) {  // one tall product
    p.key.m *= batch;
    p.key.batch = 1;
  }
  if (p.key.batch == 1) p.key.stride_a = p.key.stride_b = p.key.stride_c = 0;
  return p;
}

}  // namespace

bool has_matmul(DType operands) {
  try {
    onednn::stream();
    make({1, 1, 1, 1, 1, 1, 1, 0, 0, 0, operands, Transpose::kNo, Transpose::kNo, false, 0.0f});
    return true;
  } catch (const Error& e) {
    if (e.code() != ExitCode::kUsage) throw;
    return false;
  }
}

Operand operand_of(const Tensor& matrix) {
  require(matrix.rank() == 2, "an operand of shape {}", to_string(matrix.shape()));
  return {matrix.raw(), matrix.dim(1), Transpose::kNo, matrix.dtype()};
}

Operand transposed(const Operand& operand) {
  Operand other = operand;
  other.transpose = operand.transpose == Transpose::kNo ? Transpose::kYes : Transpose::kNo;
  return other;
}

void matmul_batched(const BatchStride& batch, const Operand& a, const Operand& b, const Rows<float>& c,
                    const ProductSize& size, const ProductTerms& terms) {
  require(terms.bias == nullptr && a.dtype == b.dtype, "a batch of products of {} and {}, with a bias: {}",
          name_of(a.dtype), name_of(b.dtype), terms.bias != nullptr);
  const bool one = batch.batch == 1;
  run({size.m, size.n, size.k, a.stride, b.stride, c.stride, batch.batch, one ? 0 : batch.a, one ? 0 : batch.b,
       one ? 0 : batch.c, a.dtype, a.transpose, b.transpose, false, terms.beta},
      a.data, b.data, c.data, nullptr);
}

void matmul(const Operand& a, const Operand& b, const Rows<float>& c, const ProductSize& size,
            const ProductTerms& terms) {
  require(a.dtype == b.dtype, "a product of {} and {}", name_of(a.dtype), name_of(b.dtype));
  run({size.m, size.n, size.k, a.stride, b.stride, c.stride, 1, 0, 0, 0, a.dtype, a.transpose, b.transpose,
       terms.bias != nullptr, terms.beta},
      a.data, b.data, c.data, terms.bias);
}

Tensor matmul(const Tensor& a, const Tensor& b, Transpose transpose_a, Transpose transpose_b) {
  Plan p = plan(a, b, transpose_a, transpose_b);
  Tensor c(p.result);
  run(p.key, a.raw(), b.raw(), c.data<float>(), nullptr);
  return c;
}

void matmul_into(Tensor& c, const Tensor& a, const Tensor& b, Transpose transpose_a, Transpose transpose_b,
                 float beta) {
  Plan p = plan(a, b, transpose_a, transpose_b);
  require(c.count() == count_of(p.result), "matmul result {} into {}", to_string(p.result), to_string(c.shape()));
  p.key.beta = beta;
  run(p.key, a.raw(), b.raw(), c.data<float>(), nullptr);
}

}  // namespace mlrun::kernels
