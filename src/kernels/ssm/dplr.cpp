#include "kernels/ssm/dplr.hpp"

#include <algorithm>

#include "kernels/profile.hpp"
#include "tensor/tensor.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "kernels/ssm/dplr.cpp"
#include "hwy/foreach_target.h"  // IWYU pragma: keep
//
#include "kernels/ssm/channel_group.hpp"
#include "kernels/ssm/dplr_gradient.hpp"

HWY_BEFORE_NAMESPACE();
namespace mlrun::kernels::HWY_NAMESPACE {
using ssm::ChannelGroup;
using ssm::kGroup;
using ssm::kLong;

void dplr_ssm(const Dplr& system, const float* u, int64_t n, int64_t length, float* y) {
  ssm::DplrSystem channel(system);
  ssm::DplrTables tables(channel.count());
  const ssm::GroupShape shape = {n, length, system.channels, kLong, 1};
  ChannelGroup in(shape), out(shape);
  const ssm::DplrRows rows = {n, in.chunks()};
  Tensor states({rows.all(), tables.state()}), along({rows.all(), kLong});
  float *s = states.data<float>(), *z = along.data<float>();
  for (int64_t h = 0; h < system.channels; h += kGroup) {
    const int64_t count = std::min(kGroup, system.channels - h);
    in.read(u, h, count);
    for (int64_t k = 0; k < count; ++k) {
      channel.read(h + k);
      tables.make(channel.parts(), system.d[h + k]);
      tables.states(in.channel(k), rows, s, z);
      tables.outputs(in.channel(k), s, rows, out.channel(k));
    }
    out.write(y, h, count);
  }
}

void dplr_ssm_gradient(const Dplr& system, const float* u, const float* dy, int64_t n, int64_t length,
                       const DplrGradient& to) {
  const bool parameters = to.log_dt != nullptr;
  ssm::DplrSystem channel(system);
  ssm::DplrTables tables(channel.count());
  ssm::DplrTableGradient gradient(channel.count());
  const ssm::GroupShape shape = {n, length, system.channels, kLong, 1};
  ChannelGroup in(shape), back(shape), out(shape);
  const ssm::DplrRows rows = {n, in.chunks()};
  Tensor states({rows.all(), tables.state()}), back_states(states.shape());
  // What no chunk follows stays 0.
  Tensor along = Tensor::zeros({rows.all(), kLong}), back_along = Tensor::zeros(along.shape());
  float *s = states.data<float>(), *t = back_states.data<float>();
  float *z = along.data<float>(), *r = back_along.data<float>();
  for (int64_t h = 0; h < system.channels; h += kGroup) {
    const int64_t count = std::min(kGroup, system.channels - h);
    if (parameters) in.read(u, h, count);
    back.read(dy, h, count);
    for (int64_t k = 0; k < count; ++k) {
      channel.read(h + k);
      tables.make(channel.parts(), system.d[h + k]);
      tables.turn();
      tables.states_back(back.channel(k), rows, t, r);
      if (to.u) tables.inputs_back(back.channel(k), t, rows, out.channel(k));
      if (!parameters) continue;
      tables.states(in.channel(k), rows, s, z);
      float by_d = 0;
      const ssm::DplrParts by =
          gradient.take(channel.parts(), tables, rows, in.channel(k), back.channel(k), s, z, t, r, by_d);
      to.d[h + k] += by_d;
      channel.gradient(h + k, by, to);
    }
    if (to.u) out.write(to.u, h, count);
  }
}

}  // namespace mlrun::kernels::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace mlrun::kernels {
namespace {

// Of one product of all chunks with a table [L, 2 P], and of one inside the chunks.
double dplr_state_flops(const Dplr& s, int64_t n, int64_t length) {
  return 4.0 * static_cast<double>(n * length * s.channels * s.poles);
}
double dplr_inside_flops(const Dplr& s, int64_t n, int64_t length) {
  return 1.5 * static_cast<double>(n * length * s.channels * kDplrChunk);
}
double dplr_bytes(const Dplr& s, int64_t n, int64_t length, int arrays) {
  return 4.0 * arrays * static_cast<double>(n * length * s.channels);
}

}  // namespace

HWY_EXPORT(dplr_ssm);
HWY_EXPORT(dplr_ssm_gradient);

void dplr_ssm(const Dplr& system, const float* u, int64_t n, int64_t length, float* y) {
  if (n == 0 || length == 0) return;
  const profile::Scope scope("dplr ssm", "own",
                             4 * dplr_state_flops(system, n, length) + dplr_inside_flops(system, n, length),
                             dplr_bytes(system, n, length, 2));
  HWY_DYNAMIC_DISPATCH(dplr_ssm)(system, u, n, length, y);
}

void dplr_ssm_gradient(const Dplr& system, const float* u, const float* dy, int64_t n, int64_t length,
                       const DplrGradient& to) {
  if (n == 0 || length == 0) return;
  const profile::Scope scope("dplr ssm gradient", "own",
                             11 * dplr_state_flops(system, n, length) + 2 * dplr_inside_flops(system, n, length),
                             dplr_bytes(system, n, length, 3));
  HWY_DYNAMIC_DISPATCH(dplr_ssm_gradient)(system, u, dy, n, length, to);
}

}  // namespace mlrun::kernels
#endif
