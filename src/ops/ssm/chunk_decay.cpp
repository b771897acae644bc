#include "ops/ssm/chunk_decay.hpp"

#include "base/error.hpp"
#include "kernels/ssm/chunk_decay.hpp"
#include "kernels/vector/reduce.hpp"
#include "ops/gradient_room.hpp"

namespace mlrun::ops {
namespace {

using kernels::DecayGradients;
using kernels::DecayInputs;
using kernels::DecayShape;
using kernels::SequenceRows;

SequenceRows<const float> rows_of(const Tensor& x, int64_t channel = 0) {
  if (!x.defined()) return {};
  if (x.rank() == 1) return {x.data<float>(), 0, 0};
  return {x.data<float>() + channel, x.dim(1) * x.dim(2), x.dim(2)};
}
SequenceRows<float> rows_of(Tensor& x, int64_t channel = 0) {
  return {x.data<float>() + channel, x.dim(1) * x.dim(2), x.dim(2)};
}

Tensor value_of(const Variable& x) { return x.defined() ? x.value() : Tensor(); }

// Where v, k and q are: in one tensor, or each in one of its own.
struct Layout {
  DecayHeads heads;
  bool packed;
  size_t k() const { return packed ? 0 : 1; }
  size_t q() const { return packed ? 0 : 2; }
  int64_t k_channel() const { return packed ? heads.heads * heads.values : 0; }
  int64_t q_channel() const { return packed ? k_channel() + heads.groups * heads.keys : 0; }
};

Variable record_decay(std::vector<Variable> all, const DecayHeads& heads, const DecayGates& gates) {
  const Layout layout = {heads, all.size() == 1};
  const Tensor first = all[0].value();
  require(first.rank() == 3 && heads.groups > 0 && heads.heads % heads.groups == 0,
          "decay of {} in {} heads, {} groups", to_string(first.shape()), heads.heads, heads.groups);
  const int64_t n = first.dim(0), length = first.dim(1);
  const auto check = [&](const Variable& x, int64_t channels) {
    require(x.shape() == Shape({n, length, channels}), "decay of {} and {}, where {} channels are meant",
            to_string(first.shape()), to_string(x.shape()), channels);
  };
  check(all[0], layout.packed ? heads.channels() : heads.heads * heads.values);
  for (size_t i = 1; i < all.size(); ++i) check(all[i], heads.groups * heads.keys);
  const bool constant = gates.log_decay.defined() && gates.log_decay.value().rank() == 1;
  if (gates.log_decay.defined() && !constant) check(gates.log_decay, heads.heads);
  if (gates.weight.defined()) check(gates.weight, heads.heads);
  for (const Variable& x : {gates.skip, constant ? gates.log_decay : Variable()}) {
    if (x.defined()) require(x.shape() == Shape({heads.heads}), "{} for {} heads", to_string(x.shape()), heads.heads);
  }

  std::vector<Tensor> held;
  for (const Variable& x : all) held.push_back(x.value());
  const Tensor log_decay = value_of(gates.log_decay), weight = value_of(gates.weight), skip = value_of(gates.skip);
  const DecayShape shape = {n, length, heads.groups, heads.heads, heads.keys, heads.values};
  const auto inputs = [=] {
    return DecayInputs{.q = rows_of(held[layout.q()], layout.q_channel()),
                       .k = rows_of(held[layout.k()], layout.k_channel()),
                       .v = rows_of(held[0]),
                       .log_decay = rows_of(log_decay),
                       .weight = rows_of(weight),
                       .skip = skip.defined() ? skip.data<float>() : nullptr};
  };
  const auto place = [&all](const Variable& x) {
    if (!x.defined()) return size_t{0};
    all.push_back(x);
    return all.size() - 1;
  };
  const size_t at_decay = place(gates.log_decay), at_weight = place(gates.weight), at_skip = place(gates.skip);
  bool learns = false;
  for (const Variable& x : all) learns = learns || x.needs_gradient();

  Tensor y({n, length, heads.heads * heads.values}), borders;
  if (learns) borders = Tensor({shape.border_count()});
  kernels::chunk_decay(shape, inputs(), rows_of(y), learns ? borders.data<float>() : nullptr);
  return record_joint(y, all, [=](const Tensor& dy, std::vector<Destination>& to) {
    std::vector<Tensor> d;
    for (size_t i = 0; i < held.size(); ++i) d.push_back(room_for(to[i], held[i].shape()));
    Tensor d_decay, d_weight, d_skip;
    DecayGradients g;
    g.v = rows_of(d[0]);
    g.k = rows_of(d[layout.k()], layout.k_channel());
    g.q = rows_of(d[layout.q()], layout.q_channel());
    if (at_decay && to[at_decay].needed) {
      d_decay = constant ? Tensor({n, length, heads.heads}) : room_for(to[at_decay], log_decay.shape());
      g.log_decay = rows_of(d_decay);
    }
    if (at_weight && to[at_weight].needed) {
      d_weight = room_for(to[at_weight], weight.shape());
      g.weight = rows_of(d_weight);
    }
    if (at_skip && to[at_skip].needed) {
      if (!to[at_skip].accumulate) to[at_skip].tensor.fill(0);
      g.skip = to[at_skip].tensor.data<float>();
    }
    kernels::chunk_decay_gradient(shape, inputs(), rows_of(y), rows_of(dy), borders.data<float>(), g);
    for (size_t i = 0; i < held.size(); ++i) add_gradient(to[i], d[i]);
    if (d_weight.defined()) add_gradient(to[at_weight], d_weight);
    if (!d_decay.defined()) return;
    if (!constant) return add_gradient(to[at_decay], d_decay);
    kernels::sum_rows(to[at_decay].tensor, d_decay.reshape({-1, heads.heads}), to[at_decay].accumulate);
  });
}

}  // namespace

Variable chunk_decay(const Variable& q, const Variable& k, const Variable& v, const DecayHeads& heads,
                     const DecayGates& gates) {
  return record_decay({v, k, q}, heads, gates);
}

Variable chunk_decay(const Variable& vkq, const DecayHeads& heads, const DecayGates& gates) {
  return record_decay({vkq}, heads, gates);
}

}  // namespace mlrun::ops
