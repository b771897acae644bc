// A sequence of two parts, words and a picture, in either order. A border symbol stands before each part and says what
// it is, so the first symbol says which part comes first (Chameleon Team 2024: one stream for both):
//
//   words first     [words] w w w ... [picture] x x x ...
//   picture first   [picture] x x x ... [words] w w w ...
#pragma once

#include <cstdint>

namespace mlrun {

struct StreamParts {
  int64_t words = 0, picture = 0;  // symbols of each part, without its border
  int32_t words_border = 0, picture_border = 0;

  int64_t positions() const { return words + picture + 2; }
  // The position of the first symbol behind a part's border.
  int64_t words_at(bool picture_first) const { return picture_first ? picture + 2 : 1; }
  int64_t picture_at(bool picture_first) const { return picture_first ? 1 : words + 2; }
  // The position at which a stream of words first has what this one has at `position`: 0 the first border, words + 1 the
  // second one, whatever they are.
  int64_t place(int64_t position, bool picture_first) const {
    if (!picture_first || position == 0) return position;
    if (position <= picture) return position + words + 1;
    return position == picture + 1 ? words + 1 : position - picture - 1;
  }
};

}  // namespace mlrun
