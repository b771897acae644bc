// How a split uses the experts of a mixture of experts: a router that has collapsed onto a few of them must be seen.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace mlrun {

struct ExpertUse {
  // How often each expert was chosen, [blocks][experts] (Model::expert_counts).
  std::vector<std::vector<int64_t>> counts;
  int64_t examples = 0;  // of the split, for whose positions that was counted

  // What share of a block's choices fell on each expert: [blocks][experts], each block's sum is 1.
  std::vector<std::vector<double>> shares() const;
  // e^H, H the entropy of a block's shares, of the block where it is least: as many equally busy experts would have it.
  double effective() const;
  // The columns of a row of metrics: experts_effective, and expert_B_E of expert E in block B, from 1 on.
  std::map<std::string, double> columns() const;
  // "experts 9.1 to 15.0%, as even as 7.9 of 8": of all blocks.
  std::string summary() const;
  // A remedy in words where half of a block's experts or more have less than a tenth of an even share; else "".
  std::string warning() const;
};

}  // namespace mlrun
