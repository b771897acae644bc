// A folder of pictures, and of sub-folders of pictures where there are classes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tensor/tensor.hpp"

namespace mlrun {

struct ImageFolder {
  std::vector<std::string> classes;            // names of the sub-folders, in order; empty: pictures without classes
  std::vector<std::string> files;              // in the order of classes and names
  std::vector<uint8_t> labels;                 // of the files; empty without classes
  std::vector<std::vector<uint8_t>> pictures;  // grey, row by row, all of one size
  Shape shape;                                 // rows, columns
  std::vector<std::string> warnings;           // what was turned grey, resized, passed over or skipped
};

struct ImageFolderOptions {
  std::optional<Shape> resize = {};  // every picture is brought to [rows, columns]
  bool skip_damaged = false;         // else a damaged picture is an error
  // Of a folder for another split: the classes that the training folder has.
  std::vector<std::string> classes = {};
  std::string beside = {};  // a file that lies with the pictures, and of which nothing is said
};

// PNG and PGM, told by their first bytes; colours become their luminance, which is said. Hidden files do not count, and
// files that are no pictures are passed over, which is said. Error(kData): a missing or empty folder, a damaged picture
// (named, with the choice to skip), pictures of two sizes (both named, with the choice to resize), pictures beside
// sub-folders of pictures, a class that the training folder does not have, a JPEG (with the command that converts it).
ImageFolder read_image_folder(const std::string& folder, const ImageFolderOptions& options);

// To [rows, columns] by the mean over the area of each new pixel.
std::vector<uint8_t> resized(const std::vector<uint8_t>& pixels, const Shape& from, const Shape& to);

}  // namespace mlrun
