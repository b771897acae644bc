#include "ops/attention/attention.hpp"

#include "base/error.hpp"
#include "ops/gradient_room.hpp"

namespace mlrun::ops {
namespace {

using kernels::AttentionInputs;
using kernels::AttentionShape;
using kernels::SequenceRows;

SequenceRows<const float> rows_of(const Tensor& x) {
  if (!x.defined()) return {};
  return {x.data<float>(), x.dim(1) * x.dim(2), x.dim(2)};
}
SequenceRows<float> rows_of(Tensor& x) {
  if (!x.defined()) return {};
  return {x.data<float>(), x.dim(1) * x.dim(2), x.dim(2)};
}
const float* numbers_of(const Tensor& x) { return x.defined() ? x.data<float>() : nullptr; }

// An optional input: its value, and its place among the inputs of the op.
struct Optional {
  Tensor value;
  size_t at = 0;
};

}  // namespace

Variable attention(const Variable& q, const Variable& k, const Variable& v, const AttentionHeads& heads,
                   const AttentionDistances& distances, const AttentionDropout& dropout) {
  const Tensor Q = q.value(), K = k.value(), V = v.value();
  require(Q.rank() == 3 && K.rank() == 3 && V.rank() == 3 && heads.groups > 0 && Q.dim(2) % heads.heads == 0 &&
              K.dim(2) % heads.groups == 0 && V.dim(2) % heads.groups == 0,
          "attention of {}, {} and {} by {} heads in {} groups", to_string(Q.shape()), to_string(K.shape()),
          to_string(V.shape()), heads.heads, heads.groups);
  const int64_t n = Q.dim(0), length = Q.dim(1), keys = Q.dim(2) / heads.heads, values = V.dim(2) / heads.groups;
  const AttentionShape shape = {n, length, heads.heads, heads.groups, keys, values, heads.scale, heads.reach};
  std::vector<Variable> all = {q, k, v};
  const auto check = [&](const Variable& x, const Shape& expected) {
    if (!x.defined()) return;
    require(x.shape() == expected, "attention with {}, where {} is meant", to_string(x.shape()), to_string(expected));
  };
  check(k, {n, length, heads.groups * keys});
  check(v, {n, length, heads.groups * values});
  check(distances.bias, {heads.heads, length});
  check(distances.position_q, Q.shape());
  check(distances.position_keys, {length, Q.dim(2)});
  check(distances.position_queries, {length, Q.dim(2)});
  const auto optional = [&](const Variable& x) {
    if (!x.defined()) return Optional{};
    all.push_back(x);
    return Optional{x.value(), all.size() - 1};
  };
  const Optional bias = optional(distances.bias), position_q = optional(distances.position_q),
                 position_keys = optional(distances.position_keys),
                 position_queries = optional(distances.position_queries);
  const auto inputs = [=] {
    AttentionInputs in;
    in.q = rows_of(Q);
    in.k = rows_of(K);
    in.v = rows_of(V);
    in.bias = numbers_of(bias.value);
    in.position_q = rows_of(position_q.value);
    in.position_keys = numbers_of(position_keys.value);
    in.position_queries = numbers_of(position_queries.value);
    in.dropout = dropout.p;
    in.noise = dropout.noise;
    return in;
  };

  Tensor y({n, length, heads.heads * values}), log_sum({shape.log_sum_count()});
  kernels::attention(shape, inputs(), rows_of(y), log_sum.data<float>());
  return record_joint(y, all, [=](const Tensor& dy, std::vector<Destination>& to) {
    Tensor dq = room_for(to[0], Q.shape()), dk = room_for(to[1], K.shape()), dv = room_for(to[2], V.shape()), d_bias,
           d_position_q, d_keys, d_queries;
    kernels::AttentionGradients g;
    g.q = rows_of(dq);
    g.k = rows_of(dk);
    g.v = rows_of(dv);
    if (bias.at && to[bias.at].needed) {
      d_bias = sum_for(to[bias.at], bias.value.shape());
      g.bias = d_bias.data<float>();
    }
    if (position_q.at) {
      d_position_q = room_for(to[position_q.at], position_q.value.shape());
      d_keys = sum_for(to[position_keys.at], position_keys.value.shape());
      g.position_q = rows_of(d_position_q);
      g.position_keys = d_keys.data<float>();
    }
    if (position_queries.at) {
      d_queries = sum_for(to[position_queries.at], position_queries.value.shape());
      g.position_queries = d_queries.data<float>();
    }
    kernels::attention_gradient(shape, inputs(), rows_of(y), rows_of(dy), log_sum.data<float>(), g);
    add_gradient(to[0], dq);
    add_gradient(to[1], dk);
    add_gradient(to[2], dv);
    if (position_q.at) add_gradient(to[position_q.at], d_position_q);
  });
}

}  // namespace mlrun::ops
