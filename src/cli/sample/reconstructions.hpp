// mlrun sample of a VQ-VAE, which has no law of images to draw from: test images beside their reconstructions, and
// pictures between two of them.
#pragma once

#include <cstdint>
#include <string>

#include "cli/command.hpp"
#include "cli/words/sheet.hpp"
#include "experiment/autoencoder.hpp"
#include "experiment/trained_model.hpp"

namespace mlrun::cli {

// Where the pictures go: a PNG ("": none), and, with `show`, the terminal.
struct PictureOutput {
  std::string file;
  bool show = false;
  SheetWords sheet;
  PixelDraw draw = {};  // of a decoder that draws its pixels: --seed, and the law of --temperature and the like
};

// `count` images of the test split, of all classes (data/shown_rows.hpp), each followed by its reconstruction.
void sample_reconstructions(const TrainedModel& model, int64_t count, const PictureOutput& out, const Globals& globals);

// A row of `count` pictures between two images of the test split, `pair` being their numbers as "A,B": what the encoder
// says of them is mixed linearly, quantised, and decoded. Error(kUsage) for numbers that are not those of images.
void sample_interpolation(const TrainedModel& model, const std::string& pair, int64_t count, const PictureOutput& out,
                          const Globals& globals);

}  // namespace mlrun::cli
