// Heads of a sequence model that predict further on than the next symbol, so that it drafts for itself (speculative
// sampling, generate/proposer.hpp). From the stream h_t, by which the model predicts symbol t, head k predicts symbol
// t + k. What is drawn follows the model's own law, whatever the heads say.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/registry.hpp"
#include "nn/layout.hpp"
#include "nn/pass.hpp"

namespace mlrun {

struct DraftHeadShape {
  int64_t width = 0, alphabet = 0;
  int64_t out = 0;  // numbers of a prediction: 1 (log-odds) for an alphabet of 2, else the alphabet
};

// Weights arranged for proposals, one at a time.
class DraftHeadSteps {
 public:
  virtual ~DraftHeadSteps() = default;
  virtual double products() const = 0;  // of a proposal
  // What head k says, from 1 on in turn: out [shape.out]. h [width] is the stream for the first of them, and becomes what
  // the next one needs. `symbol` is the one before that which head k predicts.
  virtual void operator()(int64_t k, int32_t symbol, float* h, float* out) const = 0;
};

class DraftHeads {
 public:
  // Known before they are built.
  struct Facts {
    int64_t count = 0;    // none: the model has no heads
    double weight = 0;    // of the mean of their NLLs beside that of the model
    bool frozen = false;  // the rest of the model stays as it is
  };
  virtual ~DraftHeads() = default;
  // h [n, length, width], symbols s32 [n, length] -> for each head k = 1 .. count: [n, length - k, out], about the symbols
  // k .. length - 1. The length is above the count.
  virtual std::vector<Variable> operator()(Pass& pass, const Variable& h, const Tensor& symbols) const = 0;
  virtual std::unique_ptr<DraftHeadSteps> steps() const = 0;
  virtual Layout layout() const = 0;  // from h to the predictions
};

// The keys that all heads have.
struct DraftHeadOptions {
  explicit DraftHeadOptions(config::Reader& reader);
  DraftHeads::Facts facts;
};

using DraftHeadRegistry = config::Registry<DraftHeads, const DraftHeadShape&, const Scope&>;
DraftHeadRegistry& draft_head_kinds();
template <class T>
bool register_draft_heads(const std::string& name, const std::string& summary) {
  return draft_head_kinds().add<T>(name, summary);
}

}  // namespace mlrun
