// An MLP of one hidden layer, with or without a gate, and what it is made of for others that have several.
#pragma once

#include <string>

#include "models/sequence/mlp.hpp"
#include "nn/linear.hpp"

namespace mlrun {

class DenseMlp : public Mlp {
 public:
  // kGelu, kSwiglu, kGeglu or kRelu2.
  DenseMlp(MlpKind kind, int64_t width, int64_t hidden, const Scope& scope);
  Variable operator()(Pass& pass, const Variable& x) const override;
  // The same of any number of rows [rows, width], by the kernels of steps (Linear::of_rows).
  Variable of_rows(Pass& pass, const Variable& x) const;
  std::unique_ptr<MlpSteps> steps() const override;
  Layout layout() const override;
  // What it makes of x, in a formula; its tensors are below `place`.
  std::string formula(const std::string& place) const;
  int64_t parameters() const;

  struct Packed {
    PackedLinear up, down;
  };
  Packed packed() const { return {up_.packed(), down_.packed()}; }
  Tensor rows(const Packed& packed, const Tensor& x) const;  // [rows, width] -> the same

 private:
  bool gated() const { return kind_ == MlpKind::kSwiglu || kind_ == MlpKind::kGeglu; }
  Variable activated(const Variable& h) const;
  MlpKind kind_;
  int64_t width_, hidden_;
  Linear up_, down_;
};

}  // namespace mlrun
