// The option of `mlrun sample` about captions: words for a picture.
#pragma once

#include <string>

#include "cli/command.hpp"
#include "cli/parse/command_line.hpp"
#include "commands/sample/sample.hpp"

namespace mlrun::cli {

// --caption, which goes with neither `grid` nor `complete`. `path` must outlive the app.
void add_caption_option(Command& command, std::string& path, Option* grid, Option* complete);
// What samples begin with: stream_of_picture. Error(kUsage) where the model knows no captions.
Tensor picture_to_name(const TrainedModel& model, const std::string& path);
void warn_of_broken(const Samples& samples);  // Samples::broken, where there are any

}  // namespace mlrun::cli
