#include "nn/parameters.hpp"

#include <algorithm>

#include "base/error.hpp"

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
  return arena_->declare({join(name), std::move(shape), axes, kind, 0, std::move(trained)}, std::move(initialiser));
}

}  // namespace mlrun
