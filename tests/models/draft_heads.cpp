// Heads of a sequence model that predict further symbols: models/sequence/draft_heads.hpp.
#include "models/sequence/draft_heads.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "base/error.hpp"
#include "catch.hpp"
#include "models/battery.hpp"

using namespace mlrun;
using namespace mlrun::test;

namespace {

constexpr int64_t kLength = 9, kHeads = 3;

Built with_heads(const DataSpec& data, const std::string& kind, std::vector<std::string> more = {}) {
  more.insert(more.end(), {"width=8", "layers=1", "mixer.kind=gru", "heads.kind=" + kind, "heads.count=3"});
  return build("sequence", data, more);
}

double log_p(const float* logits, int64_t alphabet, int32_t symbol) {
  if (alphabet == 2)
    return -std::log1p(std::exp(symbol == 1 ? -static_cast<double>(*logits) : static_cast<double>(*logits)));
  double sum = 0;
  for (int64_t k = 0; k < alphabet; ++k) sum += std::exp(static_cast<double>(logits[k]));
  return static_cast<double>(logits[symbol]) - std::log(sum);
}

}  // namespace

TEST_CASE("the loss of a model with heads is its NLL and the heads' beside it, as they say step by step") {
  for (const int64_t alphabet : {2, 4}) {
    const DataSpec data{.shape = {kLength}, .alphabet = alphabet, .classes = 0};
    for (const std::string kind : {"medusa", "mtp"}) {
      const Built b = with_heads(data, kind, {"heads.weight=0.5"});
      const Batch batch = random_batch(data, 3, 8);
      CHECK_FALSE(b.model->loss_is_nll());
      CHECK(b.autoregressive().heads() == kHeads);
      Pass pass(*b.parameters);
      const TrainingLoss found = b.model->loss_and_nll(pass, batch);
      const auto view = b.autoregressive().step_view(*b.parameters);
      double nll = 0, of_heads = 0;
      for (const double each : b.model->nll(*b.parameters, batch)) nll += each;
      std::vector<float> out(static_cast<size_t>(alphabet));
      for (int64_t i = 0; i < batch.count(); ++i) {
        const int32_t* s = batch.symbols.data<int32_t>() + i * kLength;
        const auto stepper = view->begin(1);
        for (int64_t t = 0; t < kLength; ++t) {
          for (int64_t k = 1; k <= kHeads && t + k < kLength; ++k) {
            stepper->head_logits(k, s[t + k - 1], out.data());
            of_heads -= log_p(out.data(), alphabet, s[t + k]);
          }
          stepper->observe(s + t);
        }
      }
      INFO(kind << ", " << alphabet << " symbols");
      CHECK(found.nll == Approx(nll).epsilon(1e-5));
      CHECK(static_cast<double>(found.loss.value().data<float>()[0]) ==
            Approx(nll + 0.5 * of_heads / kHeads).epsilon(1e-5));
    }
  }
}

TEST_CASE("a frozen trunk is not trained: its gradient is 0, the heads' is not, and their loss is the loss") {
  const DataSpec data{.shape = {kLength}, .alphabet = 3, .classes = 2};
  for (const std::string kind : {"medusa", "mtp"}) {
    for (const std::string condition : {"class", "joint"}) {
      const Built b = with_heads(data, kind, {"heads.trunk=frozen", "condition=" + condition, "dropout=0.3"});
      for (size_t p = 0; p < b.parameters->parameters().size(); ++p) {  // maps that begin as zeros let nothing through
        Tensor w = b.parameters->value(p);
        for (int64_t i = 0; i < w.count(); ++i) w.data<float>()[i] += 0.01f * static_cast<float>(1 + i % 7);
      }
      const Batch batch = random_batch(data, 4, 2);
      Tensor gradients = b.parameters->like();
      Pass pass(*b.parameters, gradients, 0, RandomStream(1, "heads"));
      const TrainingLoss found = b.model->loss_and_nll(pass, batch);
      pass.backward(found.loss, 1.0f);
      double nll = 0;
      for (const double each : b.model->nll(*b.parameters, batch)) nll += each;
      CHECK(found.nll == Approx(nll).epsilon(1e-5));  // no dropout in what is not trained
      for (size_t p = 0; p < b.parameters->parameters().size(); ++p) {
        const ParameterInfo& info = b.parameters->parameters()[p];
        const Tensor gradient = b.parameters->window(gradients, p);
        const bool zero = std::all_of(gradient.data<float>(), gradient.data<float>() + gradient.count(),
                                      [](float x) { return x == 0; });
        INFO(kind << " " << info.path);
        const bool head = info.path.starts_with("heads/");
        CHECK(zero == !head);
        CHECK(info.added == head);
        CHECK((info.trained.size() == 1 && info.trained[0].size() == 0) == !head);
      }
    }
  }
}

TEST_CASE("a model of which heads are asked further on than its sequences go is refused") {
  try {
    with_heads({.shape = {3}, .alphabet = 3, .classes = 0}, "medusa");
    FAIL("built");
  } catch (const Error& e) {
    CHECK(e.code() == ExitCode::kUsage);
    CHECK(std::string(e.what()).find("model.heads.count=2") != std::string::npos);
  }
}
