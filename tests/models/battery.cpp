// The battery: every registered model must pass all of it, so that adding a model needs no test of its own.
#include <cmath>
#include <cstring>

#include "base/error.hpp"
#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.bytes() == b.bytes() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

// [n, positions * width], of the batch's own symbols.
Tensor logits_by_steps(const AutoregressiveModel& model, const StepView& view, const Batch& batch, int64_t component) {
  const int64_t n = batch.count(), d = model.data().positions(), width = logits_per_step(model.data().alphabet);
  const auto stepper = view.begin(n, batch.labels.defined() ? batch.labels.data<int32_t>() : nullptr);
  Tensor all({n, d * width}), now({n, width});
  std::vector<int32_t> symbols(static_cast<size_t>(n));
  for (int64_t t = 0; t < d; ++t) {
    stepper->logits(now.data<float>());
    const int64_t position = model.order(component)[static_cast<size_t>(t)];
    for (int64_t i = 0; i < n; ++i) {
      std::copy_n(now.data<float>() + i * width, width, all.data<float>() + (i * d + t) * width);
      symbols[static_cast<size_t>(i)] = batch.symbols.data<int32_t>()[i * d + position];
    }
    stepper->observe(symbols.data());
  }
  return all;
}

}  // namespace

TEST_CASE("no logit sees its own position or a later one") {
  for (const Case& c : all_cases({3, 4})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 5);
    const AutoregressiveModel& model = b.autoregressive();
    const int64_t d = c.data.positions();
    for (int64_t component = 0; component < model.components(); ++component) {
      Batch batch = random_batch(c.data, 1, 5);
      Pass before(*b.parameters);
      const Tensor y0 = model.logits(before, model.ordered(batch, component), component).value().clone();
      const int64_t width = y0.count() / d;
      for (int64_t t = 0; t < d; ++t) {
        const Batch flipped = changed(batch, c.data, model.order(component)[static_cast<size_t>(t)]);
        Pass after(*b.parameters);
        const Tensor y1 = model.logits(after, model.ordered(flipped, component), component).value();
        INFO(name_of(c) << ", component " << component << ", step " << t);
        bool same = true;
        for (int64_t k = 0; k < (t + 1) * width; ++k) same = same && y0.data<float>()[k] == y1.data<float>()[k];
        CHECK(same);
      }
    }
  }
}

TEST_CASE("a later logit does see an earlier position") {
  for (const Case& c : all_cases({3, 4})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 10);
    const AutoregressiveModel& model = b.autoregressive();
    const Batch batch = random_batch(c.data, 1, 5), flipped = changed(batch, c.data, model.order(0)[0]);
    Pass one(*b.parameters), two(*b.parameters);
    const Tensor y0 = model.logits(one, model.ordered(batch), 0).value(),
                 y1 = model.logits(two, model.ordered(flipped), 0).value();
    double difference = 0;
    for (int64_t i = 0; i < y0.count(); ++i) difference += std::abs(y0.data<float>()[i] - y1.data<float>()[i]);
    INFO(name_of(c));
    CHECK(difference > 1e-6);
  }
}

TEST_CASE("the step view gives the logits of the parallel view") {
  for (const Case& c : all_cases({4, 5})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 5);
    const AutoregressiveModel& model = b.autoregressive();
    const int64_t n = 5;
    for (int64_t component = 0; component < model.components(); ++component) {
      const Batch batch = random_batch(c.data, n, 11);
      Pass pass(*b.parameters);
      const Tensor parallel = model.logits(pass, model.ordered(batch, component), component).value();
      const auto view = model.step_view(*b.parameters, component),
                 slow = model.default_step_view(*b.parameters, component);
      const int32_t* labels = batch.labels.defined() ? batch.labels.data<int32_t>() : nullptr;
      const auto stepper = view->begin(n, labels), reference = slow->begin(n, labels);
      const int64_t d = c.data.positions(), width = parallel.count() / (n * d);
      for (int64_t t = 0; t < d; ++t) {
        Tensor y({n, width}), z({n, width});
        stepper->logits(y.data<float>());
        reference->logits(z.data<float>());
        std::vector<int32_t> symbols;
        for (int64_t i = 0; i < n; ++i) {
          for (int64_t k = 0; k < width; ++k) {
            const float expected = parallel.data<float>()[(i * d + t) * width + k];
            INFO(name_of(c) << ", component " << component << ", step " << t << ", image " << i);
            CHECK(y.data<float>()[i * width + k] == Approx(expected).margin(2e-5));
            CHECK(z.data<float>()[i * width + k] == Approx(expected).margin(2e-5));
          }
          symbols.push_back(batch.symbols.data<int32_t>()[i * d + model.order(component)[static_cast<size_t>(t)]]);
        }
        stepper->observe(symbols.data());
        reference->observe(symbols.data());
      }
    }
  }
}

