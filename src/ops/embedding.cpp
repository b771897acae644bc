#include "ops/embedding.hpp"

#include "kernels/vector/embedding.hpp"

namespace mlrun::ops {

// y[i] = table[id_i]: dtable[id_i] += dy[i]
Variable embedding(const Variable& table, const Tensor& ids) {
  return record(kernels::gather_rows(table.value(), ids), {{table, Rule::into([ids](const Tensor& dy, Destination& to) {
                                                              if (!to.accumulate) to.tensor.fill(0.0f);
                                                              kernels::scatter_add_rows(to.tensor, ids, dy);
                                                            })}});
}

}  // namespace mlrun::ops
