// Parameters: named windows into one flat float32 arena.
//
// A parameter's path ("hidden_1/weight") is its path in the checkpoint. Lane gradients, optimizer moments and averaged
// weights are arenas of the same layout, so folding, clipping, updating and saving are passes over flat memory.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/lanes.hpp"
#include "base/random.hpp"
#include "tensor/tensor.hpp"

namespace mlrun {

// Decides weight decay: weights and embeddings only, as is usual. kStateSpace: what a continuous-time system is made of
// (poles, time steps).
enum class ParameterKind { kWeight, kBias, kNorm, kEmbedding, kStateSpace };

using Initialiser = std::function<void(Tensor& value, const RandomStream& noise)>;

struct ParameterInfo {
  std::string path;
  Shape shape;
  std::string axes;  // "out,in": names of the axes, an attribute in the checkpoint
  ParameterKind kind = ParameterKind::kWeight;
  int64_t offset = 0;  // of the first number, in the arena
  // Of its flattened numbers, those that are trained, in order; empty: all. The rest (what a mask forbids) is 0 at
  // first (of a frozen model: what it learned in its run), has gradient 0, and is passed over by the optimizer.
  std::vector<Range> trained;
  double lr = 0;  // a learning rate of its own, which follows the schedule as all do; 0: the optimizer's
  // Weights of a model that differs in nothing else begin a run without it: it then has its initial value.
  bool added = false;
  int64_t count() const { return count_of(shape); }
};

class ParameterArena;

// A handle; valid as long as its arena.
class Parameter {
 public:
  Parameter() = default;
  const Tensor& value() const;  // a window into the arena
  const ParameterInfo& info() const;
  size_t index() const { return index_; }

 private:
  friend class ParameterArena;
  Parameter(const ParameterArena* arena, size_t index) : arena_(arena), index_(index) {}
  const ParameterArena* arena_ = nullptr;
  size_t index_ = 0;
};

// Of weights: they mean nothing with another value (an order, degrees), so weights of another model must come with the
// same. Of evaluation: any weights may be evaluated with any value (the orders of a model that knows all of them).
enum class BufferKind : uint8_t { kOfWeights, kOfEvaluation };

// A part of the model that is fixed when it is built: in the checkpoint for the reader, not trained.
struct BufferInfo {
  std::string path;
  Tensor value;
  BufferKind kind = BufferKind::kOfWeights;
};

// Evaluated: the model computes with it outside of training too, so where weights are evaluated by their moving
// average, so is this. Bookkeeping: only training reads it.
enum class StateKind : uint8_t { kEvaluated, kBookkeeping };

// What a model learns otherwise than by gradients (a codebook that follows the vectors it stands for): f32, in the
// checkpoint beside the parameters, and changed by Model::initialise_from and Model::after_step alone.
struct StateInfo {
  std::string path;
  std::string axes;
  StateKind kind = StateKind::kBookkeeping;
  Tensor value;
};

// A handle of numbers that every lane gathers during a training step, for Model::after_step.
class Statistic {
 public:
  size_t index() const { return index_; }

 private:
  friend class ParameterArena;
  explicit Statistic(size_t index) : index_(index) {}
  size_t index_;
};
using Statistics = std::vector<Tensor>;  // of one lane, f32: one tensor for each Statistic, zero when a step begins
// The sum of what the lanes gathered, by the tree of base/lanes.hpp. Not to be written to: of one lane it is the
// lane's.
Tensor sum_over_lanes(const std::vector<Statistics>& lanes, const Statistic& statistic);

class ParameterArena {
 public:
  ParameterArena() = default;
  ParameterArena(const ParameterArena&) = delete;
  ParameterArena& operator=(const ParameterArena&) = delete;

  Parameter declare(ParameterInfo info, Initialiser initialiser);  // while the model is being built
  void add_buffer(BufferInfo buffer) { buffers_.push_back(std::move(buffer)); }
  void add_state(StateInfo state, Initialiser initialiser);  // keep a handle of its value
  Statistic declare_statistic(Shape shape);
  // Once, when the model is built: lays the arena out (each parameter starts on a 64-byte boundary; gaps are 0).
  void allocate();
  // Draws initial values (of states too); each parameter from a stream named by its path, so that adding one leaves the
  // others alone.
  void initialise(uint64_t seed);

  const std::vector<ParameterInfo>& parameters() const { return infos_; }
  const std::vector<BufferInfo>& buffers() const { return buffers_; }
  const std::vector<StateInfo>& states() const { return states_; }
  Statistics statistics() const;    // zeros
  int64_t parameter_count() const;  // without the gaps
  Tensor& flat() { return flat_; }
  const Tensor& flat() const { return flat_; }
  Tensor like() const { return Tensor::zeros(flat_.shape()); }  // an arena of the same layout
  const Tensor& value(size_t index) const { return windows_[index]; }
  Tensor window(const Tensor& arena, size_t index) const;  // that parameter's place in an arena of this layout

 private:
  std::vector<ParameterInfo> infos_;
  std::vector<Initialiser> initialisers_;
  std::vector<BufferInfo> buffers_;
  std::vector<StateInfo> states_;
  std::vector<Initialiser> state_initialisers_;
  std::vector<Shape> statistics_;
  std::vector<Tensor> windows_;
  Tensor flat_;
};

// A name path under which a layer declares what it owns.
class Scope {
 public:
  Scope(ParameterArena& arena, uint64_t seed, std::string path = "")
      : arena_(&arena), seed_(seed), path_(std::move(path)) {}
  Scope operator/(const std::string& name) const {
    Scope below = *this;
    below.path_ = join(name);
    return below;
  }
  Parameter parameter(const std::string& name, Shape shape, const std::string& axes, ParameterKind kind,
                      Initialiser initialiser, std::vector<Range> trained = {}) const;
  // The same, of kStateSpace and with a learning rate of its own (0: the optimizer's).
  Parameter state_space(const std::string& name, Shape shape, const std::string& axes, Initialiser initialiser,
                        double lr) const;
  void buffer(const std::string& name, Tensor value, BufferKind kind = BufferKind::kOfWeights) const {
    arena_->add_buffer({join(name), std::move(value), kind});
  }
  Tensor state(const std::string& name, Shape shape, const std::string& axes, StateKind kind,
               Initialiser initialiser) const;
  Statistic statistic(Shape shape) const { return arena_->declare_statistic(std::move(shape)); }
  // For choices the model makes when it is built (orders, degrees): a stream named by the path.
  RandomStream random(const std::string& purpose) const { return {seed_, "build/" + join(purpose).substr(outside_)}; }
  // The place of a trained model inside another one: it makes the choices that it made in its own run, with the seed of
  // that, and its parameters are not trained (ParameterInfo::trained is one empty range).
  Scope frozen(const std::string& name, uint64_t seed) const;
  // The same place, where parameters are not trained, or are added (ParameterInfo).
  Scope untrained() const;
  Scope added() const;

 private:
  std::string join(const std::string& name) const { return path_.empty() ? name : path_ + "/" + name; }
  ParameterArena* arena_;
  uint64_t seed_;
  std::string path_;
  size_t outside_ = 0;  // characters of the path that lead to a frozen model, and name none of its streams
  bool frozen_ = false, added_ = false;
};

}  // namespace mlrun
