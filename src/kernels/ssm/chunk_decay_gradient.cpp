#include "kernels/profile.hpp"
#include "kernels/ssm/chunk_decay.hpp"
#include "kernels/ssm/chunk_decay_walk.hpp"

namespace mlrun::kernels {
namespace {

using decay::HeadBlock;
using decay::kChunk;
using decay::Walk;

class Gradient {
 public:
  Gradient(const DecayShape& shape, const DecayInputs& in, const HeadBlock& heads)
      : shape_(shape),
        heads_(heads),
        walk_(shape, in, heads),
        scores_({heads.groups, kChunk, kChunk}),
        d_scores_(scores_.shape()),
        w_({heads.heads, kChunk, kChunk}),
        d_w_(w_.shape()),
        d_state_({heads.heads, shape.keys, shape.values}),
        dx_({kChunk, heads.heads * shape.values}),
        decayed_(dx_.shape()),
        d_weight_({heads.heads, kChunk}),
        change_(d_weight_.shape()),
        dots_({heads.heads}) {}

  void sequence(int64_t i, const SequenceRows<const float>& y, const SequenceRows<const float>& dy,
                const float* borders, const DecayGradients& to) {
    walk_.start(i);
    const int64_t chunks = decay::chunks_of(shape_);
    for (int64_t c = chunks - 1; c >= 0; --c) chunk(c, c + 1 == chunks, y, dy, borders, to);
  }

 private:
  void chunk(int64_t c, bool last, const SequenceRows<const float>& ys, const SequenceRows<const float>& dys,
             const float* borders, const DecayGradients& to) {
    walk_.go_to(c);
    const decay::Block& block = walk_.block();
    const int64_t per_group = heads_.heads_per_group(), channel = heads_.head * shape_.values;
    const Rows<const float> y = walk_.rows(ys, channel), dy = walk_.rows(dys, channel);
    const Rows<float> dq = walk_.rows(to.q, heads_.group * shape_.keys),
                      dk = walk_.rows(to.k, heads_.group * shape_.keys);
    float *w = w_.data<float>(), *d_w = d_w_.data<float>(), *d_scores = d_scores_.data<float>(),
          *d_state = d_state_.data<float>();
    const Rows<float> dx = {dx_.data<float>(), walk_.row()};
    const float beta = heads_.continues ? 1.0f : 0.0f;

    walk_.scores(scores_.data<float>());
    walk_.scores_of(dy, walk_.weighted_values(), d_w);
    mask_scores_gradient(block, per_group, walk_.sum(), scores_.data<float>(), d_w, w, d_scores);
    if (!last) {  // what the state hands on
      walk_.state_to_rows(walk_.k(), d_state, dx);
      if (walk_.to_end()) scale(block, {dx.data, dx.stride}, walk_.to_end(), nullptr, dx);
      walk_.rows_to_keys(walk_.values_at_end(), d_state, beta, dk);
      state_dots(block, per_group, shape_.keys, d_state, borders + walk_.border(c), dots_.data<float>());
    } else {
      dots_.fill(0);
    }
    walk_.scores_times(w, Transpose::kYes, dy, last ? 0.0f : 1.0f, dx);
    walk_.scores_to_keys(d_scores, Transpose::kYes, walk_.q(), last ? beta : 1.0f, dk);
    if (c > 0) {  // what the state brought
      Rows<const float> decayed = dy;
      if (walk_.so_far()) {
        scale(block, dy, walk_.so_far(), nullptr, {decayed_.data<float>(), walk_.row()});
        decayed = {decayed_.data<float>(), walk_.row()};
      }
      walk_.rows_to_keys(decayed, borders + walk_.border(c - 1), beta, dq);
      if (!last && walk_.so_far()) scale_state(block, per_group, shape_.keys, walk_.so_far(), d_state, d_state);
      walk_.rows_to_state(walk_.q(), decayed, last ? 0.0f : 1.0f, d_state);
    }
    walk_.scores_to_keys(d_scores, Transpose::kNo, walk_.k(), c > 0 ? 1.0f : beta, dq);
    finish_gradient(block, {.v = walk_.v(),
                            .y = y,
                            .dy = dy,
                            .dx = {dx.data, dx.stride},
                            .weight = walk_.weight(),
                            .skip = walk_.skip(),
                            .dv = walk_.rows(to.v, channel),
                            .d_weight = d_weight_.data<float>(),
                            .change = change_.data<float>(),
                            .d_skip = to.skip ? to.skip + heads_.head : nullptr});
    write_decays(to);
  }

  // d weight and d log a, from heads to rows.
  void write_decays(const DecayGradients& to) {
    for (int64_t h = 0; h < heads_.heads; ++h) {
      double sum = static_cast<double>(dots_.data<float>()[h]);
      for (int64_t t = walk_.block().count - 1; t >= 0; --t) {
        sum += static_cast<double>(change_.data<float>()[h * kChunk + t]);
        if (to.log_decay) walk_.rows(to.log_decay, heads_.head).row(t)[h] = static_cast<float>(sum);
        if (to.weight) walk_.rows(to.weight, heads_.head).row(t)[h] = d_weight_.data<float>()[h * kChunk + t];
      }
    }
  }

  DecayShape shape_;
  HeadBlock heads_;
  Walk walk_;
  Tensor scores_, d_scores_, w_, d_w_, d_state_, dx_, decayed_, d_weight_, change_, dots_;
};

}  // namespace

void chunk_decay_gradient(const DecayShape& shape, const DecayInputs& in, SequenceRows<const float> y,
                          SequenceRows<const float> dy, const float* borders, const DecayGradients& to) {
  const profile::Scope scope("decay chunks gradient", "own", decay::lower_flops(shape, 3, 2),
                             8.0 * static_cast<double>(shape.border_count()));
  for (const HeadBlock& heads : decay::head_blocks(shape)) {
    Gradient gradient(shape, in, heads);
    for (int64_t i = 0; i < shape.sequences; ++i) gradient.sequence(i, y, dy, borders, to);
  }
}

}  // namespace mlrun::kernels
