// The delay task: from some step on, every symbol is the one that came `delay` steps before.
//
// A pure memory of fixed length, for which the HiPPO matrices were made (LegT; Voelker et al. 2019, "Legendre memory
// units"): linear time-invariant state spaces solve it as far as their state can hold the window, gated cells only for
// short delays, and a memory that fades faster than the delay not at all.
#include <fmt/format.h>

#include "data/tasks/task.hpp"

namespace mlrun {
namespace {

class Delay : public TaskDataset {
 public:
  struct Options {
    explicit Options(config::Reader& spec)
        : delay(spec.integer(
              "delay",
              {.help = "steps; so many random symbols come first", .min = 1, .max = 1 << 24, .fallback = 100})),
          length(spec.integer_or("length", "auto",
                                 {.help = "symbols of a row; auto: twice the delay", .min = 2, .max = 1 << 25})),
          alphabet(spec.integer("alphabet", {.help = "different symbols", .min = 2, .max = 65536, .fallback = 8})),
          rows(spec) {
      if (!spec.describing() && length && *length <= delay)
        spec.mistake("length", fmt::format("{} symbols, and the first answer is number {}", *length, delay + 1));
    }
    int64_t delay;
    std::optional<int64_t> length;
    int64_t alphabet;
    TaskRows rows;
  };

  Delay(const Options& o, const DataSources&)
      : TaskDataset(
            {.shape = {o.length.value_or(2 * o.delay)}, .alphabet = o.alphabet, .classes = 0, .given = o.delay}, o.rows,
            fmt::format("delay {} of symbols of {} up to {}", o.delay, o.alphabet, o.length.value_or(2 * o.delay))),
        delay_(o.delay),
        alphabet_(o.alphabet) {}

 private:
  void write(const RandomStream& draws, std::span<int32_t> row) const override {
    const auto d = static_cast<size_t>(delay_);
    for (size_t i = 0; i < row.size(); ++i) row[i] = i < d ? draw_below(draws, i, alphabet_) : row[i - d];
  }

  int64_t delay_, alphabet_;
};

[[maybe_unused]] const bool registered =
    register_dataset<Delay>("delay", "a task: every symbol comes again some steps later");

}  // namespace
}  // namespace mlrun
