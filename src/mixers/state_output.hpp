// What follows a multi-input, multi-output state-space layer inside its mixer: y -> width channels.
#pragma once

#include <string>

#include "config/reader.hpp"
#include "nn/layout.hpp"
#include "nn/linear.hpp"

namespace mlrun {

enum class OutputKind : uint8_t {
  kNone,     // y
  kGelu,     // gelu(y)
  kHalfGlu,  // g sigmoid(W g + b), g = gelu(y): Smith, Warrington & Linderman 2023, appendix G
  kGlu       // a sigmoid(b), (a, b) = W gelu(y) + bias: Orvieto et al. 2023
};
OutputKind read_output_kind(config::Reader& reader, const std::string& fallback);  // key `output`

class StateOutput {
 public:
  StateOutput() = default;
  StateOutput(OutputKind kind, int64_t width, const Scope& scope);
  Variable operator()(Pass& pass, const Variable& y) const;

  struct Packed {
    OutputKind kind = OutputKind::kNone;
    PackedLinear gate;
    void operator()(float* y, int64_t count, int64_t width) const;  // [count, width], in place
  };
  Packed packed() const;
  Layout layout() const;  // of y, what comes before it

 private:
  OutputKind kind_ = OutputKind::kNone;
  Linear gate_;
};

}  // namespace mlrun
