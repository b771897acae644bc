#include "ops/recurrent/hippo_cell.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/product/matmul.hpp"
#include "kernels/profile.hpp"
#include "kernels/recurrent/hippo_cell.hpp"

namespace mlrun::ops {
namespace {

using kernels::Transpose;

// Row lengths that are multiples of a power of two share cache sets, and cost the products a quarter of their speed.
int64_t padded(int64_t n) {
  const int64_t whole = (n + 15) / 16 * 16;
  return whole % 256 == 0 ? whole + 16 : whole;
}

Tensor padded_copy(const Tensor& w, bool turn) {
  const int64_t rows = w.dim(0), columns = w.dim(1), row = padded(turn ? rows : columns);
  Tensor copy({turn ? columns : rows, row});
  const float* from = w.data<float>();
  float* to = copy.data<float>();
  if (!turn) {
    for (int64_t r = 0; r < rows; ++r) std::copy_n(from + r * columns, columns, to + r * row);
    return copy;
  }
  constexpr int64_t kTile = 32;
  for (int64_t r0 = 0; r0 < rows; r0 += kTile) {
    for (int64_t c0 = 0; c0 < columns; c0 += kTile) {
      for (int64_t c = c0; c < std::min(columns, c0 + kTile); ++c) {
        for (int64_t r = r0; r < std::min(rows, r0 + kTile); ++r) to[c * row + r] = from[r * columns + c];
      }
    }
  }
  return copy;
}

struct Cell {
  int64_t n, length, in, hidden, order;
  std::shared_ptr<const MemoryUpdate> memory;
  int64_t inputs() const { return hidden + order + in; }
  int64_t row() const { return padded(inputs()); }
  int64_t gate_row() const { return padded(2 * hidden); }
  double flops() const { return 4.0 * static_cast<double>(n * length * hidden * inputs()); }
};

// What the backward pass needs. `z`: (h', c', x) before every step [length, n, row]; `gates` [length, n, gate_row].
struct Kept {
  Tensor z, gates;
};

// Without `keep`, two steps share the memory.
Tensor forward(const Cell& cell, const Tensor& x, const Tensor& w, const Tensor& bias, const Tensor& write,
               float write_bias, bool keep, Kept& kept) {
  const int64_t n = cell.n, row = cell.row(), gate_row = cell.gate_row(), hidden = cell.hidden;
  const Tensor turned = padded_copy(w, true);
  kept.z = keep ? Tensor({cell.length, n, row}) : Tensor({2, n, row});
  kept.gates = keep ? Tensor({cell.length, n, gate_row}) : Tensor({1, n, gate_row});
  Tensor h({n, cell.length, hidden}), f({n});
  const auto z_at = [&](int64_t t) { return kept.z.data<float>() + (keep ? t : t % 2) * n * row; };
  std::fill_n(z_at(0), n * row, 0.0f);
  for (int64_t t = 0; t < cell.length; ++t) {
    float* z = z_at(t);
    float* gates = kept.gates.data<float>() + (keep ? t : 0) * n * gate_row;
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(x.data<float>() + (i * cell.length + t) * cell.in, cell.in, z + i * row + hidden + cell.order);
    }
    kernels::matmul({z, row}, {turned.data<float>(), turned.dim(1)}, {gates, gate_row}, {n, 2 * hidden, cell.inputs()},
                    {.bias = bias.data<float>()});
    const bool last = t + 1 == cell.length;
    float* next = last ? nullptr : z_at(t + 1);
    kernels::HippoGate step;
    step.rows = n;
    step.width = hidden;
    step.gates = {gates, gate_row};
    step.h_before = {z, row};
    step.h = {h.data<float>() + t * hidden, cell.length * hidden};
    step.h_copy = {next, row};
    step.write = write.data<float>();
    step.write_bias = write_bias;
    step.f = f.data<float>();
    kernels::hippo_gate(step);
    if (!last) cell.memory->forward(t, n, {z + hidden, row}, f.data<float>(), {next + hidden, row});
  }
  return h;
}

// Replaces the gates by their gradients; df [length, n]; dx [n, length, in] where wanted.
void backward(const Cell& cell, const Tensor& w, const Tensor& write, const Tensor& dy, Kept& kept, Tensor& df,
              Destination& dx) {
  const int64_t n = cell.n, row = cell.row(), gate_row = cell.gate_row(), hidden = cell.hidden;
  const Tensor weight = padded_copy(w, false);
  const int64_t columns = dx.needed ? cell.inputs() : hidden + cell.order;
  Tensor after = Tensor::zeros({n, row}), before = Tensor::zeros({n, row});
  for (int64_t t = cell.length - 1; t >= 0; --t) {
    float *from = after.data<float>(), *to = before.data<float>(), *f = df.data<float>() + t * n;
    float* gates = kept.gates.data<float>() + t * n * gate_row;
    if (t + 1 < cell.length) cell.memory->backward(t, n, {from + hidden, row}, {to + hidden, row}, f);
    else std::fill_n(f, n, 0.0f);
    kernels::HippoGateGradient step;
    step.rows = n;
    step.width = hidden;
    step.gates = {gates, gate_row};
    step.h_before = {kept.z.data<float>() + t * n * row, row};
    step.dh = {from, row};
    step.dy = {dy.data<float>() + t * hidden, cell.length * hidden};
    step.write = write.data<float>();
    step.df = f;
    step.dh_before = {to, row};
    kernels::hippo_gate_gradient(step);
    if (t == 0 && !dx.needed) break;
    for (int64_t i = 0; dx.needed && i < n; ++i) std::fill_n(to + i * row + hidden + cell.order, cell.in, 0.0f);
    kernels::matmul({gates, gate_row}, {weight.data<float>(), weight.dim(1)}, {to, row}, {n, columns, 2 * hidden},
                    {.beta = 1.0f});
    for (int64_t i = 0; dx.needed && i < n; ++i) {
      const float* part = to + i * row + hidden + cell.order;
      float* place = dx.tensor.data<float>() + (i * cell.length + t) * cell.in;
      for (int64_t k = 0; k < cell.in; ++k) place[k] = dx.accumulate ? place[k] + part[k] : part[k];
    }
    std::swap(after, before);
  }
}

}  // namespace

