#include "kernels/ssm/chunk_decay.hpp"

#include "base/error.hpp"
#include "kernels/profile.hpp"
#include "kernels/ssm/chunk_decay_walk.hpp"

namespace mlrun::kernels {
namespace {

using decay::HeadBlock;
using decay::kChunk;
using decay::Walk;

void check(const DecayShape& s) {
  require(s.length > 0 && s.groups > 0 && s.keys > 0 && s.values > 0 && s.heads % s.groups == 0,
          "{} positions, {} heads of {} x {} in {} groups", s.length, s.heads, s.keys, s.values, s.groups);
}

void forward(Walk& walk, const HeadBlock& heads, int64_t keys, int64_t chunks, const SequenceRows<float>& to,
             int64_t channel, float* borders, float* scores, float* w, float* own_state) {
  const float* before = nullptr;
  for (int64_t c = 0; c < chunks; ++c) {
    walk.go_to(c);
    const decay::Block& block = walk.block();
    const Rows<float> y = walk.rows(to, channel);
    walk.scores(scores);
    mask_scores(block, heads.heads_per_group(), walk.sum(), scores, w);
    if (before) {
      walk.state_to_rows(walk.q(), before, y);
      if (walk.so_far() || walk.skip()) scale_and_skip(block, walk.so_far(), walk.skip(), walk.v(), y);
    } else if (walk.skip()) {
      skip_values(block, walk.skip(), walk.v(), y);
    }
    walk.scores_times(w, Transpose::kNo, walk.weighted_values(), before || walk.skip() ? 1.0f : 0.0f, y);
    if (c + 1 == chunks) continue;
    float* after = borders ? borders + walk.border(c) : own_state;
    if (before) scale_state(block, heads.heads_per_group(), keys, walk.so_far(), before, after);
    walk.rows_to_state(walk.k(), walk.values_at_end(), before ? 1.0f : 0.0f, after);
    before = after;
  }
}

}  // namespace

int64_t DecayShape::border_count() const { return sequences * (decay::chunks_of(*this) - 1) * heads * keys * values; }

void chunk_decay(const DecayShape& shape, const DecayInputs& in, SequenceRows<float> y, float* borders) {
  check(shape);
  const profile::Scope scope("decay chunks", "own", decay::lower_flops(shape, 1, 1),
                             4.0 * static_cast<double>(shape.border_count()));
  for (const HeadBlock& heads : decay::head_blocks(shape)) {
    Walk walk(shape, in, heads);
    Tensor scores({heads.groups, kChunk, kChunk}), w({heads.heads, kChunk, kChunk}), state;
    if (!borders) state = Tensor({heads.heads, shape.keys, shape.values});
    for (int64_t i = 0; i < shape.sequences; ++i) {
      walk.start(i);
      forward(walk, heads, shape.keys, decay::chunks_of(shape), y, heads.head * shape.values, borders,
              scores.data<float>(), w.data<float>(), borders ? nullptr : state.data<float>());
    }
  }
}

}  // namespace mlrun::kernels
