// What a sample begins with: a text that somebody typed, or the questions of the data.
#pragma once

#include <cstdint>
#include <string>

#include "experiment/trained_model.hpp"

namespace mlrun {

// Symbols s32 [1, k] of a text (characters that the model knows) or, where the data are no text, of numbers with blanks
// between them; of captions and pictures, a caption, for a picture to be drawn (stream_of_caption). "@FILE" stands for what is in the file, "@@..." for "@...". Error(kUsage) for a character or a symbol
// that the model does not know, an empty prompt, and one that is shorter than the question that the data give.
Tensor prompt_of(const TrainedModel& trained, const std::string& text);

// The questions (DataSpec::given) of the first `count` rows of the test split, from the front again where there are
// fewer: s32 [count, given].
Tensor questions_of(const TrainedModel& trained, int64_t count);

}  // namespace mlrun
