// The law that symbols are drawn from.
#include "generate/draw.hpp"

#include <cmath>
#include <vector>

#include "catch.hpp"

using namespace mlrun;

namespace {

// How much of [0, 1) picks each symbol, to 1e-4.
std::vector<double> shares(const std::vector<double>& probabilities, const DrawLaw& law) {
  std::vector<float> logits;
  const bool binary = probabilities.size() == 2;
  if (binary) logits.push_back(static_cast<float>(std::log(probabilities[1] / probabilities[0])));
  else
    for (const double p : probabilities) logits.push_back(static_cast<float>(std::log(p)));
  std::vector<double> found(probabilities.size());
  const int steps = 10000;
  for (int i = 0; i < steps; ++i) {
    const int32_t symbol =
        draw_symbol(logits.data(), static_cast<int64_t>(probabilities.size()), (i + 0.5) / steps, law);
    found[static_cast<size_t>(symbol)] += 1.0 / steps;
  }
  return found;
}

void check_shares(const std::vector<double>& probabilities, const DrawLaw& law, const std::vector<double>& expected) {
  const std::vector<double> found = shares(probabilities, law);
  INFO(law.words());
  for (size_t k = 0; k < expected.size(); ++k) {
    INFO("symbol " << k);
    CHECK(found[k] == Approx(expected[k]).margin(2e-4));
  }
}

}  // namespace

TEST_CASE("the default law is the model's own, and says so") {
  check_shares({0.1, 0.5, 0.15, 0.25}, {}, {0.1, 0.5, 0.15, 0.25});
  check_shares({0.3, 0.7}, {}, {0.3, 0.7});
  CHECK(DrawLaw{}.is_exact());
  CHECK(DrawLaw{}.words() == "the model's own");
}

TEST_CASE("a repetition penalty makes what was seen less likely, whatever the sign of its logit") {
  const DrawLaw law = {.repetition = 2};
  const float logits[] = {3, -1, 0.5f, 2};
  CHECK(penalised(logits, {true, true, false, false}, law) == std::vector<float>{1.5f, -2, 0.5f, 2});
  CHECK(!law.is_exact());
  CHECK(law.words() == "repetition penalty 2: not the model's own");
}

TEST_CASE("top-k leaves the likeliest symbols and renormalises them") {
  check_shares({0.1, 0.5, 0.15, 0.25}, {.top_k = 2}, {0, 2.0 / 3, 0, 1.0 / 3});
  check_shares({0.1, 0.5, 0.15, 0.25}, {.top_k = 1}, {0, 1, 0, 0});
  check_shares({0.1, 0.5, 0.15, 0.25}, {.top_k = 9}, {0.1, 0.5, 0.15, 0.25});
  check_shares({0.25, 0.25, 0.25, 0.25}, {.top_k = 2}, {0.5, 0.5, 0, 0});  // of equals the smaller
  check_shares({0.3, 0.7}, {.top_k = 1}, {0, 1});
  check_shares({0.3, 0.7}, {.top_k = 2}, {0.3, 0.7});
}

TEST_CASE("top-p leaves the fewest symbols with that probability together, and one at least") {
  check_shares({0.1, 0.5, 0.15, 0.25}, {.top_p = 0.7}, {0, 2.0 / 3, 0, 1.0 / 3});
  check_shares({0.1, 0.5, 0.15, 0.25}, {.top_p = 0.45}, {0, 1, 0, 0});
  check_shares({0.1, 0.5, 0.15, 0.25}, {.top_p = 1e-9}, {0, 1, 0, 0});
  check_shares({0.1, 0.5, 0.15, 0.25}, {.top_p = 0.85}, {0, 0.5 / 0.9, 0.15 / 0.9, 0.25 / 0.9});
  check_shares({0.3, 0.7}, {.top_p = 0.6}, {0, 1});
}

TEST_CASE("temperature comes first, then top-k, then top-p of what that leaves") {
  // Squared: 0.01, 0.25, 0.0225, 0.0625.
  check_shares({0.1, 0.5, 0.15, 0.25}, {.temperature = 0.5, .top_k = 3},
               {0, 0.25 / 0.335, 0.0225 / 0.335, 0.0625 / 0.335});
  check_shares({0.1, 0.5, 0.15, 0.25}, {.temperature = 0.5, .top_p = 0.7}, {0, 1, 0, 0});  // 0.725 of the whole
  // Of 0.5 and 0.25 alone, the first has two thirds.
  check_shares({0.1, 0.5, 0.15, 0.25}, {.top_k = 2, .top_p = 0.66}, {0, 1, 0, 0});
  const DrawLaw law = {.temperature = 0.5, .top_k = 3, .top_p = 0.9};
  CHECK_FALSE(law.is_exact());
  CHECK(law.words() == "temperature 0.5, top-k 3, top-p 0.9: not the model's own");
}
