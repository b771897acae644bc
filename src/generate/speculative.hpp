// Speculative sampling (Leviathan, Kalman & Matias 2023, "Fast inference from transformers via speculative decoding"; Chen
// et al. 2023): a draft, any model of the same symbols, proposes the next ones, and the model itself looks at all of
// them in one stretch (generate/cursor.hpp). What is drawn follows the model's own law, whatever the draft.
//
// At step t, with the model's probabilities p and the draft's q (of the law that is asked for: temperature and the
// like), the draft proposes x ~ q. x stays with probability min(1, p(x) / q(x)), and else the symbol is drawn from
// max(0, p - q), renormalised (their algorithm 1). Of two symbols one uniform picks for both, which agree as often: then
// the sample is that of the sequential sampler. All uniforms of a step are its own, and a symbol that nobody looked at
// decides nothing, so that a sample does not depend on how many symbols are proposed at a time. A rejection costs
// nothing again: model and draft go back to the last symbol that was right (Stepper::rewind).
//
// With DrawLaw::typical the draft proposes its likeliest symbol, which stays where the model finds it typical, and else the
// symbol is drawn from p. More proposals stay, and the law is neither the model's nor the draft's: it is the less random,
// the better the draft is. Then a sample may depend on how many symbols the model's own heads propose at a time, since each
// head proposes its own.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "base/random.hpp"
#include "generate/cursor.hpp"
#include "generate/draw.hpp"
#include "generate/proposer.hpp"
#include "models/model.hpp"

namespace mlrun {

struct Draft {
  const AutoregressiveModel* model = nullptr;
  const ParameterArena* parameters = nullptr;
  bool heads = false;  // in the place of a model: those of the model itself
  int64_t ahead = 0;   // symbols that it proposes at a time; 0: as many as pay (generate/lookahead.hpp)
  bool proposes() const { return model || heads; }
};

// What was done, in looks of the model at a stretch, positions that these went over, and steps of the draft.
struct SpeculationCounts {
  int64_t stretches = 0;
  int64_t rows = 0;
  int64_t draft_steps = 0;
  int64_t symbols = 0;    // that came of them
  int64_t kept = 0;       // of these, as the draft had proposed them
  double draft_cost = 0;  // of a step of the draft, in steps of the model, counted by products
  void add(const SpeculationCounts& other);
  // Symbols for the work of one step of the model (Lookahead::kLook): at 1 or below a draft does not pay.
  double symbols_per_step() const;
};

// Error(kUsage), naming what differs, unless `draft` gives the probabilities of the same symbols in the same order: of a
// number of symbols, in sequences of a length that it knows, given the same classes or none. The component of the draft
// that goes with each of the model's.
std::vector<int64_t> components_of_draft(const AutoregressiveModel& model, const AutoregressiveModel& draft,
                                         int64_t length);

// One sequence.
struct SpeculativeJob {
  int64_t alphabet = 2, length = 0;
  std::vector<int32_t> known;  // its first symbols
  RandomStream uniforms;       // as the sequential sampler has them
  RandomStream draft_uniforms;
  DrawLaw law;
  int64_t ahead = 0;      // Draft::ahead
  double draft_cost = 0;  // SpeculationCounts::draft_cost
};
// Calls put(t, symbol) for the steps behind the known ones, until it says that the sample has ended. The cursor stands
// before the first position of one sequence.
SpeculationCounts draw_speculatively(Cursor& model, Proposer& draft, const SpeculativeJob& job,
                                     const std::function<bool(int64_t t, int32_t symbol)>& put);

}  // namespace mlrun
