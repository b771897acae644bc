// Every update rule against its definition in double, on every instruction set of this machine.
#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "built_optimizer.hpp"
#include "catch.hpp"
#include "kernels/every_target.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

std::vector<float> draw(int64_t count, uint64_t seed) {
  const RandomStream random(seed, "optimizer test");
  std::vector<float> values;
  for (int64_t i = 0; i < count; ++i) values.push_back(static_cast<float>(random.normal(static_cast<uint64_t>(i))));
  return values;
}

std::string bytes(const std::vector<float>& v) {
  return std::string(reinterpret_cast<const char*>(v.data()), v.size() * sizeof(float));
}

constexpr size_t kMostSlots = 3;

// Weights, their average, and what a rule keeps of them.
struct Arenas {
  explicit Arenas(size_t count) : w(draw(static_cast<int64_t>(count), 1)), average(w), slots(kMostSlots) {
    for (std::vector<float>& slot : slots) slot.assign(count, 0.0f);
    for (std::vector<float>& slot : slots) pointers.push_back(slot.data());
  }
  kernels::ParameterSlice slice(const std::vector<float>& g, size_t slot_count, int64_t begin, int64_t end) {
    run = {begin, end};
    return {.weights = w.data(),
            .gradients = g.data(),
            .slots = {pointers.data(), slot_count},
            .average = average.data(),
            .runs = {&run, 1}};
  }
  Range run;
  std::vector<float> w, average;
  std::vector<std::vector<float>> slots;
  std::vector<float*> pointers;
};

struct Exact {
  double w = 0, average = 0;
  double slots[kMostSlots] = {};
};

// Five steps of a rule on 1003 numbers against `define`(exact state, gradient, number of the step), which is one step
// in double; in one piece, and cut anywhere.
template <class Define>
void check_rule_here(const Optimizer& rule, Define define) {
  constexpr size_t kCount = 1003;
  const size_t slots = rule.slots().size();
  REQUIRE(slots <= kMostSlots);
  Arenas a(kCount), cut(kCount);
  std::vector<Exact> exact;
  for (const float w : a.w) exact.push_back({static_cast<double>(w), static_cast<double>(w), {}});
  UpdateStep step{.lr = rule.lr(), .scale = {.gradient = 0.25f, .average_decay = 0.75f}};
  for (step.number = 1; step.number <= 5; ++step.number) {
    const std::vector<float> g = draw(kCount, static_cast<uint64_t>(10 + step.number));
    rule.update(step, a.slice(g, slots, 0, kCount));
    int64_t last = 0;
    for (const int64_t border : {int64_t{1}, int64_t{18}, int64_t{500}, int64_t{kCount}}) {
      rule.update(step, cut.slice(g, slots, last, border));
      last = border;
    }
    for (size_t i = 0; i < exact.size(); ++i) {
      define(exact[i], 0.25 * static_cast<double>(g[i]), static_cast<double>(step.number));
      exact[i].average = 0.75 * exact[i].average + 0.25 * exact[i].w;
    }
  }
  double worst = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    worst = std::max(worst, std::fabs(static_cast<double>(a.w[i]) - exact[i].w));
    worst = std::max(worst, std::fabs(static_cast<double>(a.average[i]) - exact[i].average));
    for (size_t k = 0; k < slots; ++k)
      worst = std::max(worst, std::fabs(static_cast<double>(a.slots[k][i]) - exact[i].slots[k]));
  }
  CHECK(worst < 2e-6);
  CHECK(bytes(a.w) == bytes(cut.w));
  CHECK(bytes(a.average) == bytes(cut.average));
  for (size_t k = 0; k < slots; ++k) CHECK(bytes(a.slots[k]) == bytes(cut.slots[k]));
}

template <class Define>
void check_rule(const std::vector<std::string>& fields, Define define) {
  const std::unique_ptr<Optimizer> rule = built_optimizer(fields);
  on_every_target([&] { check_rule_here(*rule, define); });
}

}  // namespace

TEST_CASE("Sgd follows its definition, however the arena is cut") {
  for (const bool momentum : {false, true}) {
    for (const bool nesterov : {false, true}) {
      if (nesterov && !momentum) continue;
      CAPTURE(momentum, nesterov);
      std::vector<std::string> fields = {"kind=sgd", "lr=0.1", "weight_decay=0.01"};
      if (momentum) fields.push_back("momentum=0.9");
      if (nesterov) fields.push_back("nesterov=true");
      check_rule(fields, [&](Exact& e, double g, double) {
        g += 0.01 * e.w;
        if (!momentum) {
          e.w -= 0.1 * g;
          return;
        }
        e.slots[0] = 0.9 * e.slots[0] + g;
        e.w -= 0.1 * (nesterov ? g + 0.9 * e.slots[0] : e.slots[0]);
      });
    }
  }
}

