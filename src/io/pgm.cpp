#include "io/pgm.hpp"

#include "base/error.hpp"

namespace mlrun::io {
namespace {

class PgmText {
 public:
  PgmText(std::span<const std::byte> bytes, const std::string& name) : bytes_(bytes), name_(name) {}

  char next() {
    if (at_ == bytes_.size()) damaged("it ends too early");
    return static_cast<char>(bytes_[at_++]);
  }
  // A whole number behind blanks and comments (# to the end of the line), of 0 .. most.
  int64_t number(int64_t most) {
    char c = next();
    while (c == '#' || c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      if (c == '#')
        while (c != '\n' && c != '\r') c = next();
      c = next();
    }
    int64_t value = 0;
    if (c < '0' || c > '9') damaged("a number was expected");
    for (; c >= '0' && c <= '9'; c = static_cast<char>(bytes_[at_++])) {
      value = 10 * value + (c - '0');
      if (value > most) damaged(fmt::format("a number beyond {}", most));
      if (at_ == bytes_.size()) return value;  // the last pixel of a plain map
    }
    return value;  // the one character behind it is read as well: so the format has it
  }
  int64_t sample(int bytes) {  // big-endian
    int64_t value = 0;
    for (int i = 0; i < bytes; ++i) value = 256 * value + static_cast<unsigned char>(next());
    return value;
  }
  [[noreturn]] void damaged(const std::string& why) const { fail(ExitCode::kData, "{}: damaged PGM: {}", name_, why); }

 private:
  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  const std::string& name_;
};

}  // namespace

Image decode_pgm(std::span<const std::byte> bytes, const std::string& name, int64_t max_pixels) {
  PgmText text(bytes, name);
  const char p = text.next(), kind = text.next();
  if (p != 'P' || (kind != '2' && kind != '5')) text.damaged("it does not begin with P2 or P5");
  const int64_t width = text.number(max_pixels), height = text.number(max_pixels), top = text.number(65535);
  if (width < 1 || height < 1 || top < 1 || width * height > max_pixels)
    text.damaged(fmt::format("{} x {} pixels up to {}", width, height, top));
  Image image = Image::filled(static_cast<int>(width), static_cast<int>(height), 0);
  for (uint8_t& pixel : image.pixels) {
    const int64_t level = kind == '2' ? text.number(top) : text.sample(top < 256 ? 1 : 2);
    if (level > top) text.damaged(fmt::format("a grey level {} above {}", level, top));
    pixel = static_cast<uint8_t>((level * 255 + top / 2) / top);
  }
  return image;
}

}  // namespace mlrun::io