TEST_CASE(
    "an image's logits have the same bits whatever goes with it: by steps, and in both views of models that say so") {
  for (const Case& c : all_cases({4, 5})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 5);
    const AutoregressiveModel& model = b.autoregressive();
    const int64_t n = 37, d = c.data.positions();
    const Batch batch = random_batch(c.data, n, 11);
    INFO(name_of(c));
    for (int64_t component = 0; component < model.components(); ++component) {
      const auto parallel = [&](const Batch& images) {
        Pass pass(*b.parameters);
        return model.logits(pass, model.ordered(images, component), component).value();
      };
      const auto view = model.step_view(*b.parameters, component);
      const auto by_steps = [&](const Batch& images) { return logits_by_steps(model, *view, images, component); };
      const Tensor together = by_steps(batch);
      const bool share = model.views_share_bits();
      if (share) CHECK(same_bits(together, parallel(batch)));
      for (const int64_t count : {1, 2, 3, 5, 16, 23}) {
        for (const int64_t begin : {int64_t{0}, int64_t{7}, n - count}) {
          const Batch part = batch.slice(begin, begin + count);
          const Tensor expected = together.rows(begin, begin + count);
          INFO(count << " images from " << begin);
          CHECK(same_bits(by_steps(part), expected));
          if (share) CHECK(same_bits(parallel(part), expected));
        }
      }
      // Later symbols do not count, to the bit: what comes before them is as it was.
      if (!share) continue;
      Batch cut = batch;
      cut.symbols = batch.symbols.clone();
      for (int64_t i = 0; i < n; ++i) {
        for (int64_t t = d / 2; t < d; ++t)
          cut.symbols.data<int32_t>()[i * d + model.order(component)[static_cast<size_t>(t)]] = 0;
      }
      const Tensor before = parallel(cut);
      const int64_t width = logits_per_step(c.data.alphabet);
      for (int64_t i = 0; i < n; ++i) {
        CHECK(std::memcmp(before.data<float>() + i * d * width, together.data<float>() + i * d * width,
                          static_cast<size_t>((d / 2 + 1) * width) * sizeof(float)) == 0);
      }
    }
  }
}

TEST_CASE("the gradient of the loss agrees with differences, in a random direction") {
  for (const Case& c : all_cases({3, 3})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 3);
    const Batch batch = random_batch(c.data, 6, 17);
    Tensor gradients = b.parameters->like();
    {
      Pass pass(*b.parameters, gradients, 0, RandomStream(1, "battery"));
      pass.backward(b.model->loss(pass, batch), 1.0f);
    }
    // A direction that leaves alone what the model keeps at exactly 0.
    const RandomStream noise(23, "direction");
    Tensor& w = b.parameters->flat();
    std::vector<float> direction(static_cast<size_t>(w.count()));
    double slope = 0;
    for (const ParameterInfo& info : b.parameters->parameters()) {
      std::vector<Range> trained = info.trained;
      if (trained.empty()) trained = {{0, info.count()}};
      for (const Range& range : trained) {
        for (int64_t i = info.offset + range.begin; i < info.offset + range.end; ++i) {
          direction[static_cast<size_t>(i)] = static_cast<float>(noise.normal(static_cast<uint64_t>(i)));
          slope += static_cast<double>(gradients.data<float>()[i]) * direction[static_cast<size_t>(i)];
        }
      }
    }
    const auto loss_at = [&](float eps) {
      for (int64_t i = 0; i < w.count(); ++i) w.data<float>()[i] += eps * direction[static_cast<size_t>(i)];
      double total = 0;
      Pass pass(*b.parameters, gradients, 0, RandomStream(1, "battery"));
      total = static_cast<double>(b.model->loss(pass, batch).value().data<float>()[0]);
      for (int64_t i = 0; i < w.count(); ++i) w.data<float>()[i] -= eps * direction[static_cast<size_t>(i)];
      return total;
    };
    // Large steps cross the kinks of relu, small ones drown in rounding; a wrong gradient agrees with none of them.
    INFO(name_of(c) << ": by gradient " << slope);
    double closest = HUGE_VAL;
    for (const float eps : {1e-3f, 3e-4f, 1e-4f, 3e-5f}) {
      const double measured = (loss_at(eps) - loss_at(-eps)) / (2.0 * static_cast<double>(eps));
      UNSCOPED_INFO("by differences of " << eps << ": " << measured);
      closest = std::min(closest, std::abs(measured - slope) / std::max(1.0, std::abs(slope)));
    }
    CHECK(closest < 0.03);
  }
}

