#include "generate/draw.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include "base/number.hpp"

namespace mlrun {
namespace {

// Unnormalised probabilities, those that the law cuts away set to 0.
std::vector<double> weights_of(const float* logits, int64_t alphabet, const DrawLaw& law) {
  std::vector<double> weights(static_cast<size_t>(alphabet), 0.0);
  if (alphabet == 2) weights[1] = static_cast<double>(logits[0]) / law.temperature;
  else
    for (size_t k = 0; k < weights.size(); ++k) weights[k] = static_cast<double>(logits[k]) / law.temperature;
  const double most = *std::max_element(weights.begin(), weights.end());
  for (double& w : weights) w = std::exp(w - most);
  if (law.top_k == 0 && law.top_p >= 1) return weights;
  std::vector<size_t> likeliest(weights.size());
  std::iota(likeliest.begin(), likeliest.end(), size_t{0});
  std::stable_sort(likeliest.begin(), likeliest.end(), [&](size_t a, size_t b) { return weights[a] > weights[b]; });
  size_t kept = likeliest.size();
  if (law.top_k > 0) kept = std::min(kept, static_cast<size_t>(law.top_k));
  double total = 0;
  for (size_t i = 0; i < kept; ++i) total += weights[likeliest[i]];
  if (law.top_p < 1) {
    double sum = 0;
    size_t i = 0;
    while (i < kept && sum < law.top_p * total) sum += weights[likeliest[i++]];
    kept = std::max<size_t>(i, 1);
  }
  for (size_t i = kept; i < likeliest.size(); ++i) weights[likeliest[i]] = 0;
  return weights;
}

int32_t draw_truncated(const float* logits, int64_t alphabet, double u, const DrawLaw& law) {
  const std::vector<double> weights = weights_of(logits, alphabet, law);
  double left = u * std::accumulate(weights.begin(), weights.end(), 0.0);
  int32_t last = 0;
  for (size_t k = 0; k < weights.size(); ++k) {
    if (weights[k] == 0) continue;
    last = static_cast<int32_t>(k);
    left -= weights[k];
    if (left < 0) break;
  }
  return last;
}

}  // namespace

std::string DrawLaw::words() const {
  if (is_exact()) return "the model's own";
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (temperature != 1) add("temperature " + print_number(temperature));
  if (top_k > 0) add(fmt::format("top-k {}", top_k));
  if (top_p < 1) add("top-p " + print_number(top_p));
  if (repetition != 1) add("repetition penalty " + print_number(repetition));
  if (sliding) add("sliding");
  if (typical > 0) add("typical acceptance " + print_number(typical));
  if (constraint == ConstraintLaw::kExact)
    return text.empty() ? "the model's own, given the constraint"
                        : text + ", given the constraint: not the model's own";
  if (constraint == ConstraintLaw::kLocal) add("constrained step by step");
  return text + ": not the model's own";
}

std::vector<float> penalised(const float* logits, const std::vector<bool>& seen, const DrawLaw& law) {
  std::vector<float> result(logits, logits + seen.size());
  const auto penalty = static_cast<float>(law.repetition);
  for (size_t k = 0; k < result.size(); ++k) {
    if (seen[k]) result[k] = result[k] > 0 ? result[k] / penalty : result[k] * penalty;
  }
  return result;
}

std::vector<double> probabilities(const float* logits, int64_t alphabet, const DrawLaw& law) {
  std::vector<double> p = weights_of(logits, alphabet, law);
  const double total = std::accumulate(p.begin(), p.end(), 0.0);
  for (double& x : p) x /= total;
  return p;
}

bool is_typical(const float* logits, int64_t alphabet, int32_t symbol, const DrawLaw& law) {
  const std::vector<double> p = probabilities(logits, alphabet, law);
  double negative_entropy = 0;
  for (const double x : p) negative_entropy += x > 0 ? x * std::log(x) : 0;
  return p[static_cast<size_t>(symbol)] >= std::min(law.typical, std::sqrt(law.typical) * std::exp(negative_entropy));
}

int32_t draw_symbol(const float* logits, int64_t alphabet, double u, const DrawLaw& law) {
  if (law.top_k > 0 || law.top_p < 1) return draw_truncated(logits, alphabet, u, law);
  const double temperature = law.temperature;
  if (alphabet == 2) return u < 1.0 / (1.0 + std::exp(-static_cast<double>(logits[0]) / temperature)) ? 1 : 0;
  const double most = *std::max_element(logits, logits + alphabet);
  double total = 0;
  for (int64_t k = 0; k < alphabet; ++k) total += std::exp((static_cast<double>(logits[k]) - most) / temperature);
  double left = u * total;
  int32_t last = 0;  // where roundings leave something at the end: the last symbol that can be drawn at all
  for (int64_t k = 0; k < alphabet; ++k) {
    const double weight = std::exp((static_cast<double>(logits[k]) - most) / temperature);
    if (weight > 0) last = static_cast<int32_t>(k);
    left -= weight;
    if (left < 0) break;
  }
  return last;
}

}  // namespace mlrun
