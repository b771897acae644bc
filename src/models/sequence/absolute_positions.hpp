// What is added to the input of a sequence model at every position, so that its blocks know where they are (Vaswani et al.
// 2017, section 3.5). What depends on the distance of two positions instead is the mixer's (mixers/positions).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mixers/mixer.hpp"
#include "nn/layout.hpp"
#include "nn/pass.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

enum class SequencePositions : uint8_t {
  kNone,
  kLearned,         // a learned vector
  kSinusoidal,      // sines and cosines of the position
  kRowsAndColumns,  // of an image's pixel: a learned vector for its row, and one for its column
};

class AbsolutePositions {
 public:
  AbsolutePositions() = default;
  // `places`: of the steps of an image, else empty. `parts`: of sequences of two parts in either order, where a position has
  // the vector of its place (StreamParts::place), whichever part comes first. Error(kUsage) for rows and columns of what is
  // no image.
  AbsolutePositions(SequencePositions kind, int64_t width, const DataSpec& data, std::vector<GridPlace> places,
                    std::optional<StreamParts> parts, const Scope& scope);

  bool any() const { return kind_ != SequencePositions::kNone; }
  bool any_length() const;  // whether there is a vector for any position, and not for those of a table alone
  // Of the positions into which these symbols [n, length] enter: [length, width], or [n, length, width] where sequences
  // differ in the order of their parts. There must be any().
  Variable operator()(Pass& pass, const Tensor& inputs) const;
  // Of one position: [width] +=. `picture_first`: of its sequence, where it has two parts.
  void add(int64_t position, bool picture_first, float* to) const;
  // Whether the second input of a sequence says that its picture comes first.
  bool picture_first(int32_t input) const { return parts_ && input == parts_->picture_border; }

  // Adds to `layout` the lines that explain the term, and the term to `sum`, as in "symbols[z] + positions[t]".
  void write_layout(Layout& layout, std::string& sum) const;

 private:
  Variable by_place(Pass& pass, const Tensor& inputs) const;
  SequencePositions kind_ = SequencePositions::kNone;
  int64_t width_ = 0;
  std::vector<GridPlace> places_;
  std::optional<StreamParts> parts_;
  Parameter table_, rows_, columns_;
};

}  // namespace mlrun
