#include "ops/embedding.hpp"

#include "base/error.hpp"
#include "kernels/vector/embedding.hpp"

namespace mlrun::ops {

// y[i] = table[id_i]: dtable[id_i] += dy[i]
Variable embedding(const Variable& table, const Tensor& ids) {
  return record(kernels::gather_rows(table.value(), ids), {{table, Rule::into([ids](const Tensor& dy, Destination& to) {
                                                              if (!to.accumulate) to.tensor.fill(0.0f);
                                                              kernels::scatter_add_rows(to.tensor, ids, dy);
                                                            })}});
}

// y_i = sum_j w_ij r_(p_ij): dr_(p_ij) += w_ij dy_i, dw_ij = dy_i . r_(p_ij)
Variable mix_rows(const Variable& rows, const Tensor& places, const Variable& weights) {
  const Tensor R = rows.value(), W = weights.value();
  return record(
      kernels::mix_rows(R, places, W),
      {{rows, Rule::into([places, W](const Tensor& dy, Destination& to) {
          if (!to.accumulate) to.tensor.fill(0.0f);
          kernels::mix_rows_gradient(to.tensor, places, W, dy);
        })},
       {weights, [R, places](const Tensor& dy) { return kernels::mix_rows_weight_gradient(R, places, dy); }}});
}

// y_ij = x_(i, c_ij): dx_(i, c_ij) += dy_ij
Variable pick(const Variable& x, const Tensor& columns) {
  const Tensor X = x.value();
  require(X.rank() == 2 && columns.rank() == 2 && columns.dim(0) == X.dim(0), "columns {} of {}",
          to_string(columns.shape()), to_string(X.shape()));
  const int64_t n = X.dim(0), m = X.dim(1), k = columns.dim(1);
  Tensor y({n, k});
  for (int64_t i = 0; i < n * k; ++i) {
    const int64_t column = columns.data<int32_t>()[i];
    require(column >= 0 && column < m, "column {} of {}", column, m);
    y.data<float>()[i] = X.data<float>()[i / k * m + column];
  }
  return record(y, {{x, Rule::into([columns, m, k](const Tensor& dy, Destination& to) {
                       if (!to.accumulate) to.tensor.fill(0.0f);
                       for (int64_t i = 0; i < dy.count(); ++i)
                         to.tensor.data<float>()[i / k * m + columns.data<int32_t>()[i]] += dy.data<float>()[i];
                     })}});
}

}  // namespace mlrun::ops
