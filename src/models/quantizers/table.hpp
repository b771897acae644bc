// What quantisers with a table of vectors share: their options, the search, the first table.
#pragma once

#include <optional>

#include "models/quantizers/quantizer.hpp"

namespace mlrun {

struct TableOptions {
  // The keys `codes`, `code_dim`, `commitment`, `distance` and `initial`.
  explicit TableOptions(config::Reader& reader);
  int64_t codes;
  std::optional<int64_t> code_dim;  // nullopt: that of the rows
  double commitment;                // beta of van den Oord et al. 2017, eq. 3
  bool cosine;                      // codes are chosen by the angle: z and codes of length 1
  bool k_means;                     // first table: means of the first batch; else drawn
};

// How a table, drawn when there is no data to look at, begins: N(0, 1 / d).
Initialiser initial_table(int64_t d);

// z as the search sees it: rows of length 1 for cosine distance.
Variable as_searched(const Variable& z, const TableOptions& options);
Tensor as_searched(const Tensor& table, const TableOptions& options);

// Of rows [n, d], the nearest row of table [codes, d]: s32 [n, 1]. bias [codes], added to the squared distances, or
// null.
Tensor nearest(const Tensor& rows, const Tensor& table, const float* bias = nullptr);

// k-means by Lloyd's algorithm, ten rounds from rows drawn without repetition; means that end without a member are put
// on rows drawn again. With fewer rows than codes, the rest keeps what `table` [codes, d] holds. Deterministic.
void k_means(const Tensor& rows, const RandomStream& noise, Tensor& table);

// Rows z to the nearest rows e of a learned table [codes, d], straight-through, with the loss
// |sg[z] - e|^2 + beta |z - sg[e]|^2 (the last two terms of van den Oord et al. 2017, eq. 3).
Quantized quantize_by_table(const Variable& z, const Variable& table, double commitment);

// Quantizer::log_odds by distance: 2 z . e_k - |e_k|^2, which is -|z - e_k|^2 + |z|^2. z [rows, d], table [codes, d].
Variable log_odds_by_distance(const Variable& z, const Variable& table);

double squared_error(const Tensor& a, const Tensor& b);  // sum of (a - b)^2

}  // namespace mlrun
