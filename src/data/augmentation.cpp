#include "data/augmentation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace mlrun {
namespace {

// 0 first, so that way 0 is the plain image.
std::vector<double> levels(double most, int64_t to_each_side) {
  std::vector<double> all = {0};
  for (int64_t i = 1; most > 0 && i <= to_each_side; ++i) {
    const double level = most * static_cast<double>(i) / static_cast<double>(to_each_side);
    all.insert(all.end(), {level, -level});
  }
  return all;
}

}  // namespace

AugmentOptions::AugmentOptions(config::Reader& spec, Binarization binarization) {
  config::Reader section = spec.section(
      "augment",
      "training images changed a little before they are binarized; for a model that is told how (augmented)");
  shift = section.integer("shift", {.help = "pixels at most, to each side", .min = 0, .max = 8, .fallback = 0});
  turn = section.real("turn", {.help = "degrees at most, to each side", .min = 0, .max = 45, .fallback = 0.0});
  scale = section.real("scale", {.help = "larger or smaller by this share", .min = 0, .max = 0.5, .fallback = 0.0});
  mirror = section.boolean("mirror", {.help = "left and right exchanged, in half of them", .fallback = false});
  plain = section.real("plain",
                       {.help = "share of the images that are left as they are", .min = 0, .max = 1, .fallback = 0.5});
  spec.later("augment");
  for (const char* key : {"shift", "turn", "scale", "mirror", "plain"}) section.later(key);
  const bool grey = binarization == Binarization::kDynamic || binarization == Binarization::kNone;
  for (const auto& [key, value] : {std::pair("turn", turn), std::pair("scale", scale)}) {
    if (value == 0 || grey) continue;
    section.mistake(key,
                    fmt::format("images of binarization {} are black and white before anything is done to them, and "
                                "can only be shifted or mirrored",
                                name_of(binarization)),
                    "data.binarization=dynamic (or none)");
  }
}

Augmenter::Augmenter(const AugmentOptions& options, const Shape& shape, uint64_t seed)
    : height_(shape[0]), width_(shape[1]), plain_(options.plain), draws_(seed, "augment") {
  ways_.clear();
  const std::vector<double> shifts = levels(static_cast<double>(options.shift), options.shift);
  for (const bool mirrored : {false, true}) {
    if (mirrored && !options.mirror) continue;
    for (const double scaled : levels(options.scale, 1)) {
      for (const double degrees : levels(options.turn, 2)) {
        for (const double rows : shifts) {
          for (const double columns : shifts)
            ways_.push_back({static_cast<int64_t>(rows), static_cast<int64_t>(columns), degrees, 1 + scaled, mirrored});
        }
      }
    }
  }
}

int64_t Augmenter::drawn(int64_t epoch, int64_t row) const {
  if (count() == 1) return 0;
  const RandomStream stream = draws_.at(static_cast<uint64_t>(epoch));
  const auto counter = 2 * static_cast<uint64_t>(row);
  if (stream.uniform(counter) < plain_) return 0;
  return 1 + static_cast<int64_t>(stream.below(counter + 1, static_cast<uint64_t>(count() - 1)));
}

void Augmenter::apply(int64_t number, std::span<int32_t> image) const {
  if (number == 0) return;
  const Augmentation& way = ways_[static_cast<size_t>(number)];
  const std::vector<int32_t> from(image.begin(), image.end());
  const auto at = [&](int64_t r, int64_t c) {
    return r < 0 || c < 0 || r >= height_ || c >= width_ ? 0 : from[static_cast<size_t>(r * width_ + c)];
  };
  const bool whole = way.degrees == 0 && way.factor == 1;
  const double angle = way.degrees * std::numbers::pi / 180, cosine = std::cos(angle) / way.factor,
               sine = std::sin(angle) / way.factor;
  const double middle_r = static_cast<double>(height_ - 1) / 2, middle_c = static_cast<double>(width_ - 1) / 2;
  for (int64_t r = 0; r < height_; ++r) {
    for (int64_t c = 0; c < width_; ++c) {
      int32_t& pixel = image[static_cast<size_t>(r * width_ + c)];
      const int64_t back_r = r - way.rows, back_c = c - way.columns;
      if (whole) {
        pixel = at(back_r, way.mirrored ? width_ - 1 - back_c : back_c);
        continue;
      }
      // Where this pixel comes from: rows grow downwards, so a counter-clockwise turn has the signs that it has here.
      const double dr = static_cast<double>(back_r) - middle_r, dc = static_cast<double>(back_c) - middle_c;
      const double y = middle_r + cosine * dr + sine * dc,
                   x = middle_c + (cosine * dc - sine * dr) * (way.mirrored ? -1 : 1);
      const double top = std::floor(y), left = std::floor(x), down = y - top, right = x - left;
      const auto i = static_cast<int64_t>(top), j = static_cast<int64_t>(left);
      const double level = (1 - down) * ((1 - right) * at(i, j) + right * at(i, j + 1)) +
                           down * ((1 - right) * at(i + 1, j) + right * at(i + 1, j + 1));
      pixel = std::clamp(static_cast<int32_t>(std::lround(level)), 0, 255);
    }
  }
}

std::string Augmenter::words() const { return count() == 1 ? "" : fmt::format(", augmented in {} ways", count() - 1); }

}  // namespace mlrun
