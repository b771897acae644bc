#include "io/png.hpp"

#include <png.h>

#include "base/error.hpp"
#include "io/file.hpp"

namespace mlrun::io {
namespace {

// libpng's simplified interface, because its errors do not longjmp over our destructors.
struct PngImage {
  png_image image = {};
  PngImage() { image.version = PNG_IMAGE_VERSION; }
  ~PngImage() { png_image_free(&image); }
  PngImage(const PngImage&) = delete;
  PngImage& operator=(const PngImage&) = delete;
};

}  // namespace

Bytes encode_png(const Image& image) {
  require(image.width > 0 && image.height > 0 &&
              image.pixels.size() == static_cast<size_t>(image.width) * static_cast<size_t>(image.height),
          "a PNG of {} x {} from {} pixels", image.width, image.height, image.pixels.size());
  PngImage png;
  png.image.width = static_cast<png_uint_32>(image.width);
  png.image.height = static_cast<png_uint_32>(image.height);
  png.image.format = PNG_FORMAT_GRAY;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(png.image);
  Bytes bytes(size);
  const int done = png_image_write_to_memory(&png.image, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr);
  require(done, "libpng: {}", png.image.message);
  bytes.resize(size);
  return bytes;
}

void write_png(const std::string& path, const Image& image) { write_atomically(path, encode_png(image).span()); }

Image decode_png(std::span<const std::byte> bytes, const std::string& name, int64_t max_pixels) {
  PngImage png;
  const auto check = [&](int done) {
    if (!done || PNG_IMAGE_FAILED(png.image)) fail(ExitCode::kData, "{}: damaged PNG: {}", name, png.image.message);
  };
  check(png_image_begin_read_from_memory(&png.image, bytes.data(), bytes.size()));
  const int64_t width = png.image.width, height = png.image.height;
  if (width > max_pixels || height > max_pixels || width * height > max_pixels) {
    fail(ExitCode::kData, "{}: a PNG of {} x {} pixels; at most {} are allowed here", name, width, height, max_pixels);
  }
  png.image.format = PNG_FORMAT_GRAY;
  Image image = Image::filled(static_cast<int>(width), static_cast<int>(height), 0);
  const png_color black = {0, 0, 0};
  check(png_image_finish_read(&png.image, &black, image.pixels.data(), 0, nullptr));
  return image;
}

Image read_png(const std::string& path, int64_t max_pixels) {
  constexpr uint64_t kRoom = 1 << 20;  // for chunks that are not pixels; a pixel has up to 8 bytes
  const Bytes bytes = read_file(path, static_cast<uint64_t>(max_pixels) * 8 + kRoom, ExitCode::kData);
  return decode_png(bytes.span(), path, max_pixels);
}

}  // namespace mlrun::io
