// What a model of captions and pictures in one stream knows of one given the other, exactly. A stream may come in two
// orders (symbols/stream_parts.hpp), and is the same pair in both, so with p(s) the model's law of streams
//
//   p(words, picture)   = p(s, words first) + p(s, picture first)
//   p(picture | words)  = p(s) / p(its beginning through the words), in the order of words first
//   p(words | picture)  likewise, in the order of picture first
//
// A border, and the ends that fill a caption up, belong to what is behind them, and cost what the model gives them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/lanes.hpp"
#include "data/dataset.hpp"
#include "evaluate/evaluate.hpp"
#include "models/model.hpp"

namespace mlrun {

// Of one order, nats of every example.
struct OrderLikelihoods {
  std::vector<double> first;   // -log p(the part that comes first), among the streams that begin with it
  std::vector<double> second;  // -log p(the other part | it)
  // 1 where, of all captions there are, the example's own is the likeliest with its picture; else 0. Of the first
  // `named` examples.
  std::vector<double> right;
};

struct CaptionLikelihoods {
  std::vector<double> pair;  // -log p(words, picture)
  // Where the model begins streams so more often than once in a thousand.
  std::optional<OrderLikelihoods> words_first, picture_first;
  int64_t captions = 0;  // that an example is named among
  int64_t named = 0;     // examples that were, from the first on
};

// p(stream begins with words), p(it begins with a picture). The model must be of streams of two parts, in stored order:
// else Error(kUsage).
struct FirstParts {
  double words = 0, picture = 0;
  static constexpr double kSeldom = 1e-3;
};
FirstParts first_parts_of(const AutoregressiveModel& model, const ParameterArena& parameters);

// Of every example of a split of data with a caption_stream(); `named` of them are named among all captions (nullopt: as
// many as make 100,000 passes). Words first, each takes a pass for every caption: Bayes' rule with captions as likely as
// the model says, p(caption | picture) ~ p(words) p(picture | words). Picture first, the picture is read once, and each
// caption given it.
CaptionLikelihoods caption_likelihoods(const AutoregressiveModel& model, const ParameterArena& parameters,
                                       const Dataset& data, Split split, std::optional<int64_t> named,
                                       const EvaluateOptions& options, LanePool& pool);

}  // namespace mlrun
