#include "kernels/ssm/chunk_decay_walk.hpp"

#include <algorithm>

#include "base/error.hpp"

namespace mlrun::kernels::decay {
namespace {

constexpr int64_t kMostState = 32768;  // numbers: 128 KB, of which a gradient holds three beside some chunks

}  // namespace

std::vector<HeadBlock> head_blocks(const DecayShape& shape) {
  const int64_t each = shape.keys * shape.values, per_group = shape.heads_per_group();
  std::vector<HeadBlock> blocks;
  if (per_group * each <= kMostState) {
    const int64_t most = std::max<int64_t>(1, kMostState / (per_group * each));
    for (int64_t g = 0; g < shape.groups; g += most) {
      const int64_t groups = std::min(most, shape.groups - g);
      blocks.push_back({g, groups, g * per_group, groups * per_group, false});
    }
    return blocks;
  }
  const int64_t most = std::max<int64_t>(1, kMostState / each);
  for (int64_t g = 0; g < shape.groups; ++g) {
    for (int64_t h = 0; h < per_group; h += most)
      blocks.push_back({g, 1, g * per_group + h, std::min(most, per_group - h), h > 0});
  }
  return blocks;
}

double lower_flops(const DecayShape& shape, int64_t of_groups, int64_t of_heads) {
  const int64_t row = of_groups * shape.groups * shape.keys + of_heads * shape.heads * shape.values;
  return static_cast<double>(shape.sequences * shape.length * kChunk * row);  // 2 for each, over half of a chunk
}

Walk::Walk(const DecayShape& shape, const DecayInputs& in, const HeadBlock& heads)
    : shape_(shape), in_(in), heads_(heads), turned_({std::max(shape.keys, shape.values), kChunk}) {
  const Shape factors = {heads.heads, kChunk}, values = {kChunk, heads.heads * shape.values};
  if (in.log_decay) sum_ = Tensor({2 * count_of(factors)}), so_far_ = Tensor(factors), to_end_ = Tensor(factors);
  if (in.weight) weight_ = Tensor(factors), weighted_ = Tensor(values);
  if (in.weight || in.log_decay) at_end_ = Tensor(values);
}

void Walk::go_to(int64_t chunk) {
  first_ = chunk * kChunk;
  block_ = {std::min(kChunk, shape_.length - first_), heads_.heads, shape_.values};
  if (in_.log_decay) {
    decay_sums(block_, rows(in_.log_decay, heads_.head), sum_.data<float>(), so_far_.data<float>(),
               to_end_.data<float>());
  }
  for (int64_t t = 0; in_.weight && t < block_.count; ++t) {
    const float* from = rows(in_.weight, heads_.head).row(t);
    for (int64_t h = 0; h < heads_.heads; ++h) weight_.data<float>()[h * kChunk + t] = from[h];
  }
}

Rows<const float> Walk::weighted_values() {
  if (!in_.weight) return v();
  scale(block_, v(), weight(), nullptr, {weighted_.data<float>(), row()});
  return {weighted_.data<float>(), row()};
}

Rows<const float> Walk::values_at_end() {
  if (!in_.weight && !in_.log_decay) return v();
  scale(block_, v(), weight(), to_end(), {at_end_.data<float>(), row()});
  return {at_end_.data<float>(), row()};
}

int64_t Walk::border(int64_t chunk) const {
  require(chunk >= 0 && chunk + 1 < chunks_of(shape_), "no border after chunk {} of {}", chunk, chunks_of(shape_));
  const int64_t each = shape_.keys * shape_.values;
  return ((sequence_ * (chunks_of(shape_) - 1) + chunk) * shape_.heads + heads_.head) * each;
}

void Walk::scores(float* to) {
  for (int64_t g = 0; g < heads_.groups; ++g, to += block_.count * block_.count) {
    lower_of(q().data + g * shape_.keys, q().stride, k().data + g * shape_.keys, k().stride, block_.count, shape_.keys,
             turned_.data<float>(), to);
  }
}

void Walk::state_to_rows(Rows<const float> x, const float* state, Rows<float> to) const {
  const int64_t values = heads_.heads_per_group() * shape_.values;
  matmul_batched({heads_.groups, shape_.keys, shape_.keys * values, values}, {x.data, x.stride}, {state, values},
                 {to.data, to.stride}, {block_.count, values, shape_.keys});
}

void Walk::rows_to_state(Rows<const float> x, Rows<const float> values, float beta, float* state) const {
  const int64_t width = heads_.heads_per_group() * shape_.values;
  matmul_batched({heads_.groups, shape_.keys, width, shape_.keys * width}, {x.data, x.stride, Transpose::kYes},
                 {values.data, values.stride}, {state, width}, {shape_.keys, width, block_.count}, {.beta = beta});
}

void Walk::rows_to_keys(Rows<const float> values, const float* state, float beta, Rows<float> to) const {
  const int64_t width = heads_.heads_per_group() * shape_.values;
  matmul_batched({heads_.groups, width, shape_.keys * width, shape_.keys}, {values.data, values.stride},
                 {state, width, Transpose::kYes}, {to.data, to.stride}, {block_.count, shape_.keys, width},
                 {.beta = beta});
}

void Walk::scores_times(const float* w, Transpose turned, Rows<const float> values, float beta, Rows<float> to) const {
  const int64_t count = block_.count, each = block_.values;
  for (int64_t h = 0; h < block_.heads; ++h) {
    lower_times(w + h * count * count, turned, count, values.data + h * each, values.stride, each, beta,
                to.data + h * each, to.stride);
  }
}

void Walk::scores_of(Rows<const float> a, Rows<const float> b, float* to) {
  const int64_t count = block_.count, each = block_.values;
  for (int64_t h = 0; h < block_.heads; ++h, to += count * count) {
    lower_of(a.data + h * each, a.stride, b.data + h * each, b.stride, count, each, turned_.data<float>(), to);
  }
}

void Walk::scores_to_keys(const float* w, Transpose turned, Rows<const float> x, float beta, Rows<float> to) const {
  const int64_t count = block_.count, each = shape_.keys;
  for (int64_t g = 0; g < heads_.groups; ++g) {
    lower_times(w + g * count * count, turned, count, x.data + g * each, x.stride, each, beta, to.data + g * each,
                to.stride);
  }
}

}  // namespace mlrun::kernels::decay
