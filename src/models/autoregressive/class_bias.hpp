// How a class is told to a network of convolutions.
#pragma once

#include "nn/pass.hpp"

namespace mlrun {

// A bias per class and channel, 0 at first: what a class adds to a layer's sums (van den Oord et al. 2016, eq. 4).
class ClassBias {
 public:
  ClassBias() = default;  // none
  ClassBias(const Scope& scope, int64_t classes, int64_t channels);
  bool defined() const { return defined_; }
  // x [n, height, width, channels] plus the bias of each image's label [n].
  Variable operator()(Pass& pass, const Variable& x, const Tensor& labels) const;
  // The same for one pixel, or `pixels` of a row, of images [pixels, count, channels], in place.
  void add_to(float* x, int64_t pixels, int64_t count, const int32_t* labels) const;

 private:
  bool defined_ = false;
  Parameter table_;
};

}  // namespace mlrun
