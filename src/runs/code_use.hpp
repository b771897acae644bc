// How a split uses the codes of a VQ-VAE: collapse, where a few codes serve for everything, must be seen.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mlrun {

struct CodeUse {
  std::vector<int64_t> counts;    // of every code over the split; where a position has several symbols, of all together
  double quantization_error = 0;  // mean |z - q|^2 of a vector
  // Of every image, where stage one has a prior of its own: log q(z|x) - log p(z), the part of its NLL that codes cost.
  std::vector<double> rates;
  int64_t restarted = 0;  // codes that were moved because nothing used them, since training began

  int64_t codes() const { return static_cast<int64_t>(counts.size()); }
  int64_t used() const;       // codes with a count above 0
  double perplexity() const;  // e^H, H the entropy in nats of the counts: as many equally frequent codes would have it
  double rate() const;        // mean of `rates`, nats
  // The columns of a row of metrics.
  std::map<std::string, double> columns() const;
  // A remedy in words where fewer than a tenth of the codes are used; else "".
  std::string warning() const;
};

}  // namespace mlrun
