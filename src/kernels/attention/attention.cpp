#include "kernels/attention/attention.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "kernels/attention/attention_head.hpp"
#include "kernels/profile.hpp"

namespace mlrun::kernels {
namespace attention_tiles {

Workspace::Workspace(int64_t keys, int64_t values)
    : q({keys, kTile}),
      q_rows({kTile, widened(keys)}),
      position_q({keys, kTile}),
      position_q_rows({kTile, widened(keys)}),
      scores({kTile, kTile}),
      d_scores({kTile, kTile}),
      skewed({2 * kTile, kTile}),
      y({values, kTile}),
      dy({values, kTile}),
      dy_rows({kTile, widened(values)}),
      dq({keys, kTile}),
      d_position_q({keys, kTile}),
      most({kTile}),
      sum({kTile}),
      dot({kTile}),
      k_rows({kTile, widened(keys)}) {}

}  // namespace attention_tiles

namespace {

using namespace attention_tiles;

// One head of one sequence, and of its positions some that see one another only: a residue class of a stride, a block, or all.
struct Part {
  int64_t sequence, head, group, first, stride, count;
};

SequenceRows<const float> rows_of(const SequenceRows<const float>& all, const Part& part, int64_t channel) {
  if (!all) return {};
  return {all.at(part.sequence, part.first) + channel, 0, all.position * part.stride};
}
SequenceRows<float> rows_of(const SequenceRows<float>& all, const Part& part, int64_t channel) {
  if (!all) return {};
  return {all.at(part.sequence, part.first) + channel, 0, all.position * part.stride};
}

// Packs keys, values and tables by distance, head by head, and unpacks their gradients.
class Walk {
 public:
  Walk(const AttentionShape& shape, const AttentionInputs& in)
      : shape_(shape),
        in_(in),
        work_(shape.keys, shape.values),
        k_({padded(shape.length), shape.keys}),
        v_({padded(shape.length), shape.values}) {
    const int64_t rows = distances(shape.length);
    if (in.bias) bias_ = Tensor({rows});
    if (in.position_keys) position_keys_ = Tensor({rows, shape.keys});
    if (in.position_queries) {
      position_queries_ = Tensor({rows, widened(shape.keys)});
      position_queries_turned_ = Tensor({shape.keys, rows});
    }
  }

  Workspace& work() { return work_; }
  const Head& head() const { return head_; }

  // f(part), with head() packed for it, for all parts; between heads, before(h, stride) and after(h, stride).
  template <class Before, class F, class After>
  void each(Before before, F f, After after) {
    for (int64_t h = 0; h < shape_.heads; ++h) {
      const Reach reach = shape_.reach_of(h);
      pack_tables(h, reach.stride);
      before();
      const int64_t group = h / shape_.heads_per_group(), length = shape_.length;
      const auto part_of = [&](int64_t sequence, int64_t first, int64_t count) {
        const Part part = {sequence, h, group, first, reach.stride, count};
        pack(part, reach.window);
        f(part);
      };
      for (int64_t i = 0; i < shape_.sequences; ++i) {
        const int64_t block = reach.block > 0 ? reach.block : length;
        for (int64_t first = 0; reach.stride == 1 && first < length; first += block)
          part_of(i, first, std::min(block, length - first));
        for (int64_t first = 0; reach.stride > 1 && first < std::min(reach.stride, length); ++first)
          part_of(i, first, (length - first + reach.stride - 1) / reach.stride);
      }
      after(h, reach.stride);
    }
  }

  // Adds a packed table's gradient, `wide` numbers a row, to the head's part of the table [length, heads, width].
  void add_table(const Tensor& packed, int64_t wide, int64_t width, int64_t head, int64_t stride, float* to) const {
    for (int64_t d = 0; d * stride < shape_.length; ++d) {
      const float* from = packed.data<float>() + (kBefore + d) * wide;
      float* row = to + (d * stride * shape_.heads + head) * width;
      for (int64_t k = 0; k < width; ++k) row[k] += from[k];
    }
  }
  void add_bias(const Tensor& packed, int64_t head, int64_t stride, float* to) const {
    for (int64_t d = 0; d * stride < shape_.length; ++d)
      to[head * shape_.length + d * stride] += packed.data<float>()[kBefore + d];
  }

