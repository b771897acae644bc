#include "commands/sample/caption_prefix.hpp"

#include <vector>

#include "base/error.hpp"
#include "evaluate/captions.hpp"
#include "generate/picture.hpp"
#include "io/png.hpp"

namespace mlrun {
namespace {

Tensor row_of(const std::vector<int32_t>& symbols) {
  return Tensor::of({1, static_cast<int64_t>(symbols.size())}, symbols);
}

void require_order(const TrainedModel& trained, bool picture_first, const std::string& what) {
  const FirstParts first = first_parts_of(trained.autoregressive(), *trained.built.parameters);
  const double p = picture_first ? first.picture : first.words;
  if (p >= FirstParts::kSeldom) return;
  fail(ExitCode::kUsage,
       "{}: this model hardly knows streams that begin with {} (p = {:.2g})\n"
       "  one that does   is trained with data.first=both",
       what, picture_first ? "a picture" : "words", p);
}

}  // namespace

Tensor stream_of_caption(const TrainedModel& trained, const std::string& caption, const std::string& what) {
  const CaptionStream& stream = *trained.identity.caption_stream;
  const std::vector<int32_t> words = stream.words_of(caption, what);
  require_order(trained, /*picture_first=*/false, what);
  return row_of(stream.beginning_with_words(words));
}

Tensor stream_of_picture(const TrainedModel& trained, const std::string& path) {
  const CaptionStream& stream = *trained.identity.caption_stream;
  const DataSpec& picture = stream.picture();
  const io::Image found = io::read_png(path);
  const auto width = static_cast<int>(picture.shape[1]), height = static_cast<int>(picture.shape[0]);
  const io::Image image = picture_of_sheet(found, width, height).value_or(found);
  if (image.height != picture.shape[0] || image.width != picture.shape[1]) {
    fail(ExitCode::kUsage,
         "--caption {}: found {} x {} pixels (rows x columns), expected {} x {}, as the model's pictures have\n"
         "  bring it to this size   convert {} -resize {}x{}! picture.png   (ImageMagick)",
         path, image.height, image.width, picture.shape[0], picture.shape[1], path, picture.shape[1], picture.shape[0]);
  }
  std::vector<int32_t> symbols;
  const auto top = static_cast<int32_t>(picture.alphabet - 1);
  for (const uint8_t grey : image.pixels) symbols.push_back((grey * top + 127) / 255);
  require_order(trained, /*picture_first=*/true, "--caption " + path);
  return row_of(stream.beginning_with_picture(symbols));
}

}  // namespace mlrun
