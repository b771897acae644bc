#include "io/hdf5/reader.hpp"

#include <algorithm>
#include <cstring>

#include "io/file.hpp"
#include "io/hdf5/in_memory.hpp"
#include "io/hdf5/scan.hpp"
#include "io/hdf5/structure.hpp"

namespace mlrun::io {
namespace {

using Type = Hdf5Dataset::Type;

constexpr int64_t kMostAttribute = 1 << 16;  // bytes

std::string normal(std::string path) {
  while (path.starts_with('/')) path.erase(0, 1);
  while (path.ends_with('/')) path.pop_back();
  return path;
}

bool is_integer(Type type) {
  return type != Type::kF32 && type != Type::kF64 && type != Type::kBF16 && type != Type::kText;
}

}  // namespace

const char* name_of(Type type) {
  constexpr const char* kNames[] = {"f32", "f64", "s8", "u8", "s16", "u16", "s32", "u32", "s64", "u64", "bf16", "text"};
  return kNames[static_cast<size_t>(type)];
}

struct Hdf5Reader::File {
  Bytes bytes;
  std::string name;
  ExitCode code;
  Hdf5Handle id;
  Hdf5Contents contents;

  ~File() {
    const Hdf5Session session;  // closing runs inside the library
    id.close();
  }
  [[noreturn]] void refuse(const std::string& why) const { fail(code, "{}: {}", name, why); }
  void open();
  const Hdf5Dataset& find(const std::string& path) const;
  void read(const std::string& path, hid_t in_memory, void* values) const;
  // The attribute's values, one per text or number; at most 64 KiB.
  struct Attribute {
    Type type;
    int64_t count;
    std::vector<std::string> texts;
    double real = 0;
    int64_t integer = 0;
  };
  Attribute attribute(const std::string& path, const std::string& attribute) const;
};

void Hdf5Reader::File::open() {
  const Hdf5Refusal refusal = [this](const std::string& why) { refuse(why); };
  if (bytes.size() == 0) refuse("not an HDF5 file: it is empty");
  check_hdf5_structure(bytes.span(), refusal);
  const Hdf5Session session;
  id = open_hdf5_in_memory(bytes);
  if (!id.valid()) refuse(fmt::format("not an HDF5 file, or a damaged one ({})", hdf5_reason()));
  contents = scan_hdf5(id.id(), bytes.size(), refusal);
}

const Hdf5Dataset& Hdf5Reader::File::find(const std::string& path) const {
  const auto it = contents.find(path);
  if (it == contents.end()) refuse(fmt::format("it has no /{}", path));
  if (!it->second) refuse(fmt::format("/{} is a group; a dataset was expected", path));
  return *it->second;
}

void Hdf5Reader::File::read(const std::string& path, hid_t in_memory, void* values) const {
  if (find(path).bytes == 0) return;
  const Hdf5Handle set(H5Dopen2(id.id(), path.c_str(), H5P_DEFAULT), H5Dclose);
  if (!set.valid() || H5Dread(set.id(), in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) < 0) {
    refuse(fmt::format("/{} cannot be read ({})", path, hdf5_reason()));
  }
}

Hdf5Reader::File::Attribute Hdf5Reader::File::attribute(const std::string& path, const std::string& attribute) const {
  const Hdf5Session session;
  if (!contents.contains(path)) refuse(fmt::format("it has no /{}", path));
  const std::string where = fmt::format("the attribute {} of /{}", attribute, path);
  const char* object = path.empty() ? "/" : path.c_str();
  const Hdf5Handle handle(H5Aopen_by_name(id.id(), object, attribute.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!handle.valid()) {
    const std::string reason = hdf5_reason();
    if (H5Aexists_by_name(id.id(), object, attribute.c_str(), H5P_DEFAULT) <= 0) refuse(where + " is missing");
    refuse(fmt::format("{} cannot be read ({})", where, reason));
  }
  const Hdf5Handle type(H5Aget_type(handle.id()), H5Tclose), space(H5Aget_space(handle.id()), H5Sclose);
  const Hdf5Refusal refusal = [this](const std::string& why) { refuse(why); };
  size_t length = 0;
  Attribute found = {hdf5_value_type(type.id(), &length, where, refusal), 0, {}};
  const int64_t most = kMostAttribute / static_cast<int64_t>(std::max<size_t>(H5Tget_size(type.id()), 1));
  found.count = count_of(hdf5_shape(space.id(), where, refusal));
  if (found.count > most) refuse(where + " is larger than 64 KiB");

  std::vector<char> raw(static_cast<size_t>(found.count) * std::max<size_t>(length, 8) + 8);
  herr_t read = 0;
  if (found.type == Type::kText) {
    read = H5Aread(handle.id(), type.id(), raw.data());
    for (size_t i = 0; read >= 0 && i < static_cast<size_t>(found.count); ++i) {
      found.texts.push_back(hdf5_text(type.id(), raw.data() + i * length, length));
    }
  } else if (found.count == 1) {
    read = H5Aread(handle.id(), H5T_NATIVE_DOUBLE, &found.real);
    if (read >= 0 && is_integer(found.type)) read = H5Aread(handle.id(), H5T_NATIVE_INT64, &found.integer);
  }
  if (read < 0) refuse(fmt::format("{} cannot be read ({})", where, hdf5_reason()));
  return found;
}

Hdf5Reader::Hdf5Reader(Bytes file, std::string name, ExitCode code) : file_(std::make_unique<File>()) {
  file_->bytes = std::move(file);
  file_->name = std::move(name);
  file_->code = code;
  file_->open();
}
Hdf5Reader::~Hdf5Reader() = default;
Hdf5Reader::Hdf5Reader(Hdf5Reader&&) noexcept = default;
Hdf5Reader& Hdf5Reader::operator=(Hdf5Reader&&) noexcept = default;

const std::string& Hdf5Reader::name() const { return file_->name; }
ExitCode Hdf5Reader::code() const { return file_->code; }
bool Hdf5Reader::has(const std::string& path) const { return file_->contents.contains(normal(path)); }

bool Hdf5Reader::is_group(const std::string& path) const {
  const auto it = file_->contents.find(normal(path));
  return it != file_->contents.end() && !it->second;
}

std::vector<std::string> Hdf5Reader::children(const std::string& group) const {
  if (!is_group(group)) file_->refuse(fmt::format("it has no group /{}", normal(group)));
  const std::string prefix = normal(group).empty() ? "" : normal(group) + "/";
  std::vector<std::string> names;
  for (auto it = file_->contents.lower_bound(prefix); it != file_->contents.end() && it->first.starts_with(prefix);
       ++it) {
    const std::string name = it->first.substr(prefix.size());
    if (!name.empty() && name.find('/') == std::string::npos) names.push_back(name);
  }
  return names;
}

std::vector<std::string> Hdf5Reader::datasets(const std::string& group) const {
  if (!is_group(group)) file_->refuse(fmt::format("it has no group /{}", normal(group)));
  const std::string prefix = normal(group).empty() ? "" : normal(group) + "/";
  std::vector<std::string> paths;
  for (auto it = file_->contents.lower_bound(prefix); it != file_->contents.end() && it->first.starts_with(prefix);
       ++it) {
    if (it->second) paths.push_back(it->first.substr(prefix.size()));
  }
  return paths;
}

const Hdf5Dataset& Hdf5Reader::dataset(const std::string& path) const { return file_->find(normal(path)); }

Tensor Hdf5Reader::tensor(const std::string& path) const {
  const Hdf5Dataset& found = dataset(path);
  DType dtype = DType::kF32;
  if (found.type == Type::kBF16) dtype = DType::kBF16;
  else if (found.type == Type::kS32) dtype = DType::kS32;
  else if (found.type == Type::kU8) dtype = DType::kU8;
  else if (found.type != Type::kF32) {
    file_->refuse(fmt::format("/{} is {}; f32, bf16, s32 or u8 was expected", normal(path), name_of(found.type)));
  }
  Tensor values(found.shape, dtype);
  read_into(path, values);
  return values;
}

void Hdf5Reader::read_into(const std::string& path, Tensor& values) const {
  const Hdf5Session session;
  const Hdf5Dataset& found = dataset(path);
  if (std::strcmp(name_of(found.type), mlrun::name_of(values.dtype())) != 0 || found.shape != values.shape()) {
    file_->refuse(fmt::format("/{} is {} {}; {} {} was expected", normal(path), name_of(found.type),
                              to_string(found.shape), mlrun::name_of(values.dtype()), to_string(values.shape())));
  }
  const hid_t in_memory = values.dtype() == DType::kF32    ? H5T_NATIVE_FLOAT
                          : values.dtype() == DType::kBF16 ? H5T_NATIVE_UINT16
                          : values.dtype() == DType::kS32  ? H5T_NATIVE_INT32
                                                           : H5T_NATIVE_UINT8;
  file_->read(normal(path), in_memory, values.raw());
}

std::vector<double> Hdf5Reader::reals(const std::string& path) const {
  const Hdf5Session session;
  const Hdf5Dataset& found = dataset(path);
  if (found.type == Type::kText || found.type == Type::kBF16) {
    file_->refuse(fmt::format("/{} is {}; numbers were expected", normal(path), name_of(found.type)));
  }
  std::vector<double> values(static_cast<size_t>(count_of(found.shape)));
  file_->read(normal(path), H5T_NATIVE_DOUBLE, values.data());
  return values;
}

std::vector<int64_t> Hdf5Reader::integers(const std::string& path) const {
  const Hdf5Session session;
  const Hdf5Dataset& found = dataset(path);
  if (!is_integer(found.type)) {
    file_->refuse(fmt::format("/{} is {}; integers were expected", normal(path), name_of(found.type)));
  }
  std::vector<int64_t> values(static_cast<size_t>(count_of(found.shape)));
  file_->read(normal(path), H5T_NATIVE_INT64, values.data());
  return values;
}

double Hdf5Reader::real(const std::string& path) const {
  const std::vector<double> values = reals(path);
  if (values.size() != 1)
    file_->refuse(fmt::format("/{} has {} values; one was expected", normal(path), values.size()));
  return values[0];
}

int64_t Hdf5Reader::integer(const std::string& path) const {
  const std::vector<int64_t> values = integers(path);
  if (values.size() != 1)
    file_->refuse(fmt::format("/{} has {} values; one was expected", normal(path), values.size()));
  return values[0];
}

std::string Hdf5Reader::text(const std::string& path) const {
  const Hdf5Session session;
  const Hdf5Dataset& found = dataset(path);
  if (found.type != Type::kText || count_of(found.shape) != 1) {
    file_->refuse(
        fmt::format("/{} is {} {}; one text was expected", normal(path), name_of(found.type), to_string(found.shape)));
  }
  const Hdf5Handle set(H5Dopen2(file_->id.id(), normal(path).c_str(), H5P_DEFAULT), H5Dclose);
  const Hdf5Handle type(H5Dget_type(set.id()), H5Tclose);
  std::string raw(static_cast<size_t>(found.bytes), '\0');
  file_->read(normal(path), type.id(), raw.data());
  return hdf5_text(type.id(), raw.data(), raw.size());
}

bool Hdf5Reader::has_attribute(const std::string& path, const std::string& attribute) const {
  const Hdf5Session session;
  const std::string object = normal(path);
  return file_->contents.contains(object) &&
         H5Aexists_by_name(file_->id.id(), object.empty() ? "/" : object.c_str(), attribute.c_str(), H5P_DEFAULT) > 0;
}

int64_t Hdf5Reader::integer_attribute(const std::string& path, const std::string& attribute) const {
  const File::Attribute found = file_->attribute(normal(path), attribute);
  if (found.count != 1 || !is_integer(found.type)) {
    file_->refuse(fmt::format("the attribute {} of /{} is not an integer", attribute, normal(path)));
  }
  return found.integer;
}

double Hdf5Reader::real_attribute(const std::string& path, const std::string& attribute) const {
  const File::Attribute found = file_->attribute(normal(path), attribute);
  if (found.count != 1 || found.type == Type::kText) {
    file_->refuse(fmt::format("the attribute {} of /{} is not a number", attribute, normal(path)));
  }
  return found.real;
}

std::string Hdf5Reader::text_attribute(const std::string& path, const std::string& attribute) const {
  const std::vector<std::string> found = texts_attribute(path, attribute);
  if (found.size() != 1) file_->refuse(fmt::format("the attribute {} of /{} is not one text", attribute, normal(path)));
  return found[0];
}

std::vector<std::string> Hdf5Reader::texts_attribute(const std::string& path, const std::string& attribute) const {
  const File::Attribute found = file_->attribute(normal(path), attribute);
  if (found.type != Type::kText)
    file_->refuse(fmt::format("the attribute {} of /{} is not text", attribute, normal(path)));
  return found.texts;
}

Hdf5Reader open_hdf5(const std::string& path, uint64_t max_bytes, ExitCode code) {
  return Hdf5Reader(read_file(path, max_bytes, code), path, code);
}

}  // namespace mlrun::io
