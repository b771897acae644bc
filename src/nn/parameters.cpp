#include "nn/parameters.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "kernels/vector/elementwise.hpp"

namespace mlrun {

const Tensor& Parameter::value() const { return arena_->value(index_); }
const ParameterInfo& Parameter::info() const { return arena_->parameters()[index_]; }

Parameter ParameterArena::declare(ParameterInfo info, Initialiser initialiser) {
  require(!flat_.defined(), "parameter {} declared after the arena was laid out", info.path);
  const auto same = [&](const ParameterInfo& other) { return other.path == info.path; };
  require(std::none_of(infos_.begin(), infos_.end(), same), "two parameters named {}", info.path);
  infos_.push_back(std::move(info));
  initialisers_.push_back(std::move(initialiser));
  return {this, infos_.size() - 1};
}

void ParameterArena::allocate() {
  constexpr int64_t kAlignment = 64 / sizeof(float);
  int64_t offset = 0;
  for (ParameterInfo& info : infos_) {
    info.offset = offset;
    offset += (info.count() + kAlignment - 1) / kAlignment * kAlignment;
  }
  flat_ = Tensor::zeros({offset});
  for (size_t i = 0; i < infos_.size(); ++i) windows_.push_back(window(flat_, i));
}

void ParameterArena::initialise(uint64_t seed) {
  for (size_t i = 0; i < infos_.size(); ++i)
    initialisers_[i](windows_[i], RandomStream(seed, "init/" + infos_[i].path));
  for (size_t i = 0; i < states_.size(); ++i)
    state_initialisers_[i](states_[i].value, RandomStream(seed, "init/" + states_[i].path));
}

void ParameterArena::add_state(StateInfo state, Initialiser initialiser) {
  states_.push_back(std::move(state));
  state_initialisers_.push_back(std::move(initialiser));
}

Statistic ParameterArena::declare_statistic(Shape shape) {
  statistics_.push_back(std::move(shape));
  return Statistic(statistics_.size() - 1);
}

Statistics ParameterArena::statistics() const {
  Statistics zeros;
  for (const Shape& shape : statistics_) zeros.push_back(Tensor::zeros(shape));
  return zeros;
}

Tensor sum_over_lanes(const std::vector<Statistics>& lanes, const Statistic& statistic) {
  return fold_lanes(
      lanes.size(), [&](size_t lane) { return lanes[lane][statistic.index()]; },
      [](const Tensor& left, const Tensor& right) {
        Tensor sum = left.clone();
        kernels::add_to(sum, right);
        return sum;
      });
}

int64_t ParameterArena::parameter_count() const {
  int64_t count = 0;
  for (const ParameterInfo& info : infos_) count += info.count();
  return count;
}

Tensor ParameterArena::window(const Tensor& arena, size_t index) const {
  return arena.window(infos_[index].offset, infos_[index].shape);
}

Parameter Scope::parameter(const std::string& name, Shape shape, const std::string& axes, ParameterKind kind,
                           Initialiser initialiser, std::vector<Range> trained) const {
  if (frozen_) trained = {{0, 0}};
  return arena_->declare({join(name), std::move(shape), axes, kind, 0, std::move(trained), 0, added_},
                         std::move(initialiser));
}

Parameter Scope::state_space(const std::string& name, Shape shape, const std::string& axes, Initialiser initialiser,
                             double lr) const {
  const std::vector<Range> trained = frozen_ ? std::vector<Range>{{0, 0}} : std::vector<Range>{};
  return arena_->declare({join(name), std::move(shape), axes, ParameterKind::kStateSpace, 0, trained, lr, added_},
                         std::move(initialiser));
}

Scope Scope::frozen(const std::string& name, uint64_t seed) const {
  Scope inside = *this / name;
  inside.seed_ = seed;
  inside.outside_ = inside.path_.size() + 1;
  inside.frozen_ = true;
  return inside;
}

Scope Scope::untrained() const {
  Scope here = *this;
  here.frozen_ = true;
  return here;
}

Scope Scope::added() const {
  Scope here = *this;
  here.added_ = true;
  return here;
}

Tensor Scope::state(const std::string& name, Shape shape, const std::string& axes, StateKind kind,
                    Initialiser initialiser) const {
  Tensor value = Tensor::zeros(std::move(shape));
  arena_->add_state({join(name), axes, kind, value}, std::move(initialiser));
  return value;
}

}  // namespace mlrun
