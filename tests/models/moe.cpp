// Mixtures of experts: what they compute, that both views choose the same experts, what balances them, what is refused.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <exception>
#include <string>
#include <utility>
#include <vector>

#include "catch.hpp"
#include "models/battery.hpp"
#include "models/sequence/moe.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

const DataSpec kData = {.shape = {3, 3}, .alphabet = 2, .classes = 0};

std::vector<std::string> with(std::vector<std::string> options, const std::vector<std::string>& more) {
  options.insert(options.end(), more.begin(), more.end());
  return options;
}

const std::vector<std::string> kSmall = {"width=6", "layers=1", "mixer.kind=gru", "expansion=2"};

Tensor random_rows(int64_t rows, int64_t width) {
  const RandomStream noise(3, "rows");
  Tensor x({rows, width});
  for (int64_t i = 0; i < x.count(); ++i)
    x.data<float>()[i] = static_cast<float>(noise.normal(static_cast<uint64_t>(i)));
  return x;
}

bool same_bits(const Tensor& a, const Tensor& b) {
  return a.bytes() == b.bytes() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

// A mixture of experts alone.
struct Alone {
  explicit Alone(const std::vector<std::string>& overrides)
      : built(build("sequence", kData, with(with(kSmall, {"mlp=moe"}), overrides))) {}
  const Tensor& value(const std::string& path) const {
    for (size_t i = 0; i < built.parameters->parameters().size(); ++i)
      if (built.parameters->parameters()[i].path == path) return built.parameters->value(i);
    FAIL("no parameter " << path);
    return built.parameters->value(0);
  }
  Tensor bias() const {
    for (const StateInfo& state : built.parameters->states())
      if (state.path == "block_1/mlp/bias") return state.value;
    return {};
  }
  Tensor logits(const Batch& batch) const {
    Pass pass(*built.parameters);
    return built.autoregressive().logits(pass, built.autoregressive().ordered(batch), 0).value();
  }
  Built built;
};

MoeOptions options_of(int64_t experts, int64_t top_k) {
  MoeOptions options;
  options.experts = experts;
  options.top_k = top_k;
  return options;
}

}  // namespace

TEST_CASE("one expert that everything is sent to is the plain MLP of its kind") {
  for (const char* kind : {"gelu", "swiglu", "relu2"}) {
    const std::string name = kind;
    const Alone one({"moe.experts=1", "moe.top_k=1", "moe.expert=" + name});
    const Built plain = build("sequence", kData, with(kSmall, {"mlp=" + name}));
    for (size_t i = 0; i < plain.parameters->parameters().size(); ++i) {
      std::string path = plain.parameters->parameters()[i].path;
      if (const size_t at = path.find("mlp/"); at != std::string::npos) path.insert(at + 4, "expert_1/");
      Tensor place = plain.parameters->value(i);
      place.copy_from(one.value(path));
    }
    const Batch batch = random_batch(kData, 5, 3);
    Pass pass(*plain.parameters);
    const Tensor expected = plain.autoregressive().logits(pass, plain.autoregressive().ordered(batch), 0).value(),
                 found = one.logits(batch);
    INFO(name);
    for (int64_t i = 0; i < expected.count(); ++i)
      CHECK(found.data<float>()[i] == Approx(expected.data<float>()[i]).margin(1e-6));
  }
}

