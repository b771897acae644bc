// A mixer: the part of a sequence model's block that carries something from one position to the next. Everything else
// in a block (norms, MLPs) looks at one position at a time.
//
// Like models, mixers have two views that must agree: the parallel view of all positions (convolution, scan, chunks)
// and the recurrent form, from a state to the next, over one position or a stretch of them.
// tests/mixers/battery.cpp holds every registered mixer to it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "config/registry.hpp"
#include "nn/layout.hpp"
#include "nn/pass.hpp"

namespace mlrun {

// Where a pixel of an image is.
struct GridPlace {
  int64_t row = 0, column = 0;
};

// The sequences that a mixer is made for.
struct MixerShape {
  int64_t in = 0;      // channels of its input; other than `width` only for mixers that say they take it
  int64_t width = 0;   // channels of its result
  int64_t length = 0;  // positions in training: sets time scales and table sizes; see Mixer::any_length
  std::vector<GridPlace> places = {};  // of an image's pixels, in the order they come; empty: no image
};

// A recurrent form under way, for a number of sequences that go side by side. Begins before the first position.
class MixerStepper {
 public:
  virtual ~MixerStepper() = default;
  // The next `length` positions: x [length, count, in] -> y [length, count, width]; y may be x. A sequence's numbers
  // depend neither on how many go with it nor on how its positions are cut into stretches, to the bit: what looks at
  // one position is one product for all rows of the stretch, in an order of sums that rows do not decide, and what
  // carries the state goes from position to position.
  virtual void extend(const float* x, int64_t length, float* y) = 0;
  // The next position: [count, in] -> [count, width].
  void step(const float* x, float* y) { extend(x, 1, y); }
  // Remembers the state. rewind(kept) comes back to where it was `kept` positions later, as often as wanted, and goes over
  // none of them again; kPositionsKept at most.
  virtual void mark();
  virtual void rewind(int64_t kept = 0);

 protected:
  // All that the next position depends on, beside the weights and t_.
  virtual std::vector<Tensor> state() = 0;
  int64_t t_ = 0;  // the next position, of steppers that count them

  // For a way back to positions behind the mark, extend() says one of two things. Where the state is small: passed(),
  // after each position, when the state is that of the next one.
  void passed();
  // Where it is large beside the rows that it is advanced by: changed_by(rows), each [length * count, width], and
  // advance() does that alone, with what was said of `positions` positions.
  struct Rows {
    const float* data = nullptr;
    int64_t width = 0;  // of a position: count * width
  };
  void changed_by(int64_t length, const std::vector<Rows>& rows);
  virtual void advance(const std::vector<Rows>& rows, int64_t positions);

 private:
  bool has_mark_ = false;
  int64_t since_ = 0;  // positions since the mark, of which something is kept
  int64_t marked_t_ = 0;
  std::vector<std::vector<Tensor>> states_;  // at the mark, and after each position since
  std::vector<std::vector<float>> rows_;     // that the state was changed by since the mark
};

inline constexpr int64_t kPositionsKept = 256;

// A room of rows for a stretch, kept from one to the next while the number of rows is the same.
inline void fit_rows(Tensor& x, int64_t rows) {
  if (x.dim(0) != rows) x = Tensor({rows, x.dim(1)});
}

// Weights arranged for stepping, made once and shared by steppers in any lane; valid while the mixer and its parameters
// are, and are not changed.
class MixerSteps {
 public:
  virtual ~MixerSteps() = default;
  virtual std::unique_ptr<MixerStepper> begin(int64_t count) const = 0;
  // How many sequences one stepper should carry so that what it keeps of them stays in the caches; 0: as many as there
  // are.
  virtual int64_t sequences_at_once() const { return 0; }
};

class Mixer {
 public:
  // Known before the mixer is built: of how many sequences a lane of a training step should be (Model::Facts). Few
  // where the work is per sequence: at batch 16, eight lanes cost lstm and gru 2 to 6% over two, on one thread. More
  // where each pass first makes tables that all its sequences share (s4: half as much again) or reads its memory's
  // matrices again at every position (hippo: twice).
  struct Facts {
    int64_t sequences_per_lane = 1;
  };
  virtual ~Mixer() = default;
  // Parallel view: x [n, length, in] -> [n, length, width]; position t of the result sees positions 0 .. t of x.
  virtual Variable operator()(Pass& pass, const Variable& x) const = 0;
  virtual std::unique_ptr<MixerSteps> steps() const = 0;
  // How many sequences one pass should hold so that what it keeps stays in the caches; 0: as many as there are.
  virtual int64_t sequences_at_once() const { return 0; }
  // Whether both views take sequences that are longer than those of training (MixerShape::length).
  virtual bool any_length() const { return true; }
  // How a reader elsewhere computes y, the mixer's result, from u, its input of all positions (nn/layout.hpp).
  virtual Layout layout() const { return {}; }
};

// The steps of a mixer whose weights are arranged once: T is the stepper, made from (weights, count).
template <class Weights, class T>
class PackedMixerSteps : public MixerSteps {
 public:
  explicit PackedMixerSteps(Weights weights, int64_t sequences_at_once = 0)
      : weights_(std::move(weights)), sequences_at_once_(sequences_at_once) {}
  std::unique_ptr<MixerStepper> begin(int64_t count) const override { return std::make_unique<T>(weights_, count); }
  int64_t sequences_at_once() const override { return sequences_at_once_; }

 private:
  Weights weights_;
  int64_t sequences_at_once_;
};

// Error(kUsage) where the input's channels are not the mixer's width.
void require_equal_width(const MixerShape& shape, const std::string& kind);

using MixerRegistry = config::Registry<Mixer, const MixerShape&, const Scope&>;
MixerRegistry& mixer_kinds();
template <class T>
bool register_mixer(const std::string& name, const std::string& summary) {
  return mixer_kinds().add<T>(name, summary);
}

}  // namespace mlrun
