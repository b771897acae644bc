#include "optim/reducer.hpp"

#include "kernels/optimizer/optimizer.hpp"

namespace mlrun {
namespace {

class InProcessReducer : public Reducer {
 public:
  void fold(const std::vector<float*>& lanes, const FoldPlan& plan, std::span<double> squares,
            LanePool& pool) override {
    std::vector<float*> sums = lanes;  // those of the root alone, or of all lanes
    std::erase(sums, nullptr);
    pool.run(static_cast<int64_t>(plan.pieces.size()), [&](int64_t i) {
      const Range& piece = plan.pieces[static_cast<size_t>(i)];
      const auto begin = static_cast<size_t>(piece.begin), count = static_cast<size_t>(piece.size());
      kernels::fold_gradients(sums, plan.runs.subspan(begin, count), squares.data() + begin);
    });
  }

  LaneSums sum(const std::vector<LaneSums>& lanes) override {
    return fold_lanes(
        lanes.size(), [&](size_t lane) { return lanes[lane]; },
        [](const LaneSums& a, const LaneSums& b) {
          return LaneSums{a.loss + b.loss, a.nll + b.nll};
        });
  }

  const std::vector<Statistics>& gather(const std::vector<Statistics>& lanes) override { return lanes; }
  LocalSight agree(const LocalSight& own) override { return own; }
};

}  // namespace

Reducer& in_process_reducer() {
  static InProcessReducer reducer;  // without state
  return reducer;
}

}  // namespace mlrun
