#include "io/hdf5/writer.hpp"

#include <algorithm>
#include <cstring>
#include <set>

#include "base/error.hpp"
#include "io/hdf5/library.hpp"

namespace mlrun::io {
namespace {

constexpr size_t kGrowth = 1 << 20;       // bytes by which the image grows at least
constexpr size_t kMostAttribute = 64000;  // an object header message ends at 64 KiB

// The memory driver's buffer, which we keep when the file is closed: H5Fget_file_image would copy it.
struct ImageMemory {
  void* data = nullptr;
  size_t size = 0;
  ~ImageMemory() { std::free(data); }
};

void* grow_image(void* data, size_t size, H5FD_file_image_op_t, void* memory) {
  void* moved = std::realloc(data, size);
  if (moved) static_cast<ImageMemory*>(memory)->size = size;
  return moved;
}

herr_t keep_image(void* data, H5FD_file_image_op_t operation, void* memory) {
  if (operation == H5FD_FILE_IMAGE_OP_FILE_CLOSE) static_cast<ImageMemory*>(memory)->data = data;
  else std::free(data);
  return 0;
}

void* same_memory(void* memory) { return memory; }
herr_t leave_memory(void*) { return 0; }

Hdf5Handle text_type(size_t longest) {
  Hdf5Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  const bool made = H5Tset_size(type.id(), std::max<size_t>(longest, 1)) >= 0 &&
                    H5Tset_strpad(type.id(), H5T_STR_NULLPAD) >= 0 && H5Tset_cset(type.id(), H5T_CSET_UTF8) >= 0;
  require(made, "HDF5: no text type of {} bytes: {}", longest, hdf5_reason());
  return type;
}

struct Stored {
  hid_t in_file, in_memory;
};

Stored stored(DType dtype) {
  switch (dtype) {
    case DType::kF32:
      return {H5T_IEEE_F32LE, H5T_NATIVE_FLOAT};
    case DType::kBF16:
      return {H5T_STD_U16LE, H5T_NATIVE_UINT16};
    case DType::kS32:
      return {H5T_STD_I32LE, H5T_NATIVE_INT32};
    case DType::kU8:
      return {H5T_STD_U8LE, H5T_NATIVE_UINT8};
  }
  fail(ExitCode::kInternal, "no HDF5 type for dtype {}", static_cast<int>(dtype));
}

std::string normal(std::string path) {
  while (path.starts_with('/')) path.erase(0, 1);
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

// Its functions are called with the session held: even the names of the types (H5T_...) call into the library.
struct Hdf5Writer::File {
  ImageMemory memory;
  std::set<std::string> groups, datasets;
  Hdf5Handle group_creation, dataset_creation, id;

  File();
  ~File() {
    const Hdf5Session session;  // closing runs inside the library
    id.close();
    dataset_creation.close();
    group_creation.close();
  }
  void make_group(const std::string& path);
  void write(const std::string& path, const Shape& shape, hid_t in_file, hid_t in_memory, const void* values);
  void attach(const std::string& path, const std::string& name, hid_t in_file, hid_t in_memory, int64_t count,
              const void* value);
};

Hdf5Writer::File::File() {
  const Hdf5Session session;
  const Hdf5Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose), creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  group_creation = Hdf5Handle(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  dataset_creation = Hdf5Handle(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5FD_file_image_callbacks_t callbacks = {};
  callbacks.image_realloc = grow_image;
  callbacks.image_free = keep_image;
  callbacks.udata_copy = same_memory;
  callbacks.udata_free = leave_memory;
  callbacks.udata = &memory;
  // Times would make equal contents unequal bytes. The bounds give superblock version 0, which every reader knows.
  const bool set = H5Pset_fapl_core(access.id(), kGrowth, false) >= 0 &&
                   H5Pset_libver_bounds(access.id(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18) >= 0 &&
                   H5Pset_file_image_callbacks(access.id(), &callbacks) >= 0 &&
                   H5Pset_obj_track_times(creation.id(), false) >= 0 &&
                   H5Pset_obj_track_times(group_creation.id(), false) >= 0 &&
                   H5Pset_obj_track_times(dataset_creation.id(), false) >= 0 &&
                   H5Pset_layout(dataset_creation.id(), H5D_CONTIGUOUS) >= 0 &&
                   H5Pset_fill_time(dataset_creation.id(), H5D_FILL_TIME_NEVER) >= 0;
  require(set, "HDF5: cannot prepare a file in memory: {}", hdf5_reason());
  id = Hdf5Handle(H5Fcreate(fresh_image_name().c_str(), H5F_ACC_TRUNC, creation.id(), access.id()), H5Fclose);
  require(id.valid(), "HDF5: cannot make a file in memory: {}", hdf5_reason());
  groups.insert("");
}

void Hdf5Writer::File::make_group(const std::string& path) {
  if (groups.contains(path)) return;
  const size_t slash = path.rfind('/');
  make_group(slash == std::string::npos ? "" : path.substr(0, slash));
  const Hdf5Handle group(H5Gcreate2(id.id(), path.c_str(), H5P_DEFAULT, group_creation.id(), H5P_DEFAULT), H5Gclose);
  require(group.valid(), "HDF5: cannot make the group {}: {}", path, hdf5_reason());
  groups.insert(path);
}

void Hdf5Writer::File::write(const std::string& path, const Shape& shape, hid_t in_file, hid_t in_memory,
                             const void* values) {
  const size_t slash = path.rfind('/');
  make_group(slash == std::string::npos ? "" : path.substr(0, slash));
  require(datasets.insert(path).second && !groups.contains(path), "HDF5: {} is written twice", path);
  const std::vector<hsize_t> dims(shape.begin(), shape.end());
  const Hdf5Handle space(
      dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr),
      H5Sclose);
  Hdf5Handle set(
      H5Dcreate2(id.id(), path.c_str(), in_file, space.id(), H5P_DEFAULT, dataset_creation.id(), H5P_DEFAULT),
      H5Dclose);
  require(set.valid(), "HDF5: cannot make the dataset {}: {}", path, hdf5_reason());
  if (count_of(shape) > 0) {
    const herr_t written = H5Dwrite(set.id(), in_memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    require(written >= 0, "HDF5: cannot write the dataset {}: {}", path, hdf5_reason());
  }
  require(set.close(), "HDF5: cannot close the dataset {}: {}", path, hdf5_reason());
}

void Hdf5Writer::File::attach(const std::string& path, const std::string& name, hid_t in_file, hid_t in_memory,
                              int64_t count, const void* value) {
  const hsize_t dim = static_cast<hsize_t>(count);
  const Hdf5Handle space(count < 0 ? H5Screate(H5S_SCALAR) : H5Screate_simple(1, &dim, nullptr), H5Sclose);
  Hdf5Handle attribute(H5Acreate_by_name(id.id(), path.empty() ? "/" : path.c_str(), name.c_str(), in_file, space.id(),
                                         H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
                       H5Aclose);
  require(attribute.valid(), "HDF5: cannot make the attribute {} of /{}: {}", name, path, hdf5_reason());
  const bool written = H5Awrite(attribute.id(), in_memory, value) >= 0 && attribute.close();
  require(written, "HDF5: cannot write the attribute {} of /{}: {}", name, path, hdf5_reason());
}

Hdf5Writer::Hdf5Writer() : file_(std::make_unique<File>()) {}
Hdf5Writer::~Hdf5Writer() = default;
Hdf5Writer::Hdf5Writer(Hdf5Writer&&) noexcept = default;
Hdf5Writer& Hdf5Writer::operator=(Hdf5Writer&&) noexcept = default;

void Hdf5Writer::group(const std::string& path) {
  const Hdf5Session session;
  file_->make_group(normal(path));
}

void Hdf5Writer::dataset(const std::string& path, const Tensor& values) {
  const Hdf5Session session;
  require(values.defined(), "HDF5: no values for {}", path);
  const Stored type = stored(values.dtype());
  file_->write(normal(path), values.shape(), type.in_file, type.in_memory, values.raw());
  if (values.dtype() == DType::kBF16) attribute(path, "dtype", "bf16");
}

void Hdf5Writer::dataset(const std::string& path, const std::vector<double>& values) {
  const Hdf5Session session;
  const Shape shape = {static_cast<int64_t>(values.size())};
  file_->write(normal(path), shape, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, values.data());
}

void Hdf5Writer::dataset(const std::string& path, const std::vector<int64_t>& values) {
  const Hdf5Session session;
  const Shape shape = {static_cast<int64_t>(values.size())};
  file_->write(normal(path), shape, H5T_STD_I64LE, H5T_NATIVE_INT64, values.data());
}

void Hdf5Writer::text(const std::string& path, std::string_view value) {
  const Hdf5Session session;
  const Hdf5Handle type = text_type(value.size());
  file_->write(normal(path), {}, type.id(), type.id(), value.empty() ? "" : value.data());
}

void Hdf5Writer::scalar(const std::string& path, double value) {
  const Hdf5Session session;
  file_->write(normal(path), {}, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, &value);
}

void Hdf5Writer::integer_scalar(const std::string& path, int64_t value) {
  const Hdf5Session session;
  file_->write(normal(path), {}, H5T_STD_I64LE, H5T_NATIVE_INT64, &value);
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, double value) {
  const Hdf5Session session;
  file_->attach(normal(path), name, H5T_IEEE_F64LE, H5T_NATIVE_DOUBLE, -1, &value);
}

void Hdf5Writer::integer_attribute(const std::string& path, const std::string& name, int64_t value) {
  const Hdf5Session session;
  file_->attach(normal(path), name, H5T_STD_I64LE, H5T_NATIVE_INT64, -1, &value);
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, std::string_view value) {
  const Hdf5Session session;
  require(value.size() <= kMostAttribute, "HDF5: the attribute {} of {} has {} bytes", name, path, value.size());
  const Hdf5Handle type = text_type(value.size());
  file_->attach(normal(path), name, type.id(), type.id(), -1, value.empty() ? "" : value.data());
}

void Hdf5Writer::attribute(const std::string& path, const std::string& name, const std::vector<std::string>& values) {
  const Hdf5Session session;
  size_t longest = 1;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  require(longest * values.size() <= kMostAttribute, "HDF5: the attribute {} of {} is too large", name, path);
  std::string packed(longest * values.size(), '\0');
  for (size_t i = 0; i < values.size(); ++i) values[i].copy(&packed[i * longest], longest);
  const Hdf5Handle type = text_type(longest);
  file_->attach(normal(path), name, type.id(), type.id(), static_cast<int64_t>(values.size()), packed.data());
}

Bytes Hdf5Writer::finish() {
  const Hdf5Session session;
  require(file_ && file_->id.valid(), "HDF5: a writer is finished twice");
  require(file_->id.close(), "HDF5: cannot close a file in memory: {}", hdf5_reason());
  ImageMemory& memory = file_->memory;
  // The buffer ends on a multiple of kGrowth; where the file ends stands in its superblock (version 0, byte 40).
  constexpr size_t kEndOfFile = 40;
  require(memory.data && memory.size >= kEndOfFile + 8 && static_cast<const char*>(memory.data)[8] == 0,
          "HDF5: an image without a superblock of version 0");
  uint64_t end = 0;
  std::memcpy(&end, static_cast<const char*>(memory.data) + kEndOfFile, sizeof(end));
  require(end <= memory.size, "HDF5: an image of {} bytes in {}", end, memory.size);
  Bytes image = Bytes::adopt(std::exchange(memory.data, nullptr), memory.size);
  image.resize(end);
  return image;
}

}  // namespace mlrun::io
