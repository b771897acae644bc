#include "generate/predictive.hpp"

#include <algorithm>
#include <cmath>

namespace mlrun {
namespace {

double softplus(double x) { return std::max(x, 0.0) + std::log1p(std::exp(-std::abs(x))); }

struct Softmax {
  Softmax(const float* logits, int64_t alphabet)
      : logits_(logits), most_(static_cast<double>(*std::max_element(logits, logits + alphabet))) {
    double total = 0;
    for (int64_t k = 0; k < alphabet; ++k) total += std::exp(static_cast<double>(logits[k]) - most_);
    log_total_ = std::log(total);
  }
  double log_probability(int64_t symbol) const { return static_cast<double>(logits_[symbol]) - most_ - log_total_; }

 private:
  const float* logits_;
  double most_, log_total_ = 0;
};

}  // namespace

double log_probability(const float* logits, int64_t alphabet, int32_t symbol) {
  if (alphabet == 2) return -softplus(symbol == 1 ? -static_cast<double>(*logits) : static_cast<double>(*logits));
  return Softmax(logits, alphabet).log_probability(symbol);
}

double predictive_entropy(const float* logits, int64_t alphabet) {
  if (alphabet == 2) {
    const double x = std::abs(static_cast<double>(*logits));  // even in the log-odds
    return softplus(-x) + x / (1 + std::exp(x));
  }
  const Softmax law(logits, alphabet);
  double entropy = 0;
  for (int64_t k = 0; k < alphabet; ++k) {
    const double log_p = law.log_probability(k);
    if (const double p = std::exp(log_p); p > 0) entropy -= p * log_p;
  }
  return entropy;
}

double surprise_variance(const float* logits, int64_t alphabet) {
  double mean = 0, square = 0;
  const auto add = [&](double log_p) {
    const double p = std::exp(log_p);
    if (p == 0) return;
    mean -= p * log_p;
    square += p * log_p * log_p;
  };
  if (alphabet == 2) {
    for (const int32_t symbol : {0, 1}) add(log_probability(logits, alphabet, symbol));
  } else {
    const Softmax law(logits, alphabet);
    for (int64_t k = 0; k < alphabet; ++k) add(law.log_probability(k));
  }
  return std::max(0.0, square - mean * mean);
}

}  // namespace mlrun
