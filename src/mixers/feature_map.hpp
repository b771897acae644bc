// Feature maps phi of linear attention: what stands for exp(q k) is phi(q) phi(k), so that keys and values can be
// summed up before a query comes.
//
//   elu        elu(x) + 1 (Katharopoulos et al. 2020, eq. 7)
//   relu       max(x, 0);   relu2: its square;   exp: e^x
//   softmax    softmax over the features of a head (Shen et al. 2021, efficient attention; here for keys too)
//   performer  FAVOR+ (Choromanski et al. 2021, lemma 1): exp(w x' - |x'|^2 / 2) of random rows w, which are orthogonal in
//              blocks and as long as Gaussian ones, with x' = x / keys^(1/4). A query's features are divided by their sum,
//              which the normaliser cancels: it is the stabiliser of that paper, and sees no other position.
//   cosformer  relu(x) cos(pi t / 2M) and relu(x) sin(pi t / 2M) at position t, which weigh keys by the cosine of their
//              distance (Qin et al. 2022, section 3.3); M is `horizon`, and no distance may be greater
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "config/reader.hpp"
#include "nn/linear.hpp"
#include "nn/pass.hpp"

namespace mlrun {

enum class FeatureKind : uint8_t { kElu, kRelu, kSquaredRelu, kExp, kSoftmax, kPerformer, kCosformer };

struct FeatureOptions {
  explicit FeatureOptions(config::Reader& reader);
  FeatureKind kind;
  std::optional<int64_t> random;  // rows of w; none: twice the keys
  std::optional<int64_t> redraw;  // training steps from one w to the next; none: one w for ever
};

class FeatureMap {
 public:
  // Of keys and queries with `heads` heads of `keys` channels; `horizon` positions in training.
  FeatureMap(const FeatureOptions& options, int64_t heads, int64_t keys, int64_t horizon, const Scope& scope);
  int64_t features() const { return features_; }  // of a head
  bool any_length() const { return kind_ != FeatureKind::kCosformer; }

  // x [n, length, heads * keys] -> [n, length, heads * features]
  Variable queries(Pass& pass, const Variable& x) const { return map(pass, x, true); }
  Variable keys(Pass& pass, const Variable& x) const { return map(pass, x, false); }
  // The same of `length` positions from t on: x [length, count, heads * keys] -> y [length, count, heads * features],
  // which is not x.
  void queries(const float* x, int64_t count, int64_t t, int64_t length, float* y) const {
    extend(x, count, t, length, true, y);
  }
  void keys(const float* x, int64_t count, int64_t t, int64_t length, float* y) const {
    extend(x, count, t, length, false, y);
  }

 private:
  Variable map(Pass& pass, const Variable& x, bool query) const;
  Variable random_features(const Variable& x, const Variable& along, bool query) const;
  void extend(const float* x, int64_t count, int64_t t, int64_t length, bool query, float* y) const;
  Tensor draw(uint64_t index) const;                 // w [features, keys]
  Tensor turns(int64_t first, int64_t count) const;  // [count, 1, 2, 1]: the cosines and sines

  FeatureKind kind_;
  int64_t heads_, keys_, features_, horizon_;
  std::optional<int64_t> redraw_;
  RandomStream noise_;
  Tensor w_;             // of the first draw
  PackedLinear packed_;  // the same, for steps
};

}  // namespace mlrun
