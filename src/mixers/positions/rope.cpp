// Rotary position embedding (Su et al. 2021): the i-th pair of a head's numbers is turned by position * base^(-i /
// pairs), in queries and keys alike, so that scores depend on the difference of positions alone. For sequences that are
// longer than those of training, positions may be divided by a factor (Chen et al. 2023), or the base grow so that the
// slowest pair turns as far as if they were (NTK-aware scaling; Peng et al. 2023, section 3.1).
//
// rope_2d: half of the pairs are turned by the row of a pixel, and half by its column (Heo et al. 2024).
#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "kernels/attention/rotary.hpp"
#include "mixers/positions/attention_positions.hpp"
#include "ops/attention/rotary.hpp"

namespace mlrun {
namespace {

// Where a position is along each of the axes by which pairs are turned; pair i belongs to axis i / (pairs / axes).
using Places = std::vector<std::vector<double>>;

class RotaryAngles {
 public:
  RotaryAngles() = default;
  RotaryAngles(int64_t pairs, int64_t axes, double base, double divisor) {
    const int64_t each = pairs / axes;
    for (int64_t i = 0; i < pairs; ++i) {
      axis_.push_back(static_cast<size_t>(i / each));
      frequency_.push_back(std::pow(base, -static_cast<double>(i % each) / static_cast<double>(each)) / divisor);
    }
  }
  int64_t pairs() const { return static_cast<int64_t>(frequency_.size()); }
  void row(const std::vector<double>& place, float* cosines, float* sines) const {
    for (size_t i = 0; i < frequency_.size(); ++i) {
      const double angle = frequency_[i] * place[axis_[i]];
      cosines[i] = static_cast<float>(std::cos(angle));
      sines[i] = static_cast<float>(std::sin(angle));
    }
  }

 private:
  std::vector<double> frequency_;
  std::vector<size_t> axis_;
};

// Either kind: angles, and where positions are.
class Rotary : public AttentionPositions {
 public:
  void enter(Pass&, AttentionTerms& terms) const override {
    const int64_t length = terms.q.dim(1), pairs = angles_.pairs();
    Tensor cosines = cosines_, sines = sines_;
    if (length > cosines.dim(0)) {
      cosines = Tensor({length, pairs});
      sines = Tensor({length, pairs});
      fill(cosines, sines);
    }
    cosines = cosines.rows(0, length);
    sines = sines.rows(0, length);
    terms.q = ops::rotate(terms.q, layout_.heads, cosines, sines);
    terms.k = ops::rotate(terms.k, layout_.groups, cosines, sines);
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
  Rotary(const AttentionLayout& layout, RotaryAngles angles) : layout_(layout), angles_(std::move(angles)) {}
  virtual std::vector<double> place(int64_t position) const = 0;
  void make_tables() {  // of the positions of training, once
    cosines_ = Tensor({layout_.shape.length, angles_.pairs()});
    sines_ = Tensor({layout_.shape.length, angles_.pairs()});
    fill(cosines_, sines_);
  }

 private:
  class Steps : public PositionSteps {
   public:
    explicit Steps(const Rotary& rope) : rope_(rope) {}
    void step(PositionStep& s) const override {
      const AttentionLayout& layout = rope_.layout_;
      const int64_t pairs = rope_.angles_.pairs();
      std::vector<float> cosines(static_cast<size_t>(pairs)), sines(cosines.size());
      rope_.angles_.row(rope_.place(s.position), cosines.data(), sines.data());
      for (const auto& [x, heads] : {std::pair(s.q, layout.heads), std::pair(s.k, layout.groups)}) {
        const int64_t row = heads * layout.size;
        kernels::rotate({s.count, 1, heads, layout.size, pairs}, cosines.data(), sines.data(), false, {x, row, 0},
                        {x, row, 0});
      }
    }

   private:
    const Rotary& rope_;
  };

  void fill(Tensor& cosines, Tensor& sines) const {
    for (int64_t t = 0; t < cosines.dim(0); ++t) {
      const int64_t at = t * angles_.pairs();
      angles_.row(place(t), cosines.data<float>() + at, sines.data<float>() + at);
    }
  }

  AttentionLayout layout_;
  RotaryAngles angles_;
  Tensor cosines_, sines_;
};

// Error(kUsage) unless a head's numbers are `multiple` times something.
void require_multiple(const AttentionLayout& layout, int64_t multiple, const std::string& kind) {
  if (layout.size % multiple == 0) return;
  const int64_t width = layout.shape.width;
  int64_t heads = 0;
  for (int64_t h = 1; h <= width; ++h) {
    if (width % h != 0 || width / h % multiple != 0) continue;
    if (heads == 0 || std::abs(h - layout.heads) < std::abs(heads - layout.heads)) heads = h;
  }
  fail(ExitCode::kUsage,
       "mixer.position {} turns a head's numbers {} at a time, and a head of {} / {} = {} numbers is no multiple\n"
       "  with   {}",
       kind, multiple, width, layout.heads, layout.size,
       heads > 0 ? fmt::format("model.mixer.heads={}", heads)
                 : "model.mixer.position.kind=alibi, which goes with every width");
}

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
      : Rotary(layout, angles_of(options, layout)) {
    make_tables();
  }

 private:
  std::vector<double> place(int64_t position) const override { return {static_cast<double>(position)}; }

  static RotaryAngles angles_of(const Options& options, const AttentionLayout& layout) {
    if (options.share == 1) require_multiple(layout, 2, "rope");
    const auto pairs = std::clamp<int64_t>(std::llround(options.share * static_cast<double>(layout.size) / 2), 1,
                                           std::max<int64_t>(1, layout.size / 2));
    if (layout.size < 2) require_multiple(layout, 2, "rope");
    const double turned = static_cast<double>(2 * pairs);
    const bool ntk = options.scaling == RopeScaling::kNtk && pairs > 1;
    const double base = ntk ? options.base * std::pow(options.factor, turned / (turned - 2)) : options.base;
    return {pairs, 1, base, ntk ? 1.0 : options.factor};
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
      : Rotary(layout, angles_of(options, layout)), places_(layout.shape.places) {
    make_tables();
  }
  bool any_length() const override { return false; }

 private:
  std::vector<double> place(int64_t position) const override {
    require(position < static_cast<int64_t>(places_.size()), "position {} of {} pixels", position, places_.size());
    const GridPlace& at = places_[static_cast<size_t>(position)];
    return {static_cast<double>(at.row), static_cast<double>(at.column)};
  }

  static RotaryAngles angles_of(const Options& options, const AttentionLayout& layout) {
    if (layout.shape.places.empty()) {
      fail(ExitCode::kUsage,
           "mixer.position rope_2d turns by rows and columns, and these sequences are no images\n"
           "  with   model.mixer.position.kind=rope");
    }
    require_multiple(layout, 4, "rope_2d");
    return {layout.size / 2, 2, options.base, 1};
  }

  std::vector<GridPlace> places_;
};

[[maybe_unused]] const bool registered =
    register_attention_positions<Rope>("rope", "rotary: queries and keys are turned (Su et al. 2021)") &&
    register_attention_positions<Rope2d>("rope_2d", "rotary by rows and columns of an image (Heo et al. 2024)");

}  // namespace
}  // namespace mlrun
