// Positions as vectors of distances that queries (and keys) are multiplied by.
//
// Shaw, Uszkoreit & Vaswani 2018 (equation 4): q_t . (k_s + a_min(t - s, clip)), one table for all heads.
// Transformer-XL (Dai et al. 2019, section 3.3): (q_t + u) . k_s + (q_t + v) . W r(t - s), with r a sinusoid.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "kernels/vector/elementwise.hpp"
#include "mixers/positions/attention_positions.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"
#include "nn/sinusoids.hpp"
#include "ops/elementwise.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

struct ShawOptions {
  explicit ShawOptions(config::Reader& reader)
      : clip(reader.integer(
            "clip", {.help = "distances from this one on share a vector", .min = 1, .max = 1 << 20, .fallback = 64})) {}
  int64_t clip;
};

class Shaw : public AttentionPositions {
 public:
  using Options = ShawOptions;
  Shaw(const Options& options, const AttentionLayout& layout, const Scope& scope)
      : clip_(options.clip),
        heads_(layout.heads),
        keys_(scope.parameter("keys", {options.clip + 1, layout.size}, "distance,size", ParameterKind::kEmbedding,
                              initialise::normal(1 / std::sqrt(static_cast<double>(layout.size))))) {}

  void enter(Pass& pass, AttentionTerms& terms) const override {
    std::vector<int64_t> index, columns;
    for (int64_t d = 0; d < terms.q.dim(1); ++d) index.push_back(std::min(d, clip_));
    const int64_t size = keys_.value().dim(1);
    for (int64_t i = 0; i < heads_ * size; ++i) columns.push_back(i % size);
    terms.distances.position_q = terms.q;
    terms.distances.position_keys = ops::take(rows_by_distance(pass(keys_), index), columns);
  }
  std::unique_ptr<PositionSteps> steps() const override { return std::make_unique<Steps>(*this); }

  Layout layout() const override {
    return Layout()
        .line(fmt::format("positions: score(t, s) += q_t . keys[min(t - s, {})], one table for all heads", clip_))
        .tensor("keys", "a row for each distance");
  }

 private:
  class Steps : public PositionSteps {
   public:
    explicit Steps(const Shaw& shaw) : shaw_(shaw) {}
    bool uses_position_q() const override { return true; }
    void extend(const PositionStretch& s) const override {
      const int64_t size = shaw_.keys_.value().dim(1);
      std::copy_n(s.q, s.length * s.count * shaw_.heads_ * size, s.position_q);
      for (int64_t t = s.position; t < s.position + s.length; ++t) {
        const float* row = shaw_.keys_.value().data<float>() + std::min(t, shaw_.clip_) * size;
        for (int64_t h = 0; h < shaw_.heads_; ++h) s.tables->keys.insert(s.tables->keys.end(), row, row + size);
      }
    }

   private:
    const Shaw& shaw_;
  };

  int64_t clip_, heads_;
  Parameter keys_;
};

class TransformerXl : public AttentionPositions {
 public:
  struct Options {
    explicit Options(config::Reader&) {}
  };
  TransformerXl(const Options&, const AttentionLayout& layout, const Scope& scope)
      : width_(layout.width()),
        sinusoids_(sinusoids(layout.shape.length, layout.width())),
        relative_(scope / "relative", layout.width(), layout.width(), LinearBias::kNo),
        content_bias_(scope.parameter("u", {layout.width()}, "width", ParameterKind::kBias, initialise::zeros())),
        position_bias_(scope.parameter("v", {layout.width()}, "width", ParameterKind::kBias, initialise::zeros())) {}

  void enter(Pass& pass, AttentionTerms& terms) const override {
    const int64_t length = terms.q.dim(1);
    const Tensor waves = length <= sinusoids_.dim(0) ? sinusoids_.rows(0, length) : sinusoids(length, width_);
    terms.distances.position_q = ops::add(terms.q, pass(position_bias_));
    terms.distances.position_keys = relative_(pass, waves);
    terms.q = ops::add(terms.q, pass(content_bias_));
  }
  std::unique_ptr<PositionSteps> steps() const override { return std::make_unique<Steps>(*this); }

  Layout layout() const override {
    Layout layout;
    layout.line(
        "positions: score(t, s) = (q_t + u) . k_s + (q_t + v) . (sinusoid(t - s) @ relative/weight'), u and v those of "
        "position/ (Dai et al. 2019, section 3.3)");
    layout.tensor("relative/weight", "a linear map, no bias").tensor("u", "added to q for keys");
    return layout.tensor("v", "added to q for distances");
  }

 private:
  class Steps : public PositionSteps {
   public:
    explicit Steps(const TransformerXl& xl) : xl_(xl), relative_(xl.relative_.packed()) {}
    bool uses_position_q() const override { return true; }
    void extend(const PositionStretch& s) const override {
      const int64_t width = xl_.width_;
      const float *u = xl_.content_bias_.value().data<float>(), *v = xl_.position_bias_.value().data<float>();
      for (int64_t i = 0; i < s.length * s.count * width; ++i) {
        s.position_q[i] = s.q[i] + v[i % width];
        s.q[i] += u[i % width];
      }
      std::vector<float> waves(static_cast<size_t>(s.length * width)), rows(waves.size());
      for (int64_t t = 0; t < s.length; ++t) sinusoid(s.position + t, width, waves.data() + t * width);
      relative_(waves.data(), s.length, rows.data());
      s.tables->keys.insert(s.tables->keys.end(), rows.begin(), rows.end());
    }

   private:
    const TransformerXl& xl_;
    PackedLinear relative_;
  };

  int64_t width_;
  Tensor sinusoids_;
  Linear relative_;
  Parameter content_bias_, position_bias_;
};

[[maybe_unused]] const bool registered =
    register_attention_positions<Shaw>("shaw", "a vector for each distance up to a clip (Shaw et al. 2018)") &&
    register_attention_positions<TransformerXl>("xl", "sinusoids of distances, as in Transformer-XL (Dai et al. 2019)");

}  // namespace
}  // namespace mlrun
