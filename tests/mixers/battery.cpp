#include "mixers/battery.hpp"

#include <algorithm>
#include <cmath>
#include <functional>

#include "catch.hpp"
#include "ops/elementwise.hpp"
#include "ops/reduce.hpp"
#include "tensor/random_tensor.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

Tensor run(const BuiltMixer& b, const Tensor& x) {
  Pass pass(*b.parameters);
  return (*b.mixer)(pass, Variable(x)).value();
}

// The recurrent form over all positions: x [n, length, width].
Tensor run_steps(const BuiltMixer& b, const Tensor& x) {
  const int64_t n = x.dim(0), length = x.dim(1), width = x.dim(2);
  Tensor y(x.shape()), in({n, width}), out({n, width});
  const auto steps = b.mixer->steps();
  const auto stepper = steps->begin(n);
  for (int64_t t = 0; t < length; ++t) {
    for (int64_t i = 0; i < n; ++i)
      std::copy_n(x.data<float>() + (i * length + t) * width, width, in.data<float>() + i * width);
    stepper->step(in.data<float>(), out.data<float>());
    for (int64_t i = 0; i < n; ++i)
      std::copy_n(out.data<float>() + i * width, width, y.data<float>() + (i * length + t) * width);
  }
  return y;
}

double largest(const Tensor& a) {
  double most = 0;
  for (int64_t i = 0; i < a.count(); ++i) most = std::max(most, std::abs(static_cast<double>(a.data<float>()[i])));
  return most;
}

double gap(const Tensor& a, const Tensor& b) {
  double most = 0;
  for (int64_t i = 0; i < a.count(); ++i) {
    most = std::max(most, std::abs(static_cast<double>(a.data<float>()[i]) - static_cast<double>(b.data<float>()[i])));
  }
  return most;
}

// Which share of some numbers, moved one at a time, changes the loss as the gradient says.
double share_that_agrees(Tensor values, const Tensor& gradient, const std::function<double()>& loss) {
  constexpr float kStep = 1e-3f;
  constexpr int kTries = 20;
  const RandomStream random(3, "numbers to move");
  int agreed = 0;
  for (uint64_t j = 0; j < kTries; ++j) {
    const auto i = static_cast<int64_t>(random.below(j, static_cast<uint64_t>(values.count())));
    float& number = values.data<float>()[i];
    const float before = number;
    number = before + kStep;
    const double up = loss();
    number = before - kStep;
    const double down = loss();
    number = before;
    const double exact = static_cast<double>(gradient.data<float>()[i]);
    const double change = (up - down) / (2 * static_cast<double>(kStep));
    if (std::abs(change - exact) < 0.03 * std::abs(exact) + 4e-3) ++agreed;
  }
  return static_cast<double>(agreed) / kTries;
}

constexpr int64_t kWidth = 6;

}  // namespace

TEST_CASE("every mixer's parallel and recurrent forms agree, at lengths that no chunk divides and beyond training") {
  for (const MixerCase& c : mixer_cases()) {
    const BuiltMixer b = build_mixer(c.kind, c.overrides, {kWidth, kWidth, 150});
    for (const int64_t length : {1, 7, 64, 150, 203}) {
      if (length > 150 && !b.mixer->any_length()) continue;
      const Tensor x = random_tensor({3, length, kWidth}, static_cast<uint64_t>(length), -1.0f, 1.0f);
      const Tensor y = run(b, x), stepped = run_steps(b, x);
      INFO(name_of(c) << " length " << length);
      REQUIRE(y.shape() == x.shape());
      CHECK(largest(y) > 1e-3);
      CHECK(gap(y, stepped) <= 1e-4 * std::max(1.0, largest(y)));
    }
  }
}

