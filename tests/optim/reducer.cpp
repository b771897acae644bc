// Where lanes meet: in one process, and on ranks that each own a share of the lanes, to the same bits.
#include "optim/reducer.hpp"

#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "built_optimizer.hpp"
#include "catch.hpp"
#include "nn/initialisers.hpp"
#include "optim/lane_turns.hpp"
#include "optim/rank_reducer.hpp"
#include "optim/updater.hpp"
#include "ranks/thread_ranks.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

using Bits = std::vector<float>;
void append(Bits& bits, const Tensor& tensor) {
  bits.insert(bits.end(), tensor.data<float>(), tensor.data<float>() + tensor.count());
}

// Four parameters: one of several pieces of work, one smaller than a vector, one that a mask leaves in stripes.
void declare(ParameterArena& parameters) {
  const Scope scope(parameters, 1);
  scope.parameter("large", {300, 500}, "out,in", ParameterKind::kWeight, initialise::lecun_uniform(500));
  scope.parameter("bias", {3}, "out", ParameterKind::kBias, initialise::lecun_uniform(3));
  scope.parameter("masked", {40, 100}, "out,in", ParameterKind::kWeight, initialise::lecun_uniform(100),
                  {{0, 50}, {200, 900}, {1000, 3990}});
  scope.parameter("square", {13, 40}, "out,in", ParameterKind::kWeight, initialise::lecun_uniform(40));
  parameters.allocate();
  parameters.initialise(1);
}

// Steps by made-up gradients of `lanes` lanes. The weights after every rank's last step must be the same; returned are
// the weights and all that a checkpoint holds of the optimizer.
Bits trained(Ranks& ranks, Reducer& reducer, const std::string& kind, int64_t lanes, int64_t small_batches = 1) {
  ParameterArena parameters;
  declare(parameters);
  if (!ranks.first()) parameters.flat().fill(7);  // what the first has comes to all
  Updater updater(parameters, built_optimizer({kind, "lr=0.01"}), {.clip_norm = 1, .average_decay = 0.9}, ranks);
  if (ranks.first()) updater.begin_average();
  updater.share_beginning();
  LanePool pool(2);
  const Range own = reducer.own_lanes(lanes);
  const LaneTurns turns(lanes, own, small_batches);
  std::vector<Tensor> arenas;
  for (size_t i = 0; i < turns.arenas(); ++i) arenas.push_back(parameters.like());
  for (int64_t step = 0; step < 4; ++step) {
    const auto compute = [&](int64_t lane, Tensor& gradients) {
      const RandomStream noise =
          RandomStream(5, "lanes").at(static_cast<uint64_t>(step)).at(static_cast<uint64_t>(lane));
      for (const ParameterInfo& info : parameters.parameters()) {
        const std::vector<Range> all = {{0, info.count()}};
        for (const Range& trained : info.trained.empty() ? all : info.trained) {
          for (int64_t i = info.offset + trained.begin; i < info.offset + trained.end; ++i)
            gradients.data<float>()[i] = static_cast<float>(noise.normal(static_cast<uint64_t>(i)));
        }
      }
    };
    turns.step(
        [&](const Range& some, size_t first) {
          for (int64_t i = 0; i < some.size(); ++i) compute(some.begin + i, arenas[first + static_cast<size_t>(i)]);
        },
        [&](size_t first, size_t count) { updater.fold_block(arenas, first, count, pool); });
    std::vector<Tensor> gradients;
    for (const size_t arena : turns.arena_of_lane())
      gradients.push_back(arena == LaneTurns::kFolded ? Tensor() : arenas[arena]);
    require(updater.apply(gradients, step, 1.0, pool, reducer).finite, "a step is not finite");
  }
  Bits bits;
  append(bits, parameters.flat());
  updater.share_average();
  append(bits, updater.average()->weights);
  updater.collect_state();
  if (!ranks.first()) return bits;
  for (const auto& [name, arena] : updater.slots()) append(bits, arena);
  for (const Optimizer::Matrix& matrix : updater.matrices()) append(bits, matrix.value);
  return bits;
}

}  // namespace

