// A normalization layer over the channels of every position, with its parameters; or none.
#pragma once

#include <string>

#include "nn/layout.hpp"
#include "nn/pass.hpp"

namespace mlrun {

enum class NormKind : uint8_t {
  kNone,
  kLayer,  // layer normalization (Ba et al. 2016)
  kRms,    // root mean square (Zhang & Sennrich 2019)
};

class Norm {
 public:
  Norm() = default;  // none
  // Declares `gain` [width], and `bias` [width] for kLayer.
  Norm(const Scope& scope, NormKind kind, int64_t width);
  Variable operator()(Pass& pass, const Variable& x) const;  // [..., width]
  Tensor rows(const Tensor& x) const;                        // the same for stepping, with the weights as they are now
  Layout layout(const std::string& name) const;              // what `name`(x) is, and its tensors

 private:
  NormKind kind_ = NormKind::kNone;
  Parameter gain_, bias_;
};

}  // namespace mlrun
