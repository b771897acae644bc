// The copying task (Hochreiter & Schmidhuber 1997; Arjovsky, Shah & Bengio 2016): symbols, a long silence, a signal,
// and the symbols again.
//
// Every symbol comes back after the same time, so whatever keeps a window of the past solves it: linear time-invariant
// state spaces (S4) at once, unitary and orthogonal recurrences too, gated cells (LSTM, GRU) slowly or not at all once
// the silence is long. Who remembers nothing pays log(alphabet) nats a symbol.
#include <fmt/format.h>

#include <algorithm>

#include "data/tasks/task.hpp"

namespace mlrun {
namespace {

constexpr int32_t kSilence = 0, kSignal = 1, kFirst = 2;

class Copying : public TaskDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec)
        : symbols(spec.integer("symbols", {.help = "symbols to remember", .min = 1, .max = 1 << 20, .fallback = 10})),
          delay(spec.integer("delay", {.help = "steps from the last of them to the first answer, the signal among them",
                                       .min = 1,
                                       .max = 1 << 24,
                                       .fallback = 100})),
          alphabet(spec.integer(
              "alphabet",
              {.help = "different symbols, besides silence and signal", .min = 2, .max = 65534, .fallback = 8})),
          rows(spec) {}
    int64_t symbols, delay, alphabet;
    TaskRows rows;
  };

  Copying(const Options& o, const DataSources&)
      : TaskDataset({.shape = {2 * o.symbols + o.delay},
                     .alphabet = o.alphabet + kFirst,
                     .classes = 0,
                     .given = o.symbols + o.delay},
                    o.rows, fmt::format("copying {} symbols of {} over {}", o.symbols, o.alphabet, o.delay)),
        symbols_(o.symbols),
        alphabet_(o.alphabet) {}

 private:
  void write(const RandomStream& draws, std::span<int32_t> row) const override {
    const auto n = static_cast<size_t>(symbols_);
    std::fill(row.begin(), row.end(), kSilence);
    row[row.size() - n - 1] = kSignal;
    for (size_t i = 0; i < n; ++i) {
      row[i] = row[row.size() - n + i] = kFirst + draw_below(draws, i, alphabet_);
    }
  }

  int64_t symbols_, alphabet_;
};

[[maybe_unused]] const bool registered =
    register_dataset<Copying>("copying", "a task: symbols, a silence, and the symbols again");

}  // namespace
}  // namespace mlrun
