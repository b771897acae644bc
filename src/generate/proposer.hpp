// What proposes the next symbols of a sequence for speculative sampling (generate/speculative.hpp).
#pragma once

#include <cstdint>
#include <vector>

#include "generate/cursor.hpp"

namespace mlrun {

// In a look: a stepper goes back as far (Stepper::rewind).
inline constexpr int64_t kMostProposed = 200;

class Proposer {
 public:
  virtual ~Proposer() = default;
  // Stands behind these symbols, which are certain; the model has not seen the last `unseen` of them. How many it can
  // propose from here.
  virtual int64_t stand_behind(const std::vector<int32_t>& sample, int64_t unseen) = 0;
  virtual void logits(float* out) = 0;     // of the next symbol, once
  virtual void go_on(int32_t symbol) = 0;  // behind one that it proposed
};

// A cursor and the symbols that it has seen, which goes back to where they turn out not to be the sample's.
class Follower {
 public:
  explicit Follower(Cursor& cursor) : cursor_(cursor) {}

  // What it has seen is part of the sample from here on.
  void mark();
  // The symbols of the sample that it has not seen. What it saw of them since the mark is not gone over again.
  std::vector<int32_t> missing(const std::vector<int32_t>& sample);
  // Goes over symbols: `out`, where it is not null, takes the logits after each of them.
  void go(const std::vector<int32_t>& symbols, float* out);
  void logits(float* out) { cursor_.logits(out); }

 private:
  Cursor& cursor_;
  std::vector<int32_t> seen_;
  size_t marked_ = 0;
};

// Another model, whose cursor stands before the first position of one sequence.
class DraftModel : public Proposer {
 public:
  explicit DraftModel(Cursor& cursor) : follower_(cursor) {}
  int64_t stand_behind(const std::vector<int32_t>& sample, int64_t unseen) override;
  void logits(float* out) override { follower_.logits(out); }
  void go_on(int32_t symbol) override { follower_.go({symbol}, nullptr); }

 private:
  Follower follower_;
};

// The heads of the model itself (Stepper::head_logits), from the last place that it has seen. What they propose depends on
// where that is; so of more than two symbols a sample is a function of how many are proposed at a time, too.
class OwnHeads : public Proposer {
 public:
  OwnHeads(Cursor& cursor, int64_t heads) : cursor_(cursor), heads_(heads) {}
  int64_t stand_behind(const std::vector<int32_t>& sample, int64_t unseen) override;
  void logits(float* out) override { cursor_.head_logits(k_, symbol_, out); }
  void go_on(int32_t symbol) override { ++k_, symbol_ = symbol; }

 private:
  Cursor& cursor_;
  int64_t heads_, k_ = 1;
  int32_t symbol_ = 0;  // before the one that head k_ predicts
};

}  // namespace mlrun
