// A caption and a picture as one stream of symbols, in one alphabet: the picture's own symbols 0 .. levels - 1, the
// characters of captions, and three borders: the end of a caption, the beginning of words, the beginning of a picture
// (symbols/stream_parts.hpp). Streams have one length: a caption that is shorter than the longest one is filled up with
// ends, so that p(stream) is the p of caption and picture and of nothing else.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "data/vocabulary.hpp"
#include "symbols/data_spec.hpp"

namespace mlrun {

class CaptionStream {
 public:
  CaptionStream() = default;
  // `picture`: of an image data set. `longest`: characters of the longest caption.
  CaptionStream(const DataSpec& picture, Vocabulary characters, int64_t longest);

  const DataSpec& picture() const { return picture_; }
  const Vocabulary& characters() const { return characters_; }
  const StreamParts& parts() const { return parts_; }
  DataSpec spec() const;  // of the streams
  bool operator==(const CaptionStream& other) const;

  // The words' part of a caption: [parts().words]. Error(kUsage) for a character that is none of characters(), and for
  // a caption that is too long; `what` names it: "--prompt".
  std::vector<int32_t> words_of(const std::string& caption, const std::string& what) const;
  // words [parts().words] and picture [parts().picture] -> stream [parts().positions()].
  void join(std::span<const int32_t> words, std::span<const int32_t> picture, bool picture_first,
            std::span<int32_t> stream) const;
  // What a stream begins with where one part is known: that part between its border and the other one's.
  std::vector<int32_t> beginning_with_words(std::span<const int32_t> words) const;
  std::vector<int32_t> beginning_with_picture(std::span<const int32_t> picture) const;

  struct Reading {
    std::string caption;
    std::vector<int32_t> picture;  // symbols [parts().picture]
    bool whole = true;             // it is a stream of these parts, with every symbol where it may be
  };
  // The two parts of a stream. A model has learned where which symbol belongs, and is sure of it but not certain: in
  // one that is not whole, what is no character ends the caption, and what is no symbol of a picture is 0.
  Reading read(std::span<const int32_t> stream) const;

 private:
  int32_t end() const { return static_cast<int32_t>(picture_.alphabet + characters_.size()); }
  DataSpec picture_;
  Vocabulary characters_;
  StreamParts parts_;
};

}  // namespace mlrun
