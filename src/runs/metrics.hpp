// Numbers that a run produces, as rows of named columns.
#pragma once

#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/bytes.hpp"
#include "io/journal.hpp"
#include "runs/code_use.hpp"
#include "runs/expert_use.hpp"

namespace mlrun {

// One evaluation of a likelihood: over `count` examples of a split.
struct Evaluation {
  int64_t count = 0;
  double nll = 0;     // mean -log p(x), nats
  double nll_se = 0;  // its standard error over examples
  double bpd = 0;     // bits per dimension
  double seconds = 0;
  std::vector<double> per_example;   // nats, in the split's order
  std::optional<double> accuracy;    // where there is something to be right about (Model::has_accuracy): a share
  std::optional<CodeUse> codes;      // of a VQ-VAE, whose nll is that of reconstruction alone
  std::optional<ExpertUse> experts;  // of a mixture of experts, over a sample of the split
};

// The unit of a column of metrics ("nats"; "1" of a share and of what has none).
const char* unit_of_metric(const std::string& column);

// "NaN", "Inf" or "-Inf" of what is not finite, else the number to six digits.
std::string in_words(double value);

// Columns of one table ("train", "valid"): equal lengths, missing values NaN.
class MetricTable {
 public:
  void add(const std::map<std::string, double>& row);
  const std::map<std::string, std::vector<double>>& columns() const { return columns_; }
  int64_t rows() const { return rows_; }

 private:
  std::map<std::string, std::vector<double>> columns_;
  int64_t rows_ = 0;
};

// The tables of a journal. Fields that are not numbers, such as the null of what was NaN, are missing values.
// Whether a line of a journal, as it stands, is a row of this table; of any table: "". A line in another spelling than
// Journal's is none, so it is to be parsed to be sure.
bool is_row_of(std::string_view line, std::string_view table);
std::map<std::string, MetricTable> metric_tables(const io::JournalContents& journal);

}  // namespace mlrun
