#include "models/quantizers/table.hpp"

#include <algorithm>
#include <cmath>

#include "kernels/vector/nearest_code.hpp"
#include "nn/initialisers.hpp"
#include "ops/elementwise.hpp"
#include "ops/embedding.hpp"
#include "ops/linear.hpp"
#include "ops/quantize.hpp"
#include "ops/reduce.hpp"
#include "ops/shape.hpp"

namespace mlrun {

TableOptions::TableOptions(config::Reader& reader)
    : codes(reader.integer("codes", {.help = "vectors in the table", .min = 1, .max = 65536, .fallback = 512})),
      code_dim(reader.integer_or(
          "code_dim", "auto",
          {.help = "dimension in which codes are chosen, between two linear maps; auto: model.dim, and no maps",
           .min = 1,
           .max = 4096})),
      commitment(reader.real("commitment",
                             {.help = "weight of |z - sg[e]|^2 (beta of the paper)", .min = 0.0, .fallback = 0.25})),
      cosine(reader.one_of<bool>(
          "distance", {{"euclidean", false}, {"cosine", true}},
          {.help = "by which a code is chosen; cosine: vectors are scaled to length 1", .fallback = "euclidean"})),
      k_means(reader.one_of<bool>(
          "initial", {{"k_means", true}, {"normal", false}},
          {.help = "first table: k-means of the first batch, or N(0, 1/d)", .fallback = "k_means"})) {}

Initialiser initial_table(int64_t d) { return initialise::normal(1.0 / std::sqrt(static_cast<double>(d))); }

Variable as_searched(const Variable& z, const TableOptions& options) { return options.cosine ? ops::unit_rows(z) : z; }

Tensor as_searched(const Tensor& table, const TableOptions& options) {
  return as_searched(Variable(table), options).value();
}

Tensor nearest(const Tensor& rows, const Tensor& table, const float* bias) {
  const int64_t d = table.dim(1), n = rows.count() / d;
  Tensor codes({n, 1}, DType::kS32);
  kernels::nearest_code(rows.data<float>(), n, table.data<float>(), table.dim(0), d, bias, codes.data<int32_t>());
  return codes;
}

void k_means(const Tensor& rows, const RandomStream& noise, Tensor& table) {
  constexpr int kRounds = 10;
  const int64_t d = table.dim(1), n = rows.count() / d, k = std::min(table.dim(0), n);
  const std::vector<int64_t> drawn = noise.permutation(n);
  Tensor means = table.rows(0, k);
  const auto put = [&](int64_t code, int64_t row) {
    std::copy_n(rows.data<float>() + row * d, d, means.data<float>() + code * d);
  };
  for (int64_t c = 0; c < k; ++c) put(c, drawn[static_cast<size_t>(c)]);
  auto next = static_cast<size_t>(k);
  for (int round = 0; round < kRounds; ++round) {
    const Tensor codes = nearest(rows, means);
    std::vector<double> sums(static_cast<size_t>(k * d)), counts(static_cast<size_t>(k));
    for (int64_t i = 0; i < n; ++i) {
      const auto code = static_cast<size_t>(codes.data<int32_t>()[i]);
      counts[code] += 1;
      for (int64_t j = 0; j < d; ++j) {
        sums[code * static_cast<size_t>(d) + static_cast<size_t>(j)] +=
            static_cast<double>(rows.data<float>()[i * d + j]);
      }
    }
    for (int64_t c = 0; c < k; ++c) {
      const double members = counts[static_cast<size_t>(c)];
      if (members == 0) {
        put(c, drawn[next++ % drawn.size()]);
        continue;
      }
      for (int64_t j = 0; j < d; ++j) {
        means.data<float>()[c * d + j] = static_cast<float>(sums[static_cast<size_t>(c * d + j)] / members);
      }
    }
  }
}

Quantized quantize_by_table(const Variable& z, const Variable& table, double commitment) {
  Quantized q;
  q.codes = nearest(z.value(), table.value());
  const Variable e = ops::reshape(ops::embedding(table, q.codes), z.shape());
  q.squared_error = squared_error(z.value(), e.value());
  q.loss = ops::add(ops::squared_distance(e, z.value()),
                    ops::scale(ops::squared_distance(z, e.value()), static_cast<float>(commitment)));
  q.vectors = ops::straight_through(z, e.value());
  return q;
}

Variable log_odds_by_distance(const Variable& z, const Variable& table) {
  return ops::linear(z, ops::scale(table, 2.0f), ops::negate(ops::sum(ops::square(table), {1})));
}

double squared_error(const Tensor& a, const Tensor& b) {
  double sum = 0;
  const float *x = a.data<float>(), *y = b.data<float>();
  for (int64_t i = 0; i < a.count(); ++i) {
    const double difference = static_cast<double>(x[i]) - static_cast<double>(y[i]);
    sum += difference * difference;
  }
  return sum;
}

}  // namespace mlrun