namespace {

// The moments of Adam and its kin, b1 = 0.9 and b2 = 0.99, and their step with `second` in the place of v.
void learn_moments(Exact& e, double g) {
  e.slots[0] = 0.9 * e.slots[0] + 0.1 * g;
  e.slots[1] = 0.99 * e.slots[1] + 0.01 * g * g;
}
void step_by_moments(Exact& e, double second, double t) {
  e.w -= 0.01 * e.slots[0] / (1 - std::pow(0.9, t)) / (std::sqrt(second / (1 - std::pow(0.99, t))) + 1e-6);
}

const std::vector<std::string> kMoments = {"lr=0.01", "betas=[0.9, 0.99]", "eps=1e-6", "weight_decay=0.1"};

std::vector<std::string> of_kind(const std::string& kind) {
  std::vector<std::string> fields = {"kind=" + kind};
  fields.insert(fields.end(), kMoments.begin(), kMoments.end());
  return fields;
}

}  // namespace

TEST_CASE("Adam and AdamW follow their definitions, however the arena is cut") {
  check_rule(of_kind("adam"), [](Exact& e, double g, double t) {
    learn_moments(e, g + 0.1 * e.w);
    step_by_moments(e, e.slots[1], t);
  });
  check_rule(of_kind("adamw"), [](Exact& e, double g, double t) {
    e.w *= 1 - 0.01 * 0.1;
    learn_moments(e, g);
    step_by_moments(e, e.slots[1], t);
  });
}

TEST_CASE("AMSGrad, a rule of three slots, follows its definition, however the arena is cut") {
  check_rule(of_kind("amsgrad"), [](Exact& e, double g, double t) {
    learn_moments(e, g + 0.1 * e.w);
    e.slots[2] = std::max(e.slots[2], e.slots[1]);
    step_by_moments(e, e.slots[2], t);
  });
}

TEST_CASE("after a large gradient AMSGrad's rate stays low, where Adam's grows again") {
  double moved[2] = {};
  for (const size_t which : {0, 1}) {
    const std::unique_ptr<Optimizer> rule =
        built_optimizer({which == 0 ? "kind=adam" : "kind=amsgrad", "lr=0.01", "betas=[0, 0.5]"});
    float w = 0, slots[kMostSlots] = {};
    float* const pointers[] = {&slots[0], &slots[1], &slots[2]};
    const Range one = {0, 1};
    for (int64_t number = 1; number <= 30; ++number) {
      const float before = w, g = number == 1 ? 100.0f : 1.0f;
      rule->update({.number = number, .lr = 0.01, .scale = {}},
                   {.weights = &w, .gradients = &g, .slots = pointers, .runs = {&one, 1}});
      moved[which] = static_cast<double>(before - w);
    }
  }
  CHECK(moved[0] == Approx(0.01).epsilon(1e-3));                      // |g| / sqrt(v), v = 1 by now
  CHECK(moved[1] == Approx(0.01 / std::sqrt(5000.0)).epsilon(1e-3));  // v was 5000 once
}

TEST_CASE("Adagrad follows its definition, however the arena is cut") {
  check_rule({"kind=adagrad", "lr=0.1", "lr_decay=0.01", "eps=1e-6", "weight_decay=0.1"},
             [](Exact& e, double g, double t) {
               g += 0.1 * e.w;
               e.slots[0] += g * g;
               e.w -= 0.1 / (1 + (t - 1) * 0.01) * g / (std::sqrt(e.slots[0]) + 1e-6);
             });
}

TEST_CASE("Updates leave a weight of 0 with gradient 0 at exactly 0, and what lies between the runs alone") {
  on_every_target([] {
    for (const std::string kind : {"sgd", "adam", "adamw", "amsgrad", "adagrad"}) {
      INFO(kind);
      const std::unique_ptr<Optimizer> rule = built_optimizer({"kind=" + kind, "weight_decay=0.1"});
      std::vector<float> w(200, 0.0f), g(200, 0.0f);
      std::vector<std::vector<float>> slots(kMostSlots, std::vector<float>(200, 0.0f));
      float* const pointers[] = {slots[0].data(), slots[1].data(), slots[2].data()};
      const std::vector<Range> runs = {{3, 40}, {41, 42}, {100, 164}};
      const kernels::ParameterSlice slice = {
          .weights = w.data(), .gradients = g.data(), .slots = pointers, .runs = runs};
      rule->update({.number = 1, .lr = 0.1, .scale = {}}, slice);
      CHECK(w == std::vector<float>(200, 0.0f));
      std::fill(g.begin(), g.end(), 1.0f);
      rule->update({.number = 2, .lr = 0.1, .scale = {}}, slice);
      for (size_t i = 0; i < w.size(); ++i) {
        const bool inside = (i >= 3 && i < 40) || i == 41 || (i >= 100 && i < 164);
        CHECK((w[i] != 0) == inside);
        for (size_t k = 0; k < rule->slots().size(); ++k) CHECK((slots[k][i] != 0) == inside);
      }
    }
  });
}