TEST_CASE("no mixer looks ahead, or from one sequence into another") {
  constexpr int64_t kLength = 70;
  for (const MixerCase& c : mixer_cases()) {
    const BuiltMixer b = build_mixer(c.kind, c.overrides, {kWidth, kWidth, kLength});
    const Tensor x = random_tensor({2, kLength, kWidth}, 11, -1.0f, 1.0f), y = run(b, x);
    for (const int64_t at : {0, 1, 31, 63, 64, 69}) {
      Tensor moved = x.clone();
      float* place = moved.data<float>() + at * kWidth;  // of the first sequence
      for (int64_t k = 0; k < kWidth; ++k) place[k] += 1.0f;
      const Tensor z = run(b, moved);
      INFO(name_of(c) << " changed at " << at);
      // Some mixers are computed in chunks whose products round differently, so equal means: within rounding.
      CHECK(gap(y.rows(0, 1).reshape({kLength, kWidth}).rows(0, at).clone(),
                z.rows(0, 1).reshape({kLength, kWidth}).rows(0, at).clone()) <= 1e-5);
      CHECK(gap(y.rows(1, 2), z.rows(1, 2)) <= 1e-5);
      CHECK(gap(y.rows(0, 1), z.rows(0, 1)) > 1e-4);
    }
  }
}

TEST_CASE("a sequence's steps have the same bits whatever goes with it") {
  for (const MixerCase& c : mixer_cases()) {
    const BuiltMixer b = build_mixer(c.kind, c.overrides, {kWidth, kWidth, 40});
    const Tensor x = random_tensor({9, 40, kWidth}, 12, -1.0f, 1.0f), all = run_steps(b, x);
    INFO(name_of(c));
    CHECK(gap(run_steps(b, x.rows(4, 5)), all.rows(4, 5)) == 0);
    CHECK(gap(run_steps(b, x.rows(7, 9)), all.rows(7, 9)) == 0);
  }
}

TEST_CASE("every mixer's gradients are those of its values, by input and by parameter") {
  constexpr int64_t kLength = 37;
  for (const MixerCase& c : mixer_cases()) {
    const BuiltMixer b = build_mixer(c.kind, c.overrides, {kWidth, kWidth, kLength});
    const Tensor x = random_tensor({2, kLength, kWidth}, 5, -1.0f, 1.0f);
    const Tensor weights = random_tensor(x.shape(), 6, -1.0f, 1.0f);
    const auto loss_at = [&](const Tensor& input) {
      const Tensor y = run(b, input);
      double sum = 0;
      for (int64_t i = 0; i < y.count(); ++i)
        sum += static_cast<double>(y.data<float>()[i]) * static_cast<double>(weights.data<float>()[i]);
      return sum;
    };
    Tensor gradients = b.parameters->like();
    Tape tape;
    const Variable leaf = tape.leaf(x);
    {  // of the input alone, parameters being constants
      Pass pass(*b.parameters);
      tape.backward(ops::sum(ops::mul((*b.mixer)(pass, leaf), Variable(weights))));
    }
    {
      Pass pass(*b.parameters, gradients, 0, RandomStream(1, "battery"));
      pass.backward(ops::sum(ops::mul((*b.mixer)(pass, Variable(x)), Variable(weights))), 1.0f);
    }
    // Against differences along a few random directions: a sum over all numbers at once.
    const auto along = [&](Tensor values, const Tensor& gradient, uint64_t seed) {
      const Tensor way = random_tensor(values.shape(), seed, -1.0f, 1.0f);
      constexpr float kStep = 8e-3f;  // short ones drown in rounding, so the error of long ones is taken off
      double exact = 0, size = 0;
      const Tensor before = values.clone();
      for (int64_t i = 0; i < way.count(); ++i) {
        exact += static_cast<double>(way.data<float>()[i]) * static_cast<double>(gradient.data<float>()[i]);
        size += std::abs(static_cast<double>(gradient.data<float>()[i]));
      }
      const auto at = [&](float step) {
        for (int64_t i = 0; i < way.count(); ++i)
          values.data<float>()[i] = before.data<float>()[i] + step * way.data<float>()[i];
        return loss_at(x);
      };
      const double once = at(kStep) - at(-kStep), twice = at(2 * kStep) - at(-2 * kStep);
      const double differences = (8 * once - twice) / (12 * static_cast<double>(kStep));
      at(0);
      return std::abs(differences - exact) / std::max(0.05 * size, 1e-2);
    };
    if (c.kinks) {
      INFO(name_of(c));
      Tensor input = x.clone();
      CHECK(share_that_agrees(input, leaf.gradient(), [&] { return loss_at(input); }) > 0.5);
      for (size_t p = 0; p < b.parameters->parameters().size(); ++p) {
        INFO("parameter " << b.parameters->parameters()[p].path);
        CHECK(share_that_agrees(b.parameters->value(p), b.parameters->window(gradients, p),
                                [&] { return loss_at(x); }) > 0.5);
      }
      continue;
    }
    for (uint64_t seed = 21; seed < 24; ++seed) {
      INFO(name_of(c) << " input, direction " << seed);
      const Tensor way = random_tensor(x.shape(), seed, -1.0f, 1.0f);
      double exact = 0, size = 0;
      Tensor up = x.clone(), down = x.clone();
      for (int64_t i = 0; i < x.count(); ++i) {
        exact += static_cast<double>(way.data<float>()[i]) * static_cast<double>(leaf.gradient().data<float>()[i]);
        size += std::abs(static_cast<double>(leaf.gradient().data<float>()[i]));
        up.data<float>()[i] += 1e-2f * way.data<float>()[i];
        down.data<float>()[i] -= 1e-2f * way.data<float>()[i];
      }
      CHECK(std::abs((loss_at(up) - loss_at(down)) / 2e-2 - exact) / std::max(0.05 * size, 1e-2) < 2e-2);
    }
    for (size_t p = 0; p < b.parameters->parameters().size(); ++p) {
      const Tensor gradient = b.parameters->window(gradients, p);
      for (uint64_t seed = 31; seed < 33; ++seed) {
        INFO(name_of(c) << " parameter " << b.parameters->parameters()[p].path << ", direction " << seed);
        CHECK(largest(gradient) > 0);
        CHECK(along(b.parameters->value(p), gradient, seed) < 2e-2);
      }
    }
  }
}

