#include "kernels/vector/embedding.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/profile.hpp"

namespace mlrun::kernels {
namespace {

int64_t checked(int64_t index, int64_t size) {
  require(index >= 0 && index < size, "index {} of {}", index, size);
  return index;
}

}  // namespace

Tensor gather_rows(const Tensor& table, const Tensor& ids) {
  require(table.rank() == 2, "rows of a table {}", to_string(table.shape()));
  const int64_t d = table.dim(1);
  Shape shape = ids.shape();
  shape.push_back(d);
  Tensor y(shape);
  const profile::Scope scope("gather", "own", 0, 2.0 * static_cast<double>(y.bytes()));
  const float* from = table.data<float>();
  const int32_t* id = ids.data<int32_t>();
  float* to = y.data<float>();
  for (int64_t i = 0; i < ids.count(); ++i, to += d) std::copy_n(from + checked(id[i], table.dim(0)) * d, d, to);
  return y;
}

void scatter_add_rows(Tensor& sums, const Tensor& ids, const Tensor& rows) {
  const int64_t d = sums.dim(-1), v = sums.count() / std::max<int64_t>(d, 1);
  require(rows.count() == ids.count() * d, "{} rows by ids {} into {}", to_string(rows.shape()), to_string(ids.shape()),
          to_string(sums.shape()));
  const profile::Scope scope("scatter", "own", 0, 3.0 * static_cast<double>(rows.bytes()));
  const int32_t* id = ids.data<int32_t>();
  const float* from = rows.data<float>();
  float* to = sums.data<float>();
  for (int64_t i = 0; i < ids.count(); ++i, from += d) {
    float* row = to + checked(id[i], v) * d;
    for (int64_t j = 0; j < d; ++j) row[j] += from[j];
  }
}

Tensor mix_rows(const Tensor& rows, const Tensor& places, const Tensor& weights) {
  require(rows.rank() == 2 && places.rank() == 2 && places.shape() == weights.shape(), "rows {} mixed by {} with {}",
          to_string(rows.shape()), to_string(places.shape()), to_string(weights.shape()));
  const int64_t n = places.dim(0), k = places.dim(1), d = rows.dim(1);
  Tensor y({n, d});
  const profile::Scope scope("mix rows", "own", 0, static_cast<double>(y.bytes()) * static_cast<double>(k + 1));
  for (int64_t i = 0; i < n; ++i) {
    float* to = y.data<float>() + i * d;
    for (int64_t j = 0; j < k; ++j) {
      const float* from = rows.data<float>() + checked(places.data<int32_t>()[i * k + j], rows.dim(0)) * d;
      const float weight = weights.data<float>()[i * k + j];
      for (int64_t c = 0; c < d; ++c) to[c] = j == 0 ? weight * from[c] : to[c] + weight * from[c];
    }
  }
  return y;
}

void mix_rows_gradient(Tensor& sums, const Tensor& places, const Tensor& weights, const Tensor& dy) {
  const int64_t n = places.dim(0), k = places.dim(1), d = sums.dim(1);
  const profile::Scope scope("mix rows", "own", 0, 3.0 * static_cast<double>(dy.bytes()) * static_cast<double>(k));
  for (int64_t i = 0; i < n; ++i) {
    const float* from = dy.data<float>() + i * d;
    for (int64_t j = 0; j < k; ++j) {
      float* to = sums.data<float>() + checked(places.data<int32_t>()[i * k + j], sums.dim(0)) * d;
      const float weight = weights.data<float>()[i * k + j];
      for (int64_t c = 0; c < d; ++c) to[c] += weight * from[c];
    }
  }
}

Tensor mix_rows_weight_gradient(const Tensor& rows, const Tensor& places, const Tensor& dy) {
  constexpr int64_t kSums = 16;  // side by side, so that they can be a vector
  const int64_t n = places.dim(0), k = places.dim(1), d = rows.dim(1);
  Tensor dweights({n, k});
  const profile::Scope scope("mix rows", "own", 0, 2.0 * static_cast<double>(dy.bytes()) * static_cast<double>(k));
  for (int64_t i = 0; i < n; ++i) {
    const float* a = dy.data<float>() + i * d;
    for (int64_t j = 0; j < k; ++j) {
      const float* b = rows.data<float>() + checked(places.data<int32_t>()[i * k + j], rows.dim(0)) * d;
      float sums[kSums] = {};
      int64_t c = 0;
      for (; c + kSums <= d; c += kSums)
        for (int64_t s = 0; s < kSums; ++s) sums[s] += a[c + s] * b[c + s];
      for (; c < d; ++c) sums[0] += a[c] * b[c];
      double sum = 0;
      for (const float part : sums) sum += static_cast<double>(part);
      dweights.data<float>()[i * k + j] = static_cast<float>(sum);
    }
  }
  return dweights;
}

Tensor take_groups(const Tensor& x, const std::vector<int64_t>& groups, int64_t width) {
  const int64_t n = x.dim(-1), k = static_cast<int64_t>(groups.size()) * width;
  require(width > 0 && n % width == 0, "groups of {} numbers of {}", width, to_string(x.shape()));
  for (const int64_t g : groups) checked(g, n / width);
  Shape shape = x.shape();
  shape.back() = k;
  Tensor y(shape);
  const profile::Scope scope("gather", "own", 0, 2.0 * static_cast<double>(y.bytes()));
  const float* from = x.data<float>();
  float* to = y.data<float>();
  for (const float* end = to + y.count(); to != end; from += n) {
    for (const int64_t g : groups) {
      const float* p = from + g * width;
      for (int64_t i = 0; i < width; ++i) *to++ = p[i];
    }
  }
  return y;
}

void scatter_add_groups(Tensor& sums, const std::vector<int64_t>& groups, const Tensor& y, int64_t width) {
  const int64_t n = sums.dim(-1), k = static_cast<int64_t>(groups.size()) * width;
  require(width > 0 && n % width == 0 && y.dim(-1) == k && y.count() * n == sums.count() * k,
          "groups of {} numbers of {} into {}", width, to_string(y.shape()), to_string(sums.shape()));
  for (const int64_t g : groups) checked(g, n / width);
  const profile::Scope scope("scatter", "own", 0, 3.0 * static_cast<double>(y.bytes()));
  const float* from = y.data<float>();
  float* to = sums.data<float>();
  for (const float* end = from + y.count(); from != end; to += n) {
    for (const int64_t g : groups) {
      float* p = to + g * width;
      for (int64_t i = 0; i < width; ++i) p[i] += *from++;
    }
  }
}

}  // namespace mlrun::kernels
