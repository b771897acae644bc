#include "runs/code_use.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace mlrun {

int64_t CodeUse::used() const {
  return std::count_if(counts.begin(), counts.end(), [](int64_t c) { return c > 0; });
}

double CodeUse::perplexity() const {
  double total = 0, entropy = 0;
  for (const int64_t c : counts) total += static_cast<double>(c);
  for (const int64_t c : counts) {
    const double p = static_cast<double>(c) / total;
    if (c > 0) entropy -= p * std::log(p);
  }
  return std::exp(entropy);
}

double CodeUse::rate() const {
  double sum = 0;
  for (const double r : rates) sum += r;
  return sum / static_cast<double>(rates.size());
}

std::map<std::string, double> CodeUse::columns() const {
  std::map<std::string, double> all = {{"codes_used", static_cast<double>(used())},
                                       {"code_perplexity", perplexity()},
                                       {"codes_restarted", static_cast<double>(restarted)},
                                       {"quantization_error", quantization_error}};
  if (!rates.empty()) all["rate"] = rate();
  return all;
}

std::string CodeUse::warning() const {
  if (10 * used() >= codes()) return "";
  return fmt::format(
      "only {} of {} codes are used (perplexity {:.1f}): the codebook has collapsed\n"
      "  codes that are restarted   model.quantizer.kind=ema or rotation, restart_below at least 1\n"
      "  codes without a table      model.quantizer.kind=fsq\n"
      "  fewer codes                model.quantizer.codes (levels, bits)",
      used(), codes(), perplexity());
}

}  // namespace mlrun
