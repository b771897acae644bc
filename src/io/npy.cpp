#include "io/npy.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>
#include <string_view>
#include <system_error>

#include "base/error.hpp"
#include "base/shell_word.hpp"
#include "io/gzip.hpp"
#include "io/half.hpp"

namespace mlrun::io {
namespace {

constexpr std::string_view kMagic("\x93NUMPY", 6);
constexpr size_t kMostHeader = 10000;  // NumPy's own cap
constexpr size_t kMostRank = 32;

struct TypeName {
  std::string_view letters;  // without the byte order
  NpyArray::Type type;
  size_t bytes;
};
constexpr TypeName kTypes[] = {
    {"b1", NpyArray::Type::kBool, 1}, {"u1", NpyArray::Type::kU8, 1},  {"i1", NpyArray::Type::kS8, 1},
    {"u2", NpyArray::Type::kU16, 2},  {"i2", NpyArray::Type::kS16, 2}, {"u4", NpyArray::Type::kU32, 4},
    {"i4", NpyArray::Type::kS32, 4},  {"u8", NpyArray::Type::kU64, 8}, {"i8", NpyArray::Type::kS64, 8},
    {"f2", NpyArray::Type::kF16, 2},  {"f4", NpyArray::Type::kF32, 4}, {"f8", NpyArray::Type::kF64, 8}};

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
  const std::string& name() const { return name_; }

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
    if (shape.size() == kMostRank) header.refuse(fmt::format("it has more than {} dimensions", kMostRank));
    shape.push_back(header.number());
    if (!header.take(",")) {
      header.expect(")");
      break;
    }
  }
  if (shape.empty()) header.refuse("it is a scalar, expected rows of numbers");
  return shape;
}

const TypeName& type_of(HeaderText& header, bool* big_endian) {
  if (header.take("[")) {
    header.refuse("its values are records of several fields" +
                  npy_remedy(header.name(), "numpy.stack([x[n] for n in x.dtype.names], 1)"));
  }
  const std::string_view descr = header.quoted();
  *big_endian = descr.starts_with('>');
  for (const TypeName& type : kTypes) {
    const bool ordered =
        descr.starts_with('<') || descr.starts_with('>') || (type.bytes == 1 && descr.starts_with('|'));
    if (ordered && descr.substr(1) == type.letters) return type;
  }
  // Objects are pickled, and to load a pickle is to run it.
  header.refuse(fmt::format("its values are '{}'; whole and real numbers and bool are read{}", descr,
                            descr == "|O" ? std::string("\n  where it is made   save x.astype(\"uint8\")")
                                          : npy_remedy(header.name(), "x.astype(\"float64\")")));
}

template <class T>
double load(const std::byte* value, bool big_endian) {
  std::array<std::byte, sizeof(T)> raw;
  if (big_endian) std::reverse_copy(value, value + sizeof(T), raw.begin());
  else std::copy_n(value, sizeof(T), raw.begin());
  return static_cast<double>(std::bit_cast<T>(raw));
}

}  // namespace

NpyArray parse_npy(Bytes file, const std::string& name) {
  const std::string_view text = file.text();
  const HeaderText whole("", name);
  if (!text.starts_with(kMagic) || text.size() < 12) whole.refuse("it does not start with NumPy's mark");
  const int version = static_cast<unsigned char>(text[6]);
  if (version < 1 || version > 3 || text[7] != 0)
    whole.refuse(fmt::format("its version is {}; 1 to 3 are read", version));
  const size_t digits = version == 1 ? 2 : 4;
  size_t length = 0;
  for (size_t i = 0; i < digits; ++i) length |= static_cast<size_t>(static_cast<unsigned char>(text[8 + i])) << (8 * i);
  const size_t offset = 8 + digits + length;
  if (length > kMostHeader || offset > text.size()) whole.refuse(fmt::format("its header claims {} bytes", length));

  HeaderText header(text.substr(8 + digits, length), name);
  const TypeName* type = nullptr;
  Shape shape;
  bool order_seen = false, fortran_order = false, big_endian = false;
  header.expect("{");
  while (!header.take("}")) {
    const std::string_view key = header.quoted();
    header.expect(":");
    if (key == "descr" && !type) {
      type = &type_of(header, &big_endian);
    } else if (key == "fortran_order" && !order_seen) {
      order_seen = true;
      fortran_order = header.take("True");
      if (!fortran_order) header.expect("False");
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
  return {type->type, big_endian, fortran_order, std::move(shape), std::move(file), offset};
}

std::string npy_remedy(const std::string& path, const std::string& python) {
  const bool packed = path.ends_with(".gz");
  const std::string plain = packed ? path.substr(0, path.size() - 3) : path;
  const std::string to = (plain.ends_with(".npy") ? plain.substr(0, plain.size() - 4) : plain) + "-plain.npy";
  return fmt::format(
      "\n  write it anew   python3 -c 'import {}numpy, sys; x = numpy.load({}); numpy.save(sys.argv[2], {})' {} {}"
      "\n  and read        {}",
      packed ? "gzip, " : "", packed ? "gzip.open(sys.argv[1])" : "sys.argv[1]", python, shell_word(path),
      shell_word(to), to);
}

double NpyArray::value(int64_t index) const {
  if (fortran_order) {
    int64_t place = 0, rest = index, stride = count_of(shape);
    for (size_t i = shape.size(); i-- > 0;) {  // the last index varies slowest
      stride /= shape[i];
      place += rest % shape[i] * stride;
      rest /= shape[i];
    }
    index = place;
  }
  const auto at = [&](int64_t bytes) { return file.data() + offset + index * bytes; };
  switch (type) {
    case Type::kBool:
    case Type::kU8:
      return load<uint8_t>(at(1), false);
    case Type::kS8:
      return load<int8_t>(at(1), false);
    case Type::kU16:
      return load<uint16_t>(at(2), big_endian);
    case Type::kS16:
      return load<int16_t>(at(2), big_endian);
    case Type::kU32:
      return load<uint32_t>(at(4), big_endian);
    case Type::kS32:
      return load<int32_t>(at(4), big_endian);
    case Type::kU64:
      return load<uint64_t>(at(8), big_endian);
    case Type::kS64:
      return load<int64_t>(at(8), big_endian);
    case Type::kF16:
      return half_to_double(static_cast<uint16_t>(load<uint16_t>(at(2), big_endian)));
    case Type::kF32:
      return load<float>(at(4), big_endian);
    case Type::kF64:
      return load<double>(at(8), big_endian);
  }
  return 0;
}

}  // namespace mlrun::io
