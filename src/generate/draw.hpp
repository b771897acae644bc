// How a uniform number becomes a symbol: shared by all samplers, so that they draw the same images.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/random.hpp"

namespace mlrun {

// The uniforms of one image, step by step: number t is word t % 4 of block t / 4 of the image's stream.
class Uniforms {
 public:
  explicit Uniforms(const RandomStream& stream) : stream_(stream) {}
  double next() {  // (0, 1)
    if (step_ % 4 == 0) block_ = stream_.block(step_ / 4);
    return (static_cast<double>(block_[step_++ % 4]) + 0.5) * 0x1p-32;
  }
  void skip(int64_t steps) {
    step_ += static_cast<uint64_t>(steps);
    if (step_ % 4 != 0) block_ = stream_.block(step_ / 4);
  }

 private:
  RandomStream stream_;
  uint64_t step_ = 0;
  std::array<uint32_t, 4> block_{};
};

enum class ConstraintLaw : uint8_t { kNone, kLocal, kExact };  // generate/constrained.hpp

// The law that symbols are drawn from, given the logits of one step. The default is the model's own; any other makes
// samples whose law the model's likelihood says nothing of.
//
// First the logits are divided by `temperature`. Of that law only the top_k likeliest symbols stay (0: all), and of
// those, renormalised, only the likeliest that together have a probability of top_p or more (Holtzman et al. 2020,
// "nucleus sampling"), always one at least; the rest is renormalised again. Of equally likely symbols the smaller
// stays. Before all that, `repetition` divides the logits of symbols that the sample already has, where they are
// positive, and multiplies the others (Keskar et al. 2019, section 4.1): samplers that know the sample do so. Where a
// sample is longer than the sequences that the model knows, `sliding` draws its symbols given the last of them alone
// (generate/sliding.hpp); without it such a sample is refused. With `typical` above 0 the likeliest symbol of a draft
// stays where it is typical, and only elsewhere a symbol is drawn (generate/speculative.hpp). Under a `constraint` all
// of that is of what it allows.
struct DrawLaw {
  double temperature = 1;
  int64_t top_k = 0;
  double top_p = 1;
  double repetition = 1;
  bool sliding = false;
  double typical = 0;  // the epsilon of is_typical, at most 1
  ConstraintLaw constraint = ConstraintLaw::kNone;
  bool is_exact() const {
    return temperature == 1 && top_k == 0 && top_p >= 1 && repetition == 1 && !sliding && typical == 0 &&
           constraint == ConstraintLaw::kNone;
  }
  std::string words() const;  // "the model's own", or "temperature 0.9, top-k 40, top-p 0.95: not the model's own"
};

// The logits of one step with law.repetition for the symbols that were seen: [alphabet] each. Not for an alphabet of 2,
// whose one number is a log-odds.
std::vector<float> penalised(const float* logits, const std::vector<bool>& seen, const DrawLaw& law);

// Of every symbol under the law: [alphabet], summing to 1.
std::vector<double> probabilities(const float* logits, int64_t alphabet, const DrawLaw& law);

// Typical acceptance (Cai et al. 2024, "Medusa", section 2.3.1): whether the symbol has a probability p of at least
// min(epsilon, sqrt(epsilon) exp(-H)) under the law, where H is the entropy of p in nats.
bool is_typical(const float* logits, int64_t alphabet, int32_t symbol, const DrawLaw& law);

// The symbol that the uniform u picks from the logits of one image at one step: by the inverse of the distribution
// function.
int32_t draw_symbol(const float* logits, int64_t alphabet, double u, const DrawLaw& law);

}  // namespace mlrun
