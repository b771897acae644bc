// Synthetic tasks: a question that decides its answer. What a model cannot do is visible in them as nats and as wrong
// symbols, and the best there is to reach is known: 0 nats, all right.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "base/random.hpp"
#include "data/dataset.hpp"

namespace mlrun {

// How many rows, and which: the same for all tasks.
struct TaskRows {
  explicit TaskRows(config::Reader& spec);  // train_rows, valid_rows, test_rows, fresh, seed
  std::array<int64_t, 3> count{};           // by Split
  bool fresh;                               // training rows are drawn anew for every epoch
  uint64_t seed;  // of the rows: not the experiment's, so that all seeds of it are judged alike
};

// A data set without files. A row is a function of the seed, its split, its number and, of fresh training rows, the
// epoch. spec().given symbols of it are the question.
class TaskDataset : public Dataset {
 public:
  const DataSpec& spec() const override { return spec_; }
  int64_t count(Split split) const override { return rows_.count[static_cast<size_t>(split)]; }
  Batch batch(Split split, std::span<const int64_t> rows, int64_t epoch) const override;
  std::string protocol() const override { return protocol_; }
  std::string hash() const override;  // of all that decides the rows
  std::string description() const override;
  std::string why_no_labels() const override;

 protected:
  // `words`: the task and its options, which go into the hash: "copying 10 symbols of 8 over 100".
  TaskDataset(DataSpec spec, const TaskRows& rows, std::string words);
  // Question and answer: spec().positions() symbols. Draws are numbered within the row.
  virtual void write(const RandomStream& draws, std::span<int32_t> row) const = 0;

 private:
  DataSpec spec_;
  TaskRows rows_;
  std::string words_, protocol_;
};

// `count` different numbers of 0 .. bound - 1 in ascending order (Floyd's algorithm), by the draws from `first` on, one
// for each.
std::vector<int64_t> different_places(const RandomStream& draws, uint64_t first, int64_t count, int64_t bound);

// One of 0 .. bound - 1.
inline int32_t draw_below(const RandomStream& draws, uint64_t number, int64_t bound) {
  return static_cast<int32_t>(draws.below(number, static_cast<uint64_t>(bound)));
}

}  // namespace mlrun
