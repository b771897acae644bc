// How far a draft looks ahead (generate/speculative.hpp), by counted work and never by the clock: so what is drawn does
// not depend on the machine.
//
// A look of the model at n positions is taken to cost kLook + kRow n of its steps, which are waits for weights and for
// the sums before. One proposal more pays where it stays with probability P, of the proposals before it all, and
//   P > (symbols that the look is expected to give so far) * (what the proposal adds to the cost) / (the cost so far).
// How likely a proposal stays is counted as the sample goes on, by how sure the draft was of it; the first count is that
// one of two stays.
#pragma once

#include <array>
#include <cstdint>

namespace mlrun {

class Lookahead {
 public:
  static constexpr double kLook = 0.8, kRow = 0.2;
  static constexpr int64_t kMost = 32;

  // `draft_cost`: of one proposal, in steps of the model. `fixed`: proposals of every look; 0: those that pay.
  Lookahead(double draft_cost, int64_t fixed) : draft_cost_(draft_cost), fixed_(fixed) {}

  void begin();  // a look
  // After each proposal, which the draft gave the probability q: whether to make another.
  bool goes_on(double q);
  void judged(int64_t proposal, bool stayed);  // by its number in the look

 private:
  struct Count {
    double stayed = 1, all = 2;
  };
  double draft_cost_;
  int64_t fixed_, made_ = 0;
  double stay_ = 1, symbols_ = 0;  // P of the next proposal, and the symbols that are expected of those made
  std::array<Count, 8> counts_;    // by how sure the draft was
  std::array<uint8_t, kMost> sure_{};
};

}  // namespace mlrun