TEST_CASE("a position has the experts of the largest scores, weighted by their shares, and the shared ones") {
  for (const bool sigmoid : {false, true}) {
    for (const int64_t top_k : {1, 2, 4}) {
      MoeOptions options = options_of(4, top_k);
      options.gate = sigmoid ? ExpertGate::kSigmoid : ExpertGate::kSoftmax;
      options.shared = 1;
      ParameterArena arena;
      Moe moe(options, 6, 7, Scope(arena, 1));
      arena.allocate();
      arena.initialise(5);
      const auto tensor = [&](const std::string& path) -> const Tensor& {
        for (size_t i = 0; i < arena.parameters().size(); ++i)
          if (arena.parameters()[i].path == path) return arena.value(i);
        FAIL("no parameter " << path);
        return arena.value(0);
      };
      // In double, from the weights alone.
      const auto affine = [&](const std::string& place, const std::vector<double>& x, bool has_bias) {
        const Tensor& w = tensor(place + "/weight");
        std::vector<double> y;
        for (int64_t o = 0; o < w.dim(0); ++o) {
          double sum = has_bias ? static_cast<double>(tensor(place + "/bias").data<float>()[o]) : 0;
          for (int64_t i = 0; i < w.dim(1); ++i)
            sum += static_cast<double>(w.data<float>()[o * w.dim(1) + i]) * x[static_cast<size_t>(i)];
          y.push_back(sum);
        }
        return y;
      };
      const auto mlp = [&](const std::string& place, const std::vector<double>& x) {
        std::vector<double> h = affine(place + "/up", x, true);
        for (double& v : h) v = 0.5 * v * std::erfc(-v / std::sqrt(2.0));
        return affine(place + "/down", h, true);
      };
      const Tensor rows = random_rows(50, 6);
      Pass pass(arena);
      const Tensor found = moe(pass, rows.reshape({5, 10, 6})).value();
      for (int64_t r = 0; r < 50; ++r) {
        std::vector<double> x(rows.data<float>() + r * 6, rows.data<float>() + (r + 1) * 6);
        std::vector<double> s = affine("router", x, false);
        double total = 0;
        for (double& v : s) v = sigmoid ? 1 / (1 + std::exp(-v)) : std::exp(v), total += v;
        if (!sigmoid)
          for (double& v : s) v /= total;
        std::vector<size_t> order = {0, 1, 2, 3};
        std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return s[a] > s[b]; });
        double of_chosen = 0;
        for (size_t j = 0; j < static_cast<size_t>(top_k); ++j) of_chosen += s[order[j]];
        std::vector<double> expected = mlp("shared_1", x);
        for (size_t j = 0; j < static_cast<size_t>(top_k); ++j) {
          const std::vector<double> y = mlp("expert_" + std::to_string(order[j] + 1), x);
          for (size_t k = 0; k < 6; ++k) expected[k] += s[order[j]] / (top_k == 1 ? 1 : of_chosen) * y[k];
        }
        for (int64_t k = 0; k < 6; ++k)
          CHECK(static_cast<double>(found.data<float>()[r * 6 + k]) ==
                Approx(expected[static_cast<size_t>(k)]).margin(2e-6));
      }
    }
  }
}

TEST_CASE("a row has the same bits alone, in a stretch and in the parallel view, and so the same experts") {
  for (const bool sigmoid : {false, true}) {
    MoeOptions options = options_of(5, 2);
    options.gate = sigmoid ? ExpertGate::kSigmoid : ExpertGate::kSoftmax;
    options.expert = sigmoid ? MlpKind::kSwiglu : MlpKind::kGelu;
    options.shared = 1;
    ParameterArena arena;
    Moe moe(options, 6, 19, Scope(arena, 1));
    arena.allocate();
    arena.initialise(5);
    const Tensor rows = random_rows(67, 6);
    Pass pass(arena);
    const Tensor whole = moe(pass, rows.reshape({1, 67, 6})).value().reshape({67, 6});
    const auto steps = moe.steps();
    const auto stepper = steps->begin(1);
    CHECK(same_bits(stepper->extend(rows), whole));
    int64_t begin = 0;
    for (const int64_t count : {1, 2, 30, 1, 16, 17}) {
      CHECK(same_bits(stepper->extend(rows.rows(begin, begin + count)), whole.rows(begin, begin + count)));
      Pass part(arena);
      CHECK(same_bits(moe(part, rows.rows(begin, begin + count).reshape({1, count, 6})).value(),
                      whole.rows(begin, begin + count)));
      begin += count;
    }
  }
}

