// Positions as a number for each distance and head, added to the scores.
//
// ALiBi (Press, Smith & Lewis 2022): -slope * distance, with slopes that are fixed. T5 (Raffel et al. 2020, section
// 2.1): a learned number for each bucket of distances; near distances have one of their own, and farther ones share
// one with ever more others, logarithmically.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "mixers/positions/attention_positions.hpp"
#include "mixers/positions/distances.hpp"
#include "nn/initialisers.hpp"
#include "ops/shape.hpp"

namespace mlrun {
namespace {

class Alibi : public AttentionPositions {
 public:
  struct Options {
    explicit Options(config::Reader&) {}
  };
  Alibi(const Options&, const AttentionLayout& layout, const Scope&)
      : slopes_(alibi_slopes(layout.heads)), table_(table_of(layout.shape.length)) {}

  void enter(Pass&, AttentionTerms& terms) const override {
    const int64_t length = terms.q.dim(1);
    terms.distances.bias = length == table_.dim(1) ? table_ : table_of(length);
  }
  std::unique_ptr<PositionSteps> steps() const override { return std::make_unique<Steps>(slopes_); }

  Layout layout() const override {
    return Layout().line("positions: bias(t, s) = -slope (t - s), slopes of the heads as in Press, Smith & Lewis 2022");
  }

 private:
  class Steps : public PositionSteps {
   public:
    explicit Steps(const std::vector<double>& slopes) : slopes_(slopes) {}
    void extend(const PositionStretch& s) const override {
      for (int64_t t = s.position; t < s.position + s.length; ++t) {
        for (const double slope : slopes_)
          s.tables->bias.push_back(static_cast<float>(-slope * static_cast<double>(t)));
      }
    }

   private:
    const std::vector<double>& slopes_;
  };

  Tensor table_of(int64_t length) const {
    Tensor table({static_cast<int64_t>(slopes_.size()), length});
    float* to = table.data<float>();
    for (const double slope : slopes_) {
      for (int64_t d = 0; d < length; ++d) *to++ = static_cast<float>(-slope * static_cast<double>(d));
    }
    return table;
  }

  std::vector<double> slopes_;
  Tensor table_;
};

struct T5Options {
  explicit T5Options(config::Reader& reader)
      : buckets(reader.integer(
            "buckets",
            {.help = "of distances, half of which hold one distance each", .min = 2, .max = 65536, .fallback = 32})),
        max_distance(reader.integer("max_distance", {.help = "the last bucket holds this distance and all beyond",
                                                     .min = 2,
                                                     .max = 1 << 30,
                                                     .fallback = 128})) {
    if (max_distance <= buckets / 2) {
      reader.mistake("max_distance",
                     fmt::format("the first {} of {} buckets hold one distance each, and max_distance {} is among them",
                                 buckets / 2, buckets, max_distance),
                     fmt::format("max_distance: {} or more", 2 * buckets));
    }
  }
  int64_t buckets, max_distance;
};

class T5 : public AttentionPositions {
 public:
  using Options = T5Options;
  T5(const Options& options, const AttentionLayout& layout, const Scope& scope)
      : options_(options),
        bias_(scope.parameter("bias", {layout.heads, options.buckets}, "head,bucket", ParameterKind::kBias,
                              initialise::normal(1 / std::sqrt(static_cast<double>(layout.width()))))) {}

  void enter(Pass& pass, AttentionTerms& terms) const override {
    std::vector<int64_t> buckets;
    for (int64_t d = 0; d < terms.q.dim(1); ++d) buckets.push_back(bucket(d));
    terms.distances.bias = ops::take(pass(bias_), buckets);
  }
  std::unique_ptr<PositionSteps> steps() const override { return std::make_unique<Steps>(*this); }

  Layout layout() const override {
    return Layout()
        .line("positions: bias(t, s) = bias[head, bucket of t - s], buckets as in Raffel et al. 2020")
        .tensor("bias", "of each bucket of distances");
  }

 private:
  class Steps : public PositionSteps {
   public:
    explicit Steps(const T5& t5) : t5_(t5) {}
    void extend(const PositionStretch& s) const override {
      const Tensor& bias = t5_.bias_.value();
      for (int64_t t = s.position; t < s.position + s.length; ++t) {
        for (int64_t h = 0; h < bias.dim(0); ++h)
          s.tables->bias.push_back(bias.data<float>()[h * bias.dim(1) + t5_.bucket(t)]);
      }
    }

   private:
    const T5& t5_;
  };
  int64_t bucket(int64_t distance) const { return t5_bucket(distance, options_.buckets, options_.max_distance); }

  Options options_;
  Parameter bias_;
};

[[maybe_unused]] const bool registered =
    register_attention_positions<Alibi>("alibi", "a fixed slope for each head (Press et al. 2022)") &&
    register_attention_positions<T5>("t5", "a learned number for each bucket of distances (Raffel et al. 2020)");

}  // namespace

std::vector<double> alibi_slopes(int64_t heads) {
  int64_t power = 1;
  while (2 * power <= heads) power *= 2;
  std::vector<double> slopes;
  for (int64_t i = 1; i <= power; ++i)
    slopes.push_back(std::pow(2.0, -8.0 * static_cast<double>(i) / static_cast<double>(power)));
  // Where heads are no power of 2: every other slope of twice as many heads.
  for (int64_t i = 0; static_cast<int64_t>(slopes.size()) < heads; ++i)
    slopes.push_back(std::pow(2.0, -4.0 * static_cast<double>(2 * i + 1) / static_cast<double>(power)));
  return slopes;
}

int64_t t5_bucket(int64_t distance, int64_t buckets, int64_t max_distance) {
  const int64_t exact = buckets / 2;
  if (distance < exact) return distance;
  const double share = std::log(static_cast<double>(distance) / static_cast<double>(exact)) /
                       std::log(static_cast<double>(max_distance) / static_cast<double>(exact));
  return std::min(buckets - 1, exact + static_cast<int64_t>(share * static_cast<double>(buckets - exact)));
}

}  // namespace mlrun