TEST_CASE("a mixer goes over a stretch as over its positions one by one, to the bit, at any cut, and comes back") {
  constexpr int64_t kLength = 150, kCount = 2;
  for (const MixerCase& c : mixer_cases()) {
    const BuiltMixer b = build_mixer(c.kind, c.overrides, {kWidth, kWidth, kLength});
    const Tensor x = random_tensor({kLength, kCount, kWidth}, 13, -1.0f, 1.0f);
    const auto row = [&](const Tensor& of, int64_t t) { return of.data<float>() + t * kCount * kWidth; };
    const auto steps = b.mixer->steps();
    Tensor expected(x.shape());
    const auto stepper = steps->begin(kCount);
    for (int64_t t = 0; t < kLength; ++t) stepper->step(row(x, t), const_cast<float*>(row(expected, t)));
    INFO(name_of(c));
    for (const std::vector<int64_t>& cuts : std::vector<std::vector<int64_t>>{{150}, {1, 63, 1, 17, 68}, {70, 80}}) {
      const auto extended = steps->begin(kCount);
      Tensor y = Tensor::zeros(x.shape());
      int64_t at = 0;
      for (const int64_t length : cuts) {
        const Tensor elsewhere = random_tensor({40, kCount, kWidth}, 14, -1.0f, 1.0f);
        Tensor nobody(elsewhere.shape());
        extended->mark();  // what comes between the mark and the way back leaves no trace
        if (at + 40 <= kLength) extended->extend(elsewhere.data<float>(), 40, nobody.data<float>());
        extended->rewind();
        if (const int64_t kept = length / 3; kept > 0 && kept < kPositionsKept) {  // some of the way was right
          extended->mark();
          extended->extend(row(x, at), 1, const_cast<float*>(row(y, at)));
          if (kept > 1) extended->extend(row(x, at + 1), kept - 1, const_cast<float*>(row(y, at + 1)));
          extended->extend(elsewhere.data<float>(), at + kept + 40 <= kLength ? 40 : 0, nobody.data<float>());
          extended->rewind(kept);
          if (kept > 2) {
            extended->rewind(kept - 2);
            extended->extend(row(x, at + kept - 2), 2, const_cast<float*>(row(y, at + kept - 2)));
          }
          extended->extend(row(x, at + kept), length - kept, const_cast<float*>(row(y, at + kept)));
        } else {
          extended->extend(row(x, at), length, const_cast<float*>(row(y, at)));
        }
        at += length;
      }
      REQUIRE(at == kLength);
      INFO("first cut at " << cuts.front());
      CHECK(gap(y, expected) == 0);
    }
  }
}
