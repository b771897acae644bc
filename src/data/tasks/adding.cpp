// The adding problem (Hochreiter & Schmidhuber 1997; Le, Jaitly & Hinton 2015), in symbols: among many digits two are
// marked, one in each half, and the answer is their sum, as two digits.
//
// Gated cells solve it and plain recurrences do not beyond some hundred steps; attention and selective models do;
// a linear time-invariant layer alone finds the two (the mark is part of the symbol, so that an embedding is gate
// enough), and needs a nonlinear layer behind it to add with a carry. Who guesses knows the first digit half of the
// time, base 10.
#include <fmt/format.h>

#include "data/tasks/task.hpp"

namespace mlrun {
namespace {

class Adding : public TaskDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec)
        : length(spec.integer("length", {.help = "digits", .min = 2, .max = 1 << 24, .fallback = 100})),
          base(spec.integer("alphabet", {.help = "the base: digits are 0 .. alphabet - 1; a marked digit is that much "
                                                 "larger",
                                         .min = 2,
                                         .max = 32767,
                                         .fallback = 10})),
          rows(spec) {}
    int64_t length, base;
    TaskRows rows;
  };

  // Digits, marked digits, and the sign that ends the question.
  Adding(const Options& o, const DataSources&)
      : TaskDataset({.shape = {o.length + 3}, .alphabet = 2 * o.base + 1, .classes = 0, .given = o.length + 1}, o.rows,
                    fmt::format("adding two of {} digits in base {}", o.length, o.base)),
        length_(o.length),
        base_(o.base) {}

 private:
  void write(const RandomStream& draws, std::span<int32_t> row) const override {
    const auto n = static_cast<size_t>(length_);
    const auto base = static_cast<int32_t>(base_);
    for (size_t i = 0; i < n; ++i) row[i] = draw_below(draws, i, base_);
    const size_t half = n / 2;
    int32_t sum = 0;
    for (const size_t place :
         {static_cast<size_t>(draws.below(n, half)), half + static_cast<size_t>(draws.below(n + 1, n - half))}) {
      sum += row[place];
      row[place] += base;
    }
    row[n] = 2 * base;
    row[n + 1] = sum / base;
    row[n + 2] = sum % base;
  }

  int64_t length_, base_;
};

[[maybe_unused]] const bool registered =
    register_dataset<Adding>("adding", "a task: the sum of the two marked digits among many");

}  // namespace
}  // namespace mlrun