TEST_CASE("any number of ranks has the weights, the average and the optimizer's state of one process, bit for bit") {
  for (const std::string kind : {"kind=adam", "kind=amsgrad", "kind=soap"}) {
    for (const int64_t lanes : {2, 3, 5, 7, 8, 12}) {
      const Bits alone = trained(one_rank(), in_process_reducer(), kind, lanes);
      for (int size = 2; size <= std::min<int64_t>(lanes, 5); ++size) {
        INFO(kind << ", " << lanes << " lanes on " << size << " ranks");
        std::vector<Bits> ends(static_cast<size_t>(size));
        ThreadRanks::run(size, [&](Ranks& ranks) {
          RankReducer reducer(ranks, lanes);
          ends[static_cast<size_t>(ranks.rank())] = trained(ranks, reducer, kind, lanes);
        });
        CHECK(ends[0] == alone);
        for (size_t r = 1; r < ends.size(); ++r)
          CHECK(std::equal(ends[r].begin(), ends[r].end(), alone.begin()));  // weights and average
      }
    }
  }
}

TEST_CASE("small batches one after the other give the bits of all lanes at once, on any number of ranks") {
  for (const auto& pair : std::vector<std::pair<int64_t, int64_t>>{{3, 3}, {6, 2}, {6, 3}, {8, 4}}) {
    const int64_t lanes = pair.first, batches = pair.second;
    const Bits alone = trained(one_rank(), in_process_reducer(), "kind=adam", lanes);
    INFO(lanes << " lanes, " << batches << " small batches");
    CHECK(trained(one_rank(), in_process_reducer(), "kind=adam", lanes, batches) == alone);
    for (const int size : {2, 3}) {
      Bits first;
      ThreadRanks::run(size, [&](Ranks& ranks) {
        RankReducer reducer(ranks, lanes);
        Bits bits = trained(ranks, reducer, "kind=adam", lanes, batches);
        if (ranks.first()) first = std::move(bits);
      });
      CHECK(first == alone);
    }
  }
}

TEST_CASE("turns of lanes keep as many arenas as a turn has lanes, and one for each sum that waits") {
  CHECK(LaneTurns(8, {0, 8}, 1).arenas() == 8);
  CHECK(LaneTurns(8, {0, 8}, 2).arenas() == 5);
  CHECK(LaneTurns(8, {0, 8}, 4).arenas() == 4);
  CHECK(LaneTurns(8, {0, 8}, 8).arenas() == 4);
  CHECK(LaneTurns(256, {0, 256}, 128).arenas() == 9);
  CHECK(LaneTurns(8, {4, 8}, 4).arenas() == 3);
  CHECK(LaneTurns(8, {}, 4).arenas() == 0);
}

TEST_CASE("where ranks and lanes are powers of two a step sends 2 P (R - 1) / R, and the norm's sums") {
  ParameterArena parameters;
  declare(parameters);
  const auto numbers = static_cast<double>(parameters.parameter_count());
  for (const int size : {2, 4}) {
    std::vector<int64_t> sent(static_cast<size_t>(size));
    ThreadRanks::run(size, [&](Ranks& ranks) {
      ParameterArena own;
      declare(own);
      Updater updater(own, built_optimizer({"kind=adam"}), {}, ranks);
      RankReducer reducer(ranks, 8);
      std::vector<Tensor> lanes;
      for (int64_t lane = 0; lane < reducer.own_lanes(8).size(); ++lane) lanes.push_back(own.like());
      LanePool pool(1);
      updater.apply(lanes, 0, 1.0, pool, reducer);
      sent[static_cast<size_t>(ranks.rank())] = ranks.bytes_sent();
    });
    double total = 0;
    for (const int64_t bytes : sent) total += static_cast<double>(bytes);
    CHECK(total / size == Approx(2 * numbers * sizeof(float) * (size - 1) / size).epsilon(0.02));
  }
}

