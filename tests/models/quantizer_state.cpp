// What quantisers learn otherwise than by gradients: tables that follow their members, running means, first tables.
#include <algorithm>

#include "catch.hpp"
#include "models/built_quantizer.hpp"
#include "models/quantizers/table.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::test;

TEST_CASE("the table of ema follows its members by the formula, folded over lanes") {
  const std::vector<std::string> options = {"kind=ema", "codes=4", "decay=0.9", "restart_below=0", "initial=normal"};
  BuiltQuantizer b(options);
  std::vector<Tensor> before;
  for (const StateInfo& state : b.arena.states()) before.push_back(state.value.clone());
  const float *count = before[1].data<float>(), *sum = before[2].data<float>();
  std::vector<Statistics> lanes = {b.arena.statistics(), b.arena.statistics()};
  const Tensor z = b.z.value();
  std::vector<double> members(4), sums(4 * kDim);
  for (int64_t lane = 0; lane < 2; ++lane) {
    Tensor gradients = b.arena.like();
    Pass pass(b.arena, gradients, 0, RandomStream(1, "test"), {.statistics = &lanes[static_cast<size_t>(lane)]});
    const Tensor part = z.rows(lane * 15, lane == 0 ? 15 : kRows);
    const Tensor codes = b.quantizer->quantize(pass, part).codes;
    for (int64_t i = 0; i < part.dim(0); ++i) {
      const auto code = static_cast<size_t>(codes.data<int32_t>()[i]);
      members[code] += 1;
      for (size_t j = 0; j < kDim; ++j)
        sums[code * kDim + j] += static_cast<double>(part.data<float>()[i * kDim + static_cast<int64_t>(j)]);
    }
  }
  b.quantizer->after_step(lanes);
  std::vector<double> counts, expected;  // at step 0 the decay is 1 / 10
  double all = 0;
  for (size_t k = 0; k < 4; ++k) {
    counts.push_back(0.1 * static_cast<double>(count[k]) + 0.9 * members[k]);
    all += counts[k];
  }
  for (size_t k = 0; k < 4; ++k) {
    const double smoothed = (counts[k] + 1e-5) / (all + 4e-5) * all;
    for (size_t j = 0; j < kDim; ++j)
      expected.push_back((0.1 * static_cast<double>(sum[k * kDim + j]) + 0.9 * sums[k * kDim + j]) / smoothed);
  }
  CHECK(difference(b.arena.states()[0].value, expected) < 1e-5);
  CHECK(difference(b.arena.states()[1].value, counts) < 1e-5);
  CHECK(difference(b.arena.states()[0].value, numbers(before[0])) > 1e-4);  // it moved
  CHECK(b.quantizer->restarted() == 0);
}

TEST_CASE("a code that nothing uses is moved onto a vector of the batch, and counted") {
  BuiltQuantizer b({"kind=ema", "codes=4", "decay=0", "restart_below=0.5"});
  Tensor table = b.arena.states()[0].value;
  for (int64_t j = 0; j < kDim; ++j) table.data<float>()[2 * kDim + j] = 1000.0f;  // far from everything
  std::vector<Statistics> lanes = {b.arena.statistics(), b.arena.statistics()};
  for (Statistics& lane : lanes) {
    Tensor gradients = b.arena.like();
    Pass pass(b.arena, gradients, 0, RandomStream(1, "test"), {.statistics = &lane});
    b.quantizer->quantize(pass, b.z.value());
  }
  b.quantizer->after_step(lanes);
  CHECK(b.quantizer->restarted() == 1);
  const float* moved = table.data<float>() + 2 * kDim;
  bool is_a_row = false;
  for (int64_t i = 0; i < kRows; ++i)
    is_a_row = is_a_row || std::equal(moved, moved + kDim, b.z.value().data<float>() + i * kDim);
  CHECK(is_a_row);
}

TEST_CASE("normalised rows keep mean 0 and variance 1 while what they come from drifts away") {
  BuiltQuantizer b({"kind=lfq", "bits=2", "commitment=0", "entropy=0"}, 2);
  const RandomStream noise(1, "drift");
  int64_t up = 0, rows = 0;
  for (int64_t step = 0; step < 400; ++step) {
    Tensor z({50, 2});
    for (int64_t i = 0; i < 100; ++i) {
      const double draw = noise.normal(static_cast<uint64_t>(step * 100 + i));
      z.data<float>()[i] = static_cast<float>(0.002 * static_cast<double>(step) + 0.5 * draw);
    }
    std::vector<Statistics> lanes = {b.arena.statistics(), b.arena.statistics()};
    for (int64_t lane = 0; lane < 2; ++lane) {
      Tensor gradients = b.arena.like();
      Pass pass(b.arena, gradients, step, RandomStream(1, "test"), {.statistics = &lanes[static_cast<size_t>(lane)]});
      const Tensor codes = b.quantizer->quantize(pass, z.rows(lane * 25, lane * 25 + 25)).codes;
      if (step < 200) continue;
      for (int64_t i = 0; i < 25; ++i) up += codes.data<int32_t>()[i] & 1;
      rows += 25;
    }
    b.quantizer->after_step(lanes);
  }
  // Behind by a tenth of the steps, with decays of (1 + t) / (10 + t): 0.08 at the end, 0.06 on the mean of the second
  // half, which is an eighth of the deviation.
  CHECK(static_cast<double>(up) / static_cast<double>(rows) == Approx(0.55).margin(0.03));
  CHECK(b.arena.states()[0].value.data<float>()[0] == Approx(0.8 - 0.08).margin(0.03));
  CHECK(b.arena.states()[1].value.data<float>()[0] == Approx(0.25).margin(0.05));
}

TEST_CASE("k-means finds clusters that lie apart, and keeps what it has no rows for") {
  Tensor rows({60, 2});
  const RandomStream noise(1, "clusters");
  for (int64_t i = 0; i < 60; ++i) {
    rows.data<float>()[2 * i] =
        static_cast<float>(i % 3 * 10) + 0.1f * static_cast<float>(noise.normal(static_cast<uint64_t>(2 * i)));
    rows.data<float>()[2 * i + 1] = 0.1f * static_cast<float>(noise.normal(static_cast<uint64_t>(2 * i + 1)));
  }
  Tensor table({6, 2});
  k_means(rows, RandomStream(2, "start"), table);
  CHECK(squared_error(rows, [&] {
          const Tensor codes = nearest(rows, table);
          Tensor found(rows.shape());
          for (int64_t i = 0; i < 60; ++i)
            std::copy_n(table.data<float>() + codes.data<int32_t>()[i] * 2, 2, found.data<float>() + 2 * i);
          return found;
        }()) < 2.0);
  Tensor large = Tensor::full({100, 2}, 7.0f);
  k_means(rows, RandomStream(2, "start"), large);
  CHECK(numbers(large.rows(60, 100)) == std::vector<double>(80, 7.0));
}