TEST_CASE("the same seed builds the same model, and another seed another") {
  for (const Case& c : all_cases({3, 3})) {
    const Built a = build(c.kind, c.data, c.overrides), b = build(c.kind, c.data, c.overrides);
    INFO(name_of(c));
    CHECK(std::equal(a.parameters->flat().data<float>(),
                     a.parameters->flat().data<float>() + a.parameters->flat().count(),
                     b.parameters->flat().data<float>()));
    CHECK(a.parameters->parameter_count() > 0);
  }
}

TEST_CASE("a stepper goes over a stretch as over its positions one by one, to the bit, at any cut, and comes back") {
  for (const Case& c : all_cases({4, 5})) {
    const Built b = build(c.kind, c.data, c.overrides);
    wander(b, c.data, 5);
    const AutoregressiveModel& model = b.autoregressive();
    const int64_t n = 3, d = c.data.positions(), width = logits_per_step(c.data.alphabet);
    const Batch batch = random_batch(c.data, n, 11);
    const int32_t* labels = batch.labels.defined() ? batch.labels.data<int32_t>() : nullptr;
    for (int64_t component = 0; component < model.components(); ++component) {
      std::vector<int32_t> symbols;  // [positions, n]
      for (const int64_t position : model.order(component)) {
        for (int64_t i = 0; i < n; ++i) symbols.push_back(batch.symbols.data<int32_t>()[i * d + position]);
      }
      for (const auto& view :
           {model.step_view(*b.parameters, component), model.default_step_view(*b.parameters, component)}) {
        const Tensor expected = logits_by_steps(model, *view, batch, component);  // [n, positions * width]
        const auto stepper = view->begin(n, labels);
        INFO(name_of(c) << ", component " << component);
        const auto same_from = [&](const std::vector<float>& logits, int64_t first, int64_t length) {
          bool same = true;
          for (int64_t t = 0; t < length; ++t) {
            for (int64_t i = 0; i < n; ++i)
              same = same && std::memcmp(logits.data() + (t * n + i) * width,
                                         expected.data<float>() + (i * d + first + t) * width,
                                         static_cast<size_t>(width) * sizeof(float)) == 0;
          }
          return same;
        };
        if (!stepper->can_extend()) {
          if (!stepper->can_rewind()) continue;
          std::vector<float> logits(static_cast<size_t>(n * width));
          for (int64_t t = 0; t < d; ++t) {  // each step twice: once with other symbols behind it
            stepper->mark();
            const std::vector<int32_t> elsewhere(static_cast<size_t>(n), static_cast<int32_t>(c.data.alphabet - 1));
            for (int64_t more = t; more < std::min(d, t + 3); ++more) {
              stepper->logits(logits.data());
              stepper->observe(elsewhere.data());
            }
            stepper->rewind();
            stepper->logits(logits.data());
            CHECK(same_from(logits, t, 1));
            stepper->observe(symbols.data() + t * n);
            if (t + 3 >= d) continue;
            stepper->logits(logits.data());
            stepper->observe(elsewhere.data());
            stepper->rewind(1);  // the first of the two was right
          }
          continue;
        }
        REQUIRE(stepper->can_rewind());
        for (const std::vector<int64_t>& cuts : std::vector<std::vector<int64_t>>{{d - 1}, {1, 7, 2, d - 11}}) {
          const auto fresh = view->begin(n, labels);
          std::vector<float> logits(static_cast<size_t>(d * n * width));
          int64_t at = 0;
          for (const int64_t length : cuts) {
            fresh->mark();
            fresh->extend(symbols.data(), 1, nullptr);  // what comes between leaves no trace
            if (at == 1) fresh->logits(logits.data());
            fresh->rewind();
            if (at == 1) {  // some of the way was right, with logits and without
              for (float* out : {logits.data(), static_cast<float*>(nullptr)}) {
                fresh->extend(symbols.data() + n, 4, out);
                fresh->extend(symbols.data(), 2, out);
                fresh->rewind(3);
                fresh->logits(logits.data());
                CHECK(same_from(logits, 4, 1));
                fresh->rewind(0);
              }
              fresh->extend(symbols.data() + n, 2, nullptr);
              fresh->extend(symbols.data() + 3 * n, length - 2, logits.data());
              CHECK(same_from(logits, 4, length - 2));
              fresh->rewind(0);
            }
            if (at == 8) {  // a stretch that nobody asks about
              fresh->extend(symbols.data() + at * n, length, nullptr);
              fresh->logits(logits.data());
              CHECK(same_from(logits, at + length, 1));
            } else {
              fresh->extend(symbols.data() + at * n, length, logits.data());
              CHECK(same_from(logits, at + 1, length));
            }
            at += length;
          }
          fresh->logits(logits.data());
          CHECK(same_from(logits, d - 1, 1));
        }
      }
    }
  }
}
