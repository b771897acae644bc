#include "io/npy.hpp"

#include <charconv>
#include <cstring>
#include <string_view>
#include <system_error>

#include "base/error.hpp"
#include "io/gzip.hpp"

namespace mlrun::io {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMostHeader = 10000;  // NumPy's own cap

struct TypeName {
  std::string_view descr;
  NpyArray::Type type;
  size_t bytes;
};
constexpr TypeName kTypes[] = {{"|b1", NpyArray::Type::kBool, 1}, {"|u1", NpyArray::Type::kU8, 1},
                               {"|i1", NpyArray::Type::kS8, 1},   {"<i4", NpyArray::Type::kS32, 4},
                               {"<i8", NpyArray::Type::kS64, 8},  {"<f4", NpyArray::Type::kF32, 4},
                               {"<f8", NpyArray::Type::kF64, 8}};

// The header is a Python dictionary; this reads the only shape of it that NumPy writes for plain arrays:
// {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } and padding. The keys may come in any order.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& name) : rest_(text), name_(name) {}

  bool take(std::string_view token) {
    skip_spaces();
    if (!rest_.starts_with(token)) return false;
    rest_.remove_prefix(token.size());
    return true;
  }
  void expect(std::string_view token) {
    if (!take(token)) refuse(fmt::format("expected {} at \"{}\" in its header", token, rest_.substr(0, 20)));
  }
  std::string_view quoted() {
    expect("'");
    const size_t end = rest_.find('\'');
    if (end == std::string_view::npos) refuse("its header has an unclosed quote");
    const std::string_view text = rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return text;
  }
  int64_t number() {
    skip_spaces();
    int64_t value = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
    if (error != std::errc() || value < 0) refuse("its header has an impossible shape");
    rest_.remove_prefix(static_cast<size_t>(end - rest_.data()));
    return value;
  }
  bool at_end() {
    skip_spaces();
    return rest_.empty();
  }
  [[noreturn]] void refuse(const std::string& why) const {
    fail(ExitCode::kData, "{}: not a .npy file mlrun reads: {}", name_, why);
  }

 private:
  void skip_spaces() {
    while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) rest_.remove_prefix(1);
  }
  std::string_view rest_;
  const std::string& name_;
};

Shape shape_of(HeaderText& header) {
  Shape shape;
  header.expect("(");
  while (!header.take(")")) {
    if (shape.size() == 2) header.refuse("it has more than 2 dimensions");
    shape.push_back(header.number());
    if (!header.take(",")) {
      header.expect(")");
      break;
    }
  }
  if (shape.empty()) header.refuse("it is a scalar; 1 or 2 dimensions are read");
  return shape;
}

const TypeName& type_of(HeaderText& header) {
  if (header.take("[")) header.refuse("its values are records");
  const std::string_view descr = header.quoted();
  for (const TypeName& type : kTypes) {
    if (type.descr == descr) return type;
  }
  header.refuse(
      fmt::format("its values are '{}'; bool, int8, uint8, int32, int64, float32 and float64 are read", descr));
}

template <class T>
double load(const std::byte* values, int64_t index) {
  T value;
  std::memcpy(&value, values + index * static_cast<int64_t>(sizeof(T)), sizeof(T));
  return static_cast<double>(value);
}

}  // namespace

NpyArray parse_npy(Bytes file, const std::string& name) {
  const std::string_view text = file.text();
  const HeaderText whole("", name);
  if (!text.starts_with(kMagic) || text.size() < 12) whole.refuse("it does not start with NumPy's mark");
  const int version = static_cast<unsigned char>(text[6]);
  if ((version != 1 && version != 2) || text[7] != 0)
    whole.refuse(fmt::format("its version is {}; 1 and 2 are read", version));
  const size_t digits = version == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < digits; ++i) length |= static_cast<size_t>(static_cast<unsigned char>(text[8 + i])) << (8 * i);
  const size_t offset = 8 + digits + length;
  if (length > kMostHeader || offset > text.size()) whole.refuse(fmt::format("its header claims {} bytes", length));

  HeaderText header(text.substr(8 + digits, length), name);
  const TypeName* type = nullptr;
  Shape shape;
  bool order_seen = false;
  header.expect("{");
  while (!header.take("}")) {
    const std::string_view key = header.quoted();
    header.expect(":");
    if (key == "descr" && !type) {
      type = &type_of(header);
    } else if (key == "fortran_order" && !order_seen) {
      order_seen = true;
      if (header.take("True")) header.refuse("it is in Fortran order; save numpy.ascontiguousarray(x)");
      header.expect("False");
    } else if (key == "shape" && shape.empty()) {
      shape = shape_of(header);
    } else {
      header.refuse(fmt::format("its header has the key '{}' twice or unexpectedly", key));
    }
    if (!header.take(",")) {
      header.expect("}");
      break;
    }
  }
  if (!type || !order_seen || shape.empty() || !header.at_end()) header.refuse("its header is incomplete");

  uint64_t expected = type->bytes;
  for (const int64_t d : shape) {
    if (__builtin_mul_overflow(expected, static_cast<uint64_t>(d), &expected))
      header.refuse("its header has an impossible shape");
  }
  if (expected != text.size() - offset) {
    header.refuse(fmt::format("shape {} needs {} bytes, but {} follow the header", to_string(shape), expected,
                              text.size() - offset));
  }
  return {type->type, std::move(shape), std::move(file), offset};
}

NpyArray read_npy(const std::string& path, uint64_t max_bytes) {
  return parse_npy(read_maybe_gzip(path, max_bytes), path);
}

double NpyArray::value(int64_t index) const {
  const std::byte* values = file.data() + offset;
  switch (type) {
    case Type::kBool:
    case Type::kU8:
      return load<uint8_t>(values, index);
    case Type::kS8:
      return load<int8_t>(values, index);
    case Type::kS32:
      return load<int32_t>(values, index);
    case Type::kS64:
      return load<int64_t>(values, index);
    case Type::kF32:
      return load<float>(values, index);
    case Type::kF64:
      return load<double>(values, index);
  }
  return 0;
}

}  // namespace mlrun::io
