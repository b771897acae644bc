// Disentangled attention (DeBERTa: He et al. 2021, equations 3 and 4). With vectors P of relative positions -span ..
// span - 1 (clipped), Kr = P W_k and Qr = P W_q:
//
//   score(t, s) = (q_t . k_s + q_t . Kr[clip(t - s)] + k_s . Qr[clip(s - t)]) / sqrt(3 size)
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "mixers/positions/attention_positions.hpp"
#include "nn/initialisers.hpp"
#include "nn/linear.hpp"

namespace mlrun {
namespace {

struct DebertaOptions {
  explicit DebertaOptions(config::Reader& reader)
      : span(reader.integer(
            "span", {.help = "distances from this one on share a vector", .min = 1, .max = 1 << 20, .fallback = 128})) {
  }
  int64_t span;
};

class Deberta : public AttentionPositions {
 public:
  using Options = DebertaOptions;
  Deberta(const Options& options, const AttentionLayout& layout, const Scope& scope)
      : span_(options.span),
        width_(layout.width()),
        positions_(scope.parameter("positions", {2 * options.span, layout.width()}, "distance,width",
                                   ParameterKind::kEmbedding,
                                   initialise::normal(1 / std::sqrt(static_cast<double>(layout.width()))))),
        keys_(scope / "keys", layout.width(), layout.width(), LinearBias::kNo),
        queries_(scope / "queries", layout.width(), layout.width(), LinearBias::kNo) {
    if (layout.groups != layout.heads) {
      fail(ExitCode::kUsage,
           "position deberta multiplies every head's own keys by positions, and {} heads share {} of them\n"
           "  with   model.mixer.kv_heads={}",
           layout.heads, layout.groups, layout.heads);
    }
  }

  void enter(Pass& pass, AttentionTerms& terms) const override {
    std::vector<int64_t> ahead, behind;
    for (int64_t d = 0; d < terms.q.dim(1); ++d) ahead.push_back(to_keys(d)), behind.push_back(to_queries(d));
    const Variable positions = pass(positions_);
    terms.distances.position_q = terms.q;
    terms.distances.position_keys = rows_by_distance(keys_(pass, positions), ahead);
    terms.distances.position_queries = rows_by_distance(queries_(pass, positions), behind);
  }
  std::unique_ptr<PositionSteps> steps() const override { return std::make_unique<Steps>(*this); }
  int64_t products() const override { return 3; }

  Layout layout() const override {
    Layout layout;
    layout.line(fmt::format(
        "positions: score(t, s) += q_t . keys(P)[c(t - s)] + k_s . queries(P)[c(s - t)], P = position/positions, "
        "NAME(P) = P @ NAME/weight', row c(d) that of distance d cut to {} .. {}",
        -span_, span_ - 1));
    layout.tensor("positions", "a row for each distance, the least first");
    return layout.tensor("keys/weight", "a linear map, no bias").tensor("queries/weight", "a linear map, no bias");
  }

 private:
  class Steps : public PositionSteps {
   public:
    explicit Steps(const Deberta& deberta)
        : deberta_(deberta), keys_(deberta.keys_.packed()), queries_(deberta.queries_.packed()) {}
    bool uses_position_q() const override { return true; }
    void extend(const PositionStretch& s) const override {
      const int64_t width = deberta_.width_;
      std::copy_n(s.q, s.length * s.count * width, s.position_q);
      const float* positions = deberta_.positions_.value().data<float>();
      const auto append = [&](const PackedLinear& map, int64_t row, std::vector<float>& to) {
        to.resize(to.size() + static_cast<size_t>(width));
        map(positions + row * width, 1, to.data() + to.size() - width);
      };
      for (int64_t t = s.position; t < s.position + s.length; ++t) {
        append(keys_, deberta_.to_keys(t), s.tables->keys);
        append(queries_, deberta_.to_queries(t), s.tables->queries);
      }
    }

   private:
    const Deberta& deberta_;
    PackedLinear keys_, queries_;
  };

  // Their delta: relative positions begin at -span.
  int64_t to_keys(int64_t distance) const { return std::min(distance + span_, 2 * span_ - 1); }
  int64_t to_queries(int64_t distance) const { return std::max<int64_t>(span_ - distance, 0); }

  int64_t span_, width_;
  Parameter positions_;
  Linear keys_, queries_;
};

[[maybe_unused]] const bool registered = register_attention_positions<Deberta>(
    "deberta", "content and positions disentangled, by three products (He et al. 2021)");

}  // namespace
}  // namespace mlrun
