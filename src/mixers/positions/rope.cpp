// Rotary position embedding (Su et al. 2021): the i-th pair of a head's numbers is turned by position * base^(-i /
// pairs), in queries and keys alike, so that scores depend on the difference of positions alone. For sequences that are
// longer than those of training, positions may be divided by a factor (Chen et al. 2023), or the base grow so that the
// slowest pair turns as far as if they were (NTK-aware scaling; Peng et al. 2023, section 3.1).
//
// rope_2d: half of the pairs are turned by the row of a pixel, and half by its column (Heo et al. 2024).
#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "mixers/heads.hpp"
#include "mixers/positions/attention_positions.hpp"
#include "mixers/rotary_table.hpp"

namespace mlrun {
namespace {

// Either kind.
class Rotary : public AttentionPositions {
 public:
  void enter(Pass&, AttentionTerms& terms) const override {
    terms.q = table_(terms.q);
    terms.k = table_(terms.k);
  }
  std::unique_ptr<PositionSteps> steps() const override { return std::make_unique<Steps>(*this); }

  Layout layout() const override {
    return Layout().line(
        "positions: pair i of each head of q and k is turned by t base^(-i / pairs) (Su et al. 2021); mixer.position "
        "of "
        "the spec has the base, and what longer sequences change; rope_2d turns half of the pairs by the row and half "
        "by the column");
  }

 protected:
  Rotary(const AttentionLayout& layout, RotaryTable table)
      : heads_(layout.heads), groups_(layout.groups), table_(std::move(table)) {}

 private:
  class Steps : public PositionSteps {
   public:
    explicit Steps(const Rotary& rope) : rope_(rope) {}
    void extend(const PositionStretch& s) const override {
      rope_.table_.extend(s.q, s.count, rope_.heads_, s.position, s.length);
      rope_.table_.extend(s.k, s.count, rope_.groups_, s.position, s.length);
    }

   private:
    const Rotary& rope_;
  };

  int64_t heads_, groups_;
  RotaryTable table_;
};

enum class RopeScaling : uint8_t { kLinear, kNtk };

struct RopeOptions {
  explicit RopeOptions(config::Reader& reader)
      : base(reader.real("base", {.help = "the slowest pair turns this many times slower than the first, nearly",
                                  .min = 1,
                                  .exclusive_min = true,
                                  .fallback = 10000.0})),
        share(reader.real("share", {.help = "of a head's numbers that are turned; the rest knows no positions",
                                    .min = 0,
                                    .max = 1,
                                    .exclusive_min = true,
                                    .fallback = 1.0})),
        factor(reader.real("factor", {.help = "how many times longer sequences are than those that the weights were "
                                              "trained on (by another run); 1: not at all",
                                      .min = 1,
                                      .fallback = 1.0})),
        scaling(reader.one_of<RopeScaling>(
            "scaling", {{"linear", RopeScaling::kLinear}, {"ntk", RopeScaling::kNtk}},
            {.help = "what `factor` does: divide positions, or make the base larger", .fallback = "linear"})) {}
  double base, share, factor;
  RopeScaling scaling;
};

class Rope : public Rotary {
 public:
  using Options = RopeOptions;
  Rope(const Options& options, const AttentionLayout& layout, const Scope&)
      : Rotary(layout, table_of(options, layout)) {}

 private:
  static RotaryTable table_of(const Options& options, const AttentionLayout& layout) {
    if (options.share == 1 || layout.size < 2) head_size("attention with rope", layout.shape.width, layout.heads, 2);
    const auto pairs =
        std::clamp<int64_t>(std::llround(options.share * static_cast<double>(layout.size) / 2), 1, layout.size / 2);
    const double turned = static_cast<double>(2 * pairs);
    const bool ntk = options.scaling == RopeScaling::kNtk && pairs > 1;
    const double base = ntk ? options.base * std::pow(options.factor, turned / (turned - 2)) : options.base;
    const double divisor = ntk ? 1 : options.factor;
    const auto angles = [divisor, frequencies = rotary_frequencies(pairs, base)](int64_t position) {
      std::vector<double> all = frequencies;
      for (double& angle : all) angle *= static_cast<double>(position) / divisor;
      return all;
    };
    return {layout.size, pairs, angles, layout.shape.length};
  }
};

struct Rope2dOptions {
  explicit Rope2dOptions(config::Reader& reader)
      : base(reader.real("base", {.help = "the slowest pair turns this many times slower than the first, nearly",
                                  .min = 1,
                                  .exclusive_min = true,
                                  .fallback = 100.0})) {}
  double base;
};

class Rope2d : public Rotary {
 public:
  using Options = Rope2dOptions;
  Rope2d(const Options& options, const AttentionLayout& layout, const Scope&)
      : Rotary(layout, table_of(options, layout)) {}
  bool any_length() const override { return false; }

 private:
  static RotaryTable table_of(const Options& options, const AttentionLayout& layout) {
    if (layout.shape.places.empty()) {
      fail(ExitCode::kUsage,
           "position rope_2d turns by rows and columns, and these sequences are no images\n  with   "
           "model.mixer.position.kind=rope");
    }
    head_size("attention with rope_2d", layout.shape.width, layout.heads, 4);
    const auto angles = [places = layout.shape.places,
                         frequencies = rotary_frequencies(layout.size / 4, options.base)](int64_t position) {
      require(position < static_cast<int64_t>(places.size()), "position {} of {} pixels", position, places.size());
      const GridPlace& at = places[static_cast<size_t>(position)];
      std::vector<double> all;
      for (const int64_t place : {at.row, at.column}) {
        for (const double frequency : frequencies) all.push_back(frequency * static_cast<double>(place));
      }
      return all;
    };
    return {layout.size, layout.size / 2, angles, layout.shape.length};
  }
};

[[maybe_unused]] const bool registered =
    register_attention_positions<Rope>("rope", "rotary: queries and keys are turned (Su et al. 2021)") &&
    register_attention_positions<Rope2d>("rope_2d", "rotary by rows and columns of an image (Heo et al. 2024)");

}  // namespace
}  // namespace mlrun
