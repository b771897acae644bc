// How attention knows where positions are: an embedding of its queries and keys, or a term of its scores that depends
// on the distance of two positions. Attention itself (mixers/attention.cpp) knows none of them by name.
//
// Like a mixer, each has a parallel form and one of steps, and tests/mixers/battery.cpp holds them together.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/registry.hpp"
#include "mixers/mixer.hpp"
#include "nn/pass.hpp"
#include "ops/attention/attention.hpp"

namespace mlrun {

// The attention that positions are for.
struct AttentionLayout {
  int64_t heads = 1, groups = 1, size = 1;  // `size` numbers of a head's queries and keys
  MixerShape shape;
  int64_t width() const { return heads * size; }
};

// Queries and keys as attention multiplies them, and what it adds by distance.
struct AttentionTerms {
  Variable q, k;  // [n, length, heads * size] and [n, length, groups * size]
  ops::AttentionDistances distances;
};

// The tables by distance that a stepper has so far: of distances 0 .. the position, one row after the other.
struct DistanceTables {
  std::vector<float> bias;           // [distance, heads]
  std::vector<float> keys, queries;  // [distance, heads * size]
};

// `length` positions of `count` sequences, from `position` on.
struct PositionStretch {
  int64_t position = 0, length = 0, count = 0;
  float *q = nullptr, *k = nullptr;  // [length, count, heads * size] and [length, count, groups * size]
  float* position_q = nullptr;       // to be filled where uses_position_q(): as q
  DistanceTables* tables = nullptr;  // to which the row of each position's distance is added, where there are tables
};

// Weights arranged for stepping, valid while the positions and their parameters are.
class PositionSteps {
 public:
  virtual ~PositionSteps() = default;
  virtual void extend(const PositionStretch& stretch) const = 0;
  virtual bool uses_position_q() const { return false; }  // where there are tables of keys
};

class AttentionPositions {
 public:
  virtual ~AttentionPositions() = default;
  virtual void enter(Pass& pass, AttentionTerms& terms) const = 0;
  virtual std::unique_ptr<PositionSteps> steps() const = 0;
  // False where positions beyond those of training have no meaning.
  virtual bool any_length() const { return true; }
  // How many products a score is the sum of: it is divided by sqrt(products * size).
  virtual int64_t products() const { return 1; }
  // What a reader elsewhere does to q and k or adds to a score (nn/layout.hpp).
  virtual Layout layout() const = 0;
};

using AttentionPositionRegistry = config::Registry<AttentionPositions, const AttentionLayout&, const Scope&>;
AttentionPositionRegistry& attention_position_kinds();
template <class T>
bool register_attention_positions(const std::string& name, const std::string& summary) {
  return attention_position_kinds().add<T>(name, summary);
}

// Row d of the result is row index[d] of the table [rows, width], for a table of [distance, width].
Variable rows_by_distance(const Variable& table, const std::vector<int64_t>& index);

}  // namespace mlrun
