// Selective copying (Jing et al. 2019; Gu & Dao 2023, "Mamba"): the symbols stand at random places of a silence, and
// come again after a signal, in their order and without the silence.
//
// What has to be kept depends on what is seen, and not on when: selective models (Mamba), gated cells and attention
// solve it; linear time-invariant models (S4, S4D, S5, convolutions), which treat every step alike, do not, however
// large their state, unless they are deep enough to make gates of their nonlinearities.
#include <fmt/format.h>

#include <algorithm>

#include "data/tasks/task.hpp"

namespace mlrun {
namespace {

constexpr int32_t kSilence = 0, kSignal = 1, kFirst = 2;

class SelectiveCopying : public TaskDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec)
        : length(spec.integer(
              "length", {.help = "steps among which the symbols stand", .min = 1, .max = 1 << 24, .fallback = 256})),
          symbols(spec.integer("symbols", {.help = "symbols to remember", .min = 1, .max = 1 << 20, .fallback = 16})),
          alphabet(spec.integer(
              "alphabet",
              {.help = "different symbols, besides silence and signal", .min = 2, .max = 65534, .fallback = 14})),
          rows(spec) {
      if (!spec.describing() && symbols > length)
        spec.mistake("symbols", fmt::format("{} symbols in {} steps", symbols, length), "a longer data.length");
    }
    int64_t length, symbols, alphabet;
    TaskRows rows;
  };

  SelectiveCopying(const Options& o, const DataSources&)
      : TaskDataset(
            {.shape = {o.length + 1 + o.symbols}, .alphabet = o.alphabet + kFirst, .classes = 0, .given = o.length + 1},
            o.rows, fmt::format("selective copying, {} symbols of {} in {}", o.symbols, o.alphabet, o.length)),
        length_(o.length),
        symbols_(o.symbols),
        alphabet_(o.alphabet) {}

 private:
  void write(const RandomStream& draws, std::span<int32_t> row) const override {
    std::fill(row.begin(), row.end(), kSilence);
    row[static_cast<size_t>(length_)] = kSignal;
    size_t to = static_cast<size_t>(length_) + 1;
    uint64_t number = 0;
    for (const int64_t place : different_places(draws, static_cast<uint64_t>(symbols_), symbols_, length_)) {
      row[static_cast<size_t>(place)] = row[to++] = kFirst + draw_below(draws, number++, alphabet_);
    }
  }

  int64_t length_, symbols_, alphabet_;
};

[[maybe_unused]] const bool registered = register_dataset<SelectiveCopying>(
    "selective_copying", "a task: symbols at random places, and the symbols again without what was between");

}  // namespace
}  // namespace mlrun