TEST_CASE("the bias of an expert goes up where it was chosen too rarely, and changes the choice alone") {
  const Alone moe({"moe.experts=3", "moe.top_k=1", "moe.rate=0.25"});
  Statistics lane = moe.built.parameters->statistics(), other = moe.built.parameters->statistics();
  REQUIRE(lane.size() == 1);
  for (const auto& [expert, count] : {std::pair{0, 5.0f}, std::pair{1, 1.0f}}) lane[0].data<float>()[expert] = count;
  other[0].data<float>()[2] = 3;
  moe.built.model->after_step({lane, other});
  CHECK(moe.bias().data<float>()[0] == -0.25f);
  CHECK(moe.bias().data<float>()[1] == 0.25f);
  CHECK(moe.bias().data<float>()[2] == 0.0f);
  // An offset that all share changes nothing, and one that is out of reach takes everything.
  const Batch batch = random_batch(kData, 4, 1);
  Tensor bias = moe.bias();
  bias.fill(0);
  const Tensor before = moe.logits(batch).clone();
  bias.fill(4);
  CHECK(same_bits(moe.logits(batch), before));
  bias.data<float>()[2] = 7;
  const auto counts = moe.built.model->expert_counts(*moe.built.parameters, batch);
  REQUIRE(counts.size() == 1);
  CHECK(counts[0] == std::vector<int64_t>{0, 0, 36});
}

TEST_CASE("the loss of balance is weight * experts * sum of shares times mean scores, for every position") {
  for (const char* gate : {"softmax", "sigmoid"}) {
    const std::vector<std::string> base = {"moe.experts=3", "moe.top_k=2", std::string("moe.gate=") + gate};
    const Alone none(with(base, {"moe.balance=none"})), loss(with(base, {"moe.balance=loss", "moe.weight=0.5"}));
    CHECK(none.built.model->loss_is_nll());
    CHECK_FALSE(loss.built.model->loss_is_nll());
    CHECK(none.built.parameters->states().empty());
    const Batch batch = random_batch(kData, 4, 1);
    const auto of = [&](const Alone& alone) {
      Tensor gradients = alone.built.parameters->like();
      Pass pass(*alone.built.parameters, gradients, 0, RandomStream(1, "test"));
      const TrainingLoss found = alone.built.model->loss_and_nll(pass, batch);
      return std::pair(static_cast<double>(found.loss.value().data<float>()[0]), found.nll);
    };
    CHECK(of(none).first == of(none).second);
    CHECK(of(loss).second == of(none).second);
    // At even shares and scores it is the weight for each of 36 positions, and experts that are alike come near that.
    CHECK(of(loss).first - of(loss).second == Approx(0.5 * 36).epsilon(0.2));
    CHECK(of(loss).first - of(loss).second >= 0.5 * 36 * 0.98);
  }
}

TEST_CASE("what of a model a position does not use is said") {
  const Alone moe({"moe.experts=4", "moe.top_k=1"});
  CHECK(moe.built.model->inactive_parameters() == 3 * (12 * 7 + 6 * 13));
  CHECK(build("sequence", kData, with(kSmall, {"mlp=gelu"})).model->inactive_parameters() == 0);
}

TEST_CASE("mistakes in a mixture of experts name the key and a value that works") {
  const auto message = [&](const std::vector<std::string>& options) -> std::string {
    try {
      build("sequence", kData, with(kSmall, options));
    } catch (const std::exception& e) {
      return e.what();
    }
    return "no mistake";
  };
  CHECK_THAT(message({"mlp=moe", "moe.experts=3", "moe.top_k=4"}),
             Catch::Contains("top_k") && Catch::Contains("4 of 3 experts") && Catch::Contains("top_k: 3"));
  CHECK_THAT(message({"mlp=moe", "moe.experts=0"}), Catch::Contains("moe.experts") && Catch::Contains("1"));
  CHECK_THAT(message({"mlp=moe", "moe.top_k=0"}), Catch::Contains("moe.top_k"));
  CHECK_THAT(message({"mlp=gelu", "moe.experts=3"}), Catch::Contains("mlp: moe"));
  CHECK_THAT(message({"mlp=moe", "moe.capacity=2"}), Catch::Contains("capacity"));
}
