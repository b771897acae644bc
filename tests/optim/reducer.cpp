// Where lanes meet: the reducer of a single process, and one of two that each own a share of the lanes.
#include "optim/reducer.hpp"

#include <string>
#include <vector>

#include "base/random.hpp"
#include "built_optimizer.hpp"
#include "catch.hpp"
#include "nn/initialisers.hpp"
#include "optim/updater.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

// What a reducer of ranks would do, with the other ranks' lanes at hand: it is given its own half of the lanes, folds
// them, and adds what the other half folds to. Halves of a power of two are blocks of the tree.
class HalfReducer : public Reducer {
 public:
  explicit HalfReducer(std::vector<Tensor> others) : others_(std::move(others)) {}
  void fold(const std::vector<float*>& lanes, std::span<const Range> runs, std::span<const Range> pieces,
            std::span<double> squares, LanePool& pool) override {
    std::vector<float*> there;
    for (Tensor& lane : others_) there.push_back(lane.data<float>());
    in_process_reducer().fold(lanes, runs, pieces, squares, pool);
    in_process_reducer().fold(there, runs, pieces, squares, pool);
    in_process_reducer().fold({lanes[0], there[0]}, runs, pieces, squares, pool);
  }
  LaneSums sum(const std::vector<LaneSums>& lanes) override { return in_process_reducer().sum(lanes); }
  const std::vector<Statistics>& gather(const std::vector<Statistics>& lanes) override { return lanes; }
  LocalSight agree(const LocalSight& own) override { return own; }

 private:
  std::vector<Tensor> others_;
};

}  // namespace

TEST_CASE("a reducer of half the lanes that adds what the other half folds to gives the bits of all in one process") {
  for (const std::string kind : {"kind=adam", "kind=amsgrad", "kind=soap"}) {
    INFO(kind);
    std::vector<std::vector<float>> ends;
    for (const bool halves : {false, true}) {
      ParameterArena parameters;
      Scope(parameters, 1)
          .parameter("weight", {13, 40}, "out,in", ParameterKind::kWeight, initialise::lecun_uniform(40));
      parameters.allocate();
      parameters.initialise(1);
      Updater updater(parameters, built_optimizer({kind, "lr=0.01"}), {.clip_norm = 1});
      LanePool pool(2);
      for (int64_t step = 0; step < 4; ++step) {
        std::vector<Tensor> lanes;
        for (uint64_t lane = 0; lane < 8; ++lane) {
          lanes.push_back(parameters.like());
          const RandomStream noise = RandomStream(5, "lanes").at(static_cast<uint64_t>(step)).at(lane);
          for (int64_t i = 0; i < 13 * 40; ++i)
            lanes.back().data<float>()[i] = static_cast<float>(noise.normal(static_cast<uint64_t>(i)));
        }
        if (halves) {
          HalfReducer reducer({lanes.begin() + 4, lanes.end()});
          lanes.resize(4);
          REQUIRE(updater.apply(lanes, step, 1.0, pool, reducer).finite);
        } else {
          REQUIRE(updater.apply(lanes, step, 1.0, pool).finite);
        }
      }
      const float* w = parameters.flat().data<float>();
      ends.emplace_back(w, w + parameters.flat().count());
    }
    CHECK(ends[0] == ends[1]);
  }
}

TEST_CASE("sums of losses are added by the tree of lanes") {
  const std::vector<LaneSums> lanes = {{1e16, 1}, {1, 2}, {-1e16, 3}, {1, 4}, {0.5, 5}};
  const LaneSums sum = in_process_reducer().sum(lanes);
  CHECK(sum.loss == ((1e16 + 1.0) + (-1e16 + 1.0)) + 0.5);
  CHECK(sum.nll == 15);
}
