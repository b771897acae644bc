// What the mixers of Hua et al. 2022 (section 3.1) have in common: a gate and values for every position, and a few
// numbers of which its queries and keys are made by nothing more than a gain and an offset:
//
//   u = silu(W_u x + b_u),   v = silu(W_v x + b_v),   z = silu(W_z x + b_z)
//   a query or a key = r(gain z + offset)                       (r turns by the position, where there is `rope`)
//   result = W_out (u * what a position takes from the values it sees) + b_out
#pragma once

#include <string>

#include "config/reader.hpp"
#include "mixers/mixer.hpp"
#include "mixers/rotary_table.hpp"
#include "nn/linear.hpp"

namespace mlrun {

struct GatedUnitOptions {
  explicit GatedUnitOptions(config::Reader& reader);
  int64_t size, expand;
  bool rope;
};

// A gain and an offset of each number of z.
class ScaledRows {
 public:
  ScaledRows() = default;
  ScaledRows(const Scope& scope, const std::string& name, int64_t size);
  Variable operator()(Pass& pass, const Variable& z) const;
  // y [rows, size] of z [rows, size].
  void rows(const Tensor& z, Tensor& y) const;

 private:
  Parameter gain_, offset_;
};

// Its weights arranged for stepping.
struct PackedGatedUnit {
  PackedLinear u, v, z, out;
};

// What one stretch of positions gives: rows of [length * count, ..].
struct GatedRows {
  GatedRows(const PackedGatedUnit& packed, int64_t count);
  void fill(const PackedGatedUnit& packed, const float* x, int64_t rows);
  Tensor u, v, z;
};

class GatedUnit {
 public:
  GatedUnit(const GatedUnitOptions& options, const MixerShape& shape, const Scope& scope);
  int64_t inner() const { return inner_; }  // channels of u and v
  Variable values(Pass& pass, const Variable& x) const;
  Variable shared(Pass& pass, const Variable& x) const;                        // z
  Variable result(Pass& pass, const Variable& x, const Variable& seen) const;  // W_out (u * seen) + b_out
  PackedGatedUnit packed() const { return {u_.packed(), v_.packed(), z_.packed(), out_.packed()}; }
  // The lines of g (the gate), v and z, and those of `kinds` (queries and keys, each with a gain and an offset).
  Layout layout(const std::vector<std::string>& kinds, bool rope) const;

 private:
  int64_t inner_;
  Linear u_, v_, z_, out_;
};

// sum over s <= t of relu(scale q_t . k_s)^2 v_s / (t + 1): q, k [n, length, size], v [n, length, inner]. Holds the square
// of the scores of each of the n.
Variable squared_relu_attention(const Variable& q, const Variable& k, const Variable& v, float scale);

inline constexpr int64_t kGatedSequencesAtOnce = 4;  // of a stepper, as in attention

}  // namespace mlrun