 private:
  void pack_tables(int64_t h, int64_t stride) {
    const int64_t rows = distances(shape_.length), keys = shape_.keys, wide = widened(keys);
    const auto row_of = [&](const float* table, int64_t d) { return table + (d * stride * shape_.heads + h) * keys; };
    if (in_.bias) {
      bias_.fill(0);
      for (int64_t d = 0; d * stride < shape_.length; ++d)
        bias_.data<float>()[kBefore + d] = in_.bias[h * shape_.length + d * stride];
    }
    if (in_.position_keys) {
      position_keys_.fill(0);
      for (int64_t d = 0; d * stride < shape_.length; ++d)
        std::copy_n(row_of(in_.position_keys, d), keys, position_keys_.data<float>() + (kBefore + d) * keys);
    }
    if (in_.position_queries) {
      position_queries_.fill(0);
      position_queries_turned_.fill(0);
      for (int64_t d = 0; d * stride < shape_.length; ++d) {
        const float* from = row_of(in_.position_queries, d);
        std::copy_n(from, keys, position_queries_.data<float>() + (kBefore + d) * wide);
        for (int64_t k = 0; k < keys; ++k)
          position_queries_turned_.data<float>()[k * rows + kBefore + d] = shape_.scale * from[k];
      }
    }
    head_.bias = in_.bias ? bias_.data<float>() : nullptr;
    head_.position_keys = in_.position_keys ? position_keys_.data<float>() : nullptr;
    head_.position_queries = in_.position_queries ? position_queries_.data<float>() : nullptr;
    head_.position_queries_turned = in_.position_queries ? position_queries_turned_.data<float>() : nullptr;
  }

  static void pack_rows(const SequenceRows<const float>& from, int64_t count, int64_t width, Tensor& to) {
    float* p = to.data<float>();
    for (int64_t t = 0; t < count; ++t) std::copy_n(from.at(0, t), width, p + t * width);
    std::fill_n(p + count * width, (padded(count) - count) * width, 0.0f);
  }

  void pack(const Part& part, int64_t window) {
    head_.length = part.count;
    head_.keys = shape_.keys;
    head_.values = shape_.values;
    head_.window = window > 0 ? window : part.count;
    head_.scale = shape_.scale;
    head_.table_rows = distances(shape_.length);
    head_.q = rows_of(in_.q, part, part.head * shape_.keys);
    head_.position_q = rows_of(in_.position_q, part, part.head * shape_.keys);
    pack_rows(rows_of(in_.k, part, part.group * shape_.keys), part.count, shape_.keys, k_);
    pack_rows(rows_of(in_.v, part, part.group * shape_.values), part.count, shape_.values, v_);
    head_.k = k_.data<float>();
    head_.v = v_.data<float>();
    if (in_.dropout <= 0) return;
    const auto place = static_cast<uint64_t>((part.sequence * shape_.heads + part.head) * shape_.length + part.first);
    const auto draw = in_.noise.block(place);
    head_.dropout = {draw[0], draw[1], std::round(in_.dropout * 0x1p24f), 1 / (1 - in_.dropout)};
  }

