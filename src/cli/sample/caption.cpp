#include "cli/sample/caption.hpp"

#include "base/error.hpp"
#include "base/log.hpp"
#include "commands/sample/caption_prefix.hpp"

namespace mlrun::cli {

void add_caption_option(Command& command, std::string& path, Option* grid, Option* complete) {
  command
      .add_option(
          "--caption", path,
          "of captions and pictures: write words for this picture, a line for each sample; a PNG of the size of "
          "the model's pictures, or one that `mlrun sample -n 1` wrote")
      ->excludes(grid)
      ->excludes(complete)
      ->type_name("FILE.png");
}

Tensor picture_to_name(const TrainedModel& model, const std::string& path) {
  if (model.identity.caption_stream) return stream_of_picture(model, path);
  fail(ExitCode::kUsage,
       "--caption {}: this model knows no words for pictures\n  one that does   is trained on data.kind=captions",
       path);
}

void warn_of_broken(const Samples& samples) {
  if (samples.broken == 0) return;
  log::warning(
      "{} of {} samples {} not a caption and a picture: symbols stand where they do not belong, and are left out",
      samples.broken, samples.captions.size(), samples.broken == 1 ? "is" : "are");
}

}  // namespace mlrun::cli
