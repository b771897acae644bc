// Induction heads (Olsson et al. 2022; Fu et al. 2023, "H3"; Gu & Dao 2023): somewhere in a noise of symbols stands a
// special one; at the end it stands again, and the answer is the symbol that followed it the first time.
//
// To recall by content: two layers of attention do it, selective state spaces do and go on to do it far beyond the
// length they were trained at, linear time-invariant models and small recurrences do not. Chance is 1 in `alphabet`.
#include <fmt/format.h>

#include "data/tasks/task.hpp"

namespace mlrun {
namespace {

constexpr int32_t kSpecial = 0, kFirst = 1;

class Induction : public TaskDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec)
        : length(spec.integer("length", {.help = "symbols of the question; the last is the special one",
                                         .min = 3,
                                         .max = 1 << 24,
                                         .fallback = 256})),
          alphabet(spec.integer(
              "alphabet",
              {.help = "different symbols, besides the special one", .min = 2, .max = 65535, .fallback = 15})),
          rows(spec) {}
    int64_t length, alphabet;
    TaskRows rows;
  };

  Induction(const Options& o, const DataSources&)
      : TaskDataset({.shape = {o.length + 1}, .alphabet = o.alphabet + kFirst, .classes = 0, .given = o.length}, o.rows,
                    fmt::format("induction heads, {} symbols of {}", o.length, o.alphabet)),
        length_(o.length),
        alphabet_(o.alphabet) {}

 private:
  void write(const RandomStream& draws, std::span<int32_t> row) const override {
    const auto n = static_cast<size_t>(length_);
    for (size_t i = 0; i < n; ++i) row[i] = kFirst + draw_below(draws, i, alphabet_);
    const auto place = static_cast<size_t>(draws.below(n, n - 2));  // one symbol at least comes after it
    row[place] = row[n - 1] = kSpecial;
    row[n] = row[place + 1];
  }

  int64_t length_, alphabet_;
};

[[maybe_unused]] const bool registered =
    register_dataset<Induction>("induction", "a task: what followed the special symbol when it came first");

}  // namespace
}  // namespace mlrun