  AttentionShape shape_;
  AttentionInputs in_;
  Workspace work_;
  Head head_;
  Tensor k_, v_, bias_, position_keys_, position_queries_, position_queries_turned_;
};

void check(const AttentionShape& s, const AttentionInputs& in) {
  require(s.length > 0 && s.keys > 0 && s.values > 0 && s.groups > 0 && s.heads % s.groups == 0 &&
              (s.reach.empty() || static_cast<int64_t>(s.reach.size()) == s.heads),
          "attention over {} positions, {} heads of {} and {} in {} groups, {} reaches", s.length, s.heads, s.keys,
          s.values, s.groups, s.reach.size());
  for (const Reach& r : s.reach) {
    require(r.window >= 0 && r.stride > 0 && r.block >= 0 && (r.block == 0 || r.stride == 1),
            "a reach of {} by {}, in blocks of {}", r.window, r.stride, r.block);
  }
  require(static_cast<bool>(in.position_q) == (in.position_keys != nullptr), "position keys without their queries");
}

// Of all heads, with `each` numbers for a pair of positions; as many operations as pairs that are seen.
double flops_of(const AttentionShape& s, int64_t each) {
  double pairs = 0;
  for (int64_t h = 0; h < s.heads; ++h) {
    const Reach r = s.reach_of(h);
    const int64_t most = r.block > 0 ? std::min(r.block, s.length) : s.length;
    const double seen = static_cast<double>((most + r.stride - 1) / r.stride),
                 window = r.window > 0 ? std::min(seen, static_cast<double>(r.window)) : seen;
    pairs += static_cast<double>(s.length) * (window - window * (window - 1) / (2 * seen));
  }
  return 2.0 * static_cast<double>(s.sequences * each) * pairs;
}

SequenceRows<float> log_sums_of(const AttentionShape& s, float* all, const Part& part) {
  return {all + (part.sequence * s.heads + part.head) * s.length + part.first, 0, part.stride};
}

// Unpacks rows of `wide` numbers; heads of a group but its first add.
void unpack(const Tensor& packed, int64_t width, const Part& part, bool add, const SequenceRows<float>& to) {
  const int64_t wide = widened(width);
  for (int64_t t = 0; t < part.count; ++t) {
    const float* from = packed.data<float>() + t * wide;
    float* row = to.at(0, t);
    if (!add) std::copy_n(from, width, row);
    else
      for (int64_t k = 0; k < width; ++k) row[k] += from[k];
  }
}

}  // namespace

void attention(const AttentionShape& shape, const AttentionInputs& in, SequenceRows<float> y, float* log_sum) {
  check(shape, in);
  const profile::Scope scope("attention tiles", "own", flops_of(shape, shape.keys + shape.values), 0);
  Walk walk(shape, in);
  const auto nothing = [](auto...) {};
  walk.each(
      nothing,
      [&](const Part& part) {
        forward(walk.head(), walk.work(),
                {rows_of(y, part, part.head * shape.values), log_sums_of(shape, log_sum, part)});
      },
      nothing);
}

void attention_gradient(const AttentionShape& shape, const AttentionInputs& in, SequenceRows<const float> y,
                        SequenceRows<const float> dy, const float* log_sum, const AttentionGradients& to) {
  check(shape, in);
  const profile::Scope scope("attention tiles' gradient", "own", flops_of(shape, 3 * shape.keys + 2 * shape.values), 0);
  Walk walk(shape, in);
  const int64_t rows = distances(shape.length), wide = widened(shape.keys);
  Tensor dk({padded(shape.length), wide}), dv({padded(shape.length), widened(shape.values)}), bias, keys, queries;
  if (to.bias) bias = Tensor({rows});
  if (to.position_keys) keys = Tensor({rows, wide});
  if (to.position_queries) queries = Tensor({rows, wide});
  const auto data = [](Tensor& x) { return x.defined() ? x.data<float>() : nullptr; };
  walk.each(
      [&] {
        for (Tensor* table : {&bias, &keys, &queries})
          if (table->defined()) table->fill(0);
      },
      [&](const Part& part) {
        std::fill_n(dk.data<float>(), padded(part.count) * wide, 0.0f);
        std::fill_n(dv.data<float>(), padded(part.count) * widened(shape.values), 0.0f);
        HeadGradient g;
        g.y = rows_of(y, part, part.head * shape.values);
        g.dy = rows_of(dy, part, part.head * shape.values);
        g.log_sum = {log_sum + (part.sequence * shape.heads + part.head) * shape.length + part.first, 0, part.stride};
        g.dq = rows_of(to.q, part, part.head * shape.keys);
        g.d_position_q = rows_of(to.position_q, part, part.head * shape.keys);
        g.dk = dk.data<float>();
        g.dv = dv.data<float>();
        g.d_bias = data(bias);
        g.d_position_keys = data(keys);
        g.d_position_queries = data(queries);
        backward(walk.head(), walk.work(), g);
        const bool add = part.head % shape.heads_per_group() != 0;
        unpack(dk, shape.keys, part, add, rows_of(to.k, part, part.group * shape.keys));
        unpack(dv, shape.values, part, add, rows_of(to.v, part, part.group * shape.values));
      },
      [&](int64_t h, int64_t stride) {
        if (to.bias) walk.add_bias(bias, h, stride, to.bias);
        if (to.position_keys) walk.add_table(keys, wide, shape.keys, h, stride, to.position_keys);
        if (to.position_queries) walk.add_table(queries, wide, shape.keys, h, stride, to.position_queries);
      });
}

}  // namespace mlrun::kernels