TEST_CASE("a gradient that is not finite is named by all ranks, and changes none") {
  ThreadRanks::run(3, [&](Ranks& ranks) {
    ParameterArena parameters;
    declare(parameters);
    const Tensor before = parameters.flat().clone();
    Updater updater(parameters, built_optimizer({"kind=adam"}), {}, ranks);
    RankReducer reducer(ranks, 3);
    std::vector<Tensor> lanes = {parameters.like()};
    if (ranks.rank() == 1) {
      lanes[0].data<float>()[parameters.parameters()[2].offset + 300] = std::numeric_limits<float>::quiet_NaN();
      lanes[0].data<float>()[parameters.parameters()[3].offset] = std::numeric_limits<float>::infinity();
    }
    LanePool pool(1);
    require(!updater.apply(lanes, 0, 1.0, pool, reducer).finite, "finite");
    const std::string named = updater.not_finite(lanes[0]);
    require(named == "masked", "{} was named", named);
    require(std::equal(before.data<float>(), before.data<float>() + before.count(), parameters.flat().data<float>()),
            "weights were changed");
  });
}

TEST_CASE("more ranks than lanes are refused, with the setting that gives each one") {
  ThreadRanks::run(3, [](Ranks& ranks) {
    try {
      RankReducer reducer(ranks, 2);
    } catch (const Error& e) {
      require(e.code() == ExitCode::kUsage, "another code");
      require(std::string(e.what()).find("compute.lanes=3") != std::string::npos, "no remedy: {}", e.what());
      return;
    }
    fail(ExitCode::kInternal, "not refused");
  });
}

TEST_CASE("statistics and sums of all lanes reach every rank, in the order of the lanes") {
  for (const int64_t lanes : {4, 5, 7}) {
    ThreadRanks::run(4, [&](Ranks& ranks) {
      RankReducer reducer(ranks, lanes);
      const Range own = reducer.own_lanes(lanes);
      std::vector<Statistics> statistics;
      std::vector<LaneSums> sums;
      for (int64_t lane = own.begin; lane < own.end; ++lane) {
        statistics.push_back({Tensor::full({2, 3}, static_cast<float>(lane)), Tensor::full({1}, 1)});
        sums.push_back({std::pow(3.0, static_cast<double>(lane)) / 7, 1});
      }
      const std::vector<Statistics>& all = reducer.gather(statistics);
      require(static_cast<int64_t>(all.size()) == lanes, "{} lanes", all.size());
      std::vector<LaneSums> of_all_lanes;
      for (int64_t lane = 0; lane < lanes; ++lane) {
        require(all[static_cast<size_t>(lane)][0].data<float>()[5] == static_cast<float>(lane), "lane {}", lane);
        of_all_lanes.push_back({std::pow(3.0, static_cast<double>(lane)) / 7, 1});
      }
      const LaneSums there = in_process_reducer().sum(of_all_lanes), here = reducer.sum(sums);
      require(there.loss == here.loss && there.nll == here.nll, "the sums differ");
    });
  }
}

TEST_CASE("what one rank sees, all go by; the clock is that of the first, and bytes and CPU seconds are added") {
  ThreadRanks::run(3, [](Ranks& ranks) {
    RankReducer reducer(ranks, 3);
    const bool second = ranks.rank() == 1, third = ranks.rank() == 2;
    const LocalSight agreed = reducer.agree({.signal = second  ? 15
                                                       : third ? 2
                                                               : 0,
                                             .save_requested = third,
                                             .broken_off = second,
                                             .seconds = 10.0 + ranks.rank(),
                                             .cpu_seconds = 2,
                                             .bytes_sent = 100});
    require(agreed.signal == 15 && agreed.save_requested && agreed.broken_off && agreed.seconds == 10 &&
                agreed.cpu_seconds == 6 && agreed.bytes_sent == 300,
            "they part");
  });
}

TEST_CASE("sums of losses are added by the tree of lanes") {
  const std::vector<LaneSums> lanes = {{1e16, 1}, {1, 2}, {-1e16, 3}, {1, 4}, {0.5, 5}};
  const LaneSums sum = in_process_reducer().sum(lanes);
  CHECK(sum.loss == ((1e16 + 1.0) + (-1e16 + 1.0)) + 0.5);
  CHECK(sum.nll == 15);
}