Variable hippo_cell(const Variable& x, const HippoWeights& weights, std::shared_ptr<const MemoryUpdate> memory) {
  const Tensor X = x.value(), W = weights.weight.value(), write = weights.write_weight.value();
  const int64_t hidden = W.dim(0) / 2;
  const Cell cell = {X.dim(0), X.dim(1), X.dim(2), hidden, memory->order(), memory};
  require(X.rank() == 3 && W.shape() == Shape({2 * hidden, cell.inputs()}) && write.count() == hidden &&
              weights.bias.value().count() == 2 * hidden && weights.write_bias.value().count() == 1,
          "a HiPPO cell of {} with weights {} and a memory of order {}", to_string(X.shape()), to_string(W.shape()),
          cell.order);
  const std::vector<Variable> inputs = {x, weights.weight, weights.bias, weights.write_weight, weights.write_bias};
  const bool keep = std::any_of(inputs.begin(), inputs.end(), [](const Variable& v) { return v.needs_gradient(); });
  Kept kept;
  Tensor h;
  {
    const kernels::profile::Scope scope("hippo cell", "own", cell.flops(), 0);
    h = forward(cell, X, W, weights.bias.value(), write, weights.write_bias.value().data<float>()[0], keep, kept);
  }
  if (!keep) return h;
  return record_joint(h, inputs, [cell, W, write, kept](const Tensor& dy, std::vector<Destination>& to) {
    const kernels::profile::Scope scope("hippo cell gradient", "own", 2 * cell.flops(), 0);
    Kept mine = kept;  // shares the numbers
    const int64_t rows = cell.length * cell.n;
    Tensor df({cell.length, cell.n});
    backward(cell, W, write, dy, mine, df, to[0]);
    const float *gates = mine.gates.data<float>(), *z = mine.z.data<float>();
    if (to[1].needed) {
      kernels::matmul({gates, cell.gate_row(), Transpose::kYes}, {z, cell.row()},
                      {to[1].tensor.data<float>(), cell.inputs()}, {2 * cell.hidden, cell.inputs(), rows},
                      {.beta = to[1].accumulate ? 1.0f : 0.0f});
    }
    if (to[2].needed) {
      std::vector<float> sums(static_cast<size_t>(2 * cell.hidden));
      std::vector<double> exact(sums.size());
      for (int64_t r = 0; r < rows; ++r) {
        const float* g = gates + r * cell.gate_row();
        for (size_t k = 0; k < exact.size(); ++k) exact[k] += static_cast<double>(g[k]);
      }
      std::transform(exact.begin(), exact.end(), sums.begin(), [](double v) { return static_cast<float>(v); });
      to[2].put(Tensor::of(to[2].tensor.shape(), sums));
    }
    // The hidden state after step t is the input h' of step t + 1, so the f of step t + 1 gives its gradient; there is
    // no step after the last one.
    if (to[3].needed && cell.length > 1) {
      kernels::matmul({df.data<float>(), rows - cell.n}, {z + cell.n * cell.row(), cell.row()},
                      {to[3].tensor.data<float>(), cell.hidden}, {1, cell.hidden, rows - cell.n},
                      {.beta = to[3].accumulate ? 1.0f : 0.0f});
    } else if (to[3].needed && !to[3].accumulate) {
      to[3].tensor.fill(0);
    }
    if (to[4].needed) {
      double sum = 0;
      for (int64_t r = 0; r < rows; ++r) sum += static_cast<double>(df.data<float>()[r]);
      to[4].put(Tensor::full(to[4].tensor.shape(), static_cast<float>(sum)));
    }
  });
}

}  // namespace mlrun::ops
