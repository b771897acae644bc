#include "io/hdf5/scan.hpp"

#include <algorithm>
#include <set>
#include <vector>

namespace mlrun::io {
namespace {

using Type = Hdf5Dataset::Type;

constexpr size_t kMostObjects = 1 << 17;

struct Link {
  std::string name;
  H5L_type_t type;
};

// Runs inside the library, so no exception may leave it.
herr_t collect_link(hid_t, const char* name, const H5L_info_t* info, void* out) {
  auto& links = *static_cast<std::vector<Link>*>(out);
  try {
    if (links.size() >= kMostObjects) return -1;
    links.push_back({name, info->type});
  } catch (...) {
    return -1;
  }
  return 0;
}

const char* kind_of(H5L_type_t type) {
  return type == H5L_TYPE_SOFT ? "a soft link" : type == H5L_TYPE_EXTERNAL ? "an external link" : "a user-defined link";
}

class Scan {
 public:
  Scan(hid_t file, uint64_t file_bytes, const Hdf5Refusal& refuse)
      : file_(file), file_bytes_(file_bytes), refuse_(refuse) {}

  Hdf5Contents run() {
    visit_group("");
    return std::move(contents_);
  }

 private:
  void visit_group(const std::string& path) {
    if (contents_.size() > kMostObjects) refuse_(fmt::format("it holds more than {} objects", kMostObjects));
    const Hdf5Handle group(H5Gopen2(file_, path.empty() ? "/" : path.c_str(), H5P_DEFAULT), H5Gclose);
    H5O_info_t info = {};
    // Basic facts only: adding up how much a group's index takes makes libhdf5 1.10 follow addresses that it never
    // checked.
    if (!group.valid() || H5Oget_info2(group.id(), &info, H5O_INFO_BASIC) < 0)
      refuse_(fmt::format("the group /{} cannot be read ({})", path, hdf5_reason()));
    if (!seen_.insert(info.addr).second) refuse_(fmt::format("/{} is a second link to an object", path));
    contents_.emplace(path, std::nullopt);

    std::vector<Link> links;
    if (H5Literate(group.id(), H5_INDEX_NAME, H5_ITER_NATIVE, nullptr, collect_link, &links) < 0) {
      refuse_(fmt::format("the group /{} cannot be listed ({})", path, hdf5_reason()));
    }
    std::sort(links.begin(), links.end(), [](const Link& a, const Link& b) { return a.name < b.name; });
    for (const Link& link : links) {
      const std::string child = path.empty() ? link.name : path + "/" + link.name;
      if (link.type != H5L_TYPE_HARD) refuse_(fmt::format("/{} is {}", child, kind_of(link.type)));
      if (link.name.empty() || link.name == "." || link.name.find('/') != std::string::npos ||
          contents_.contains(child)) {
        refuse_(fmt::format("/{} has an impossible name", child));
      }
      H5O_info_t object = {};
      if (H5Oget_info_by_name2(group.id(), link.name.c_str(), &object, H5O_INFO_BASIC, H5P_DEFAULT) < 0) {
        refuse_(fmt::format("/{} cannot be read ({})", child, hdf5_reason()));
      }
      if (object.type == H5O_TYPE_GROUP) {
        visit_group(child);
      } else if (object.type == H5O_TYPE_DATASET) {
        if (!seen_.insert(object.addr).second) refuse_(fmt::format("/{} is a second link to an object", child));
        contents_.emplace(child, visit_dataset(child));
      } else {
        refuse_(fmt::format("/{} is neither a group nor a dataset", child));
      }
    }
  }

  Hdf5Dataset visit_dataset(const std::string& path) {
    const std::string where = "/" + path;
    const Hdf5Handle set(H5Dopen2(file_, path.c_str(), H5P_DEFAULT), H5Dclose);
    if (!set.valid()) refuse_(fmt::format("{} cannot be read ({})", where, hdf5_reason()));
    const Hdf5Handle creation(H5Dget_create_plist(set.id()), H5Pclose);
    const H5D_layout_t layout = creation.valid() ? H5Pget_layout(creation.id()) : H5D_LAYOUT_ERROR;
    if (layout != H5D_CONTIGUOUS && layout != H5D_COMPACT) refuse_(where + " has an unknown layout");

    const Hdf5Handle type(H5Dget_type(set.id()), H5Tclose), space(H5Dget_space(set.id()), H5Sclose);
    if (!type.valid() || !space.valid()) refuse_(fmt::format("{} cannot be read ({})", where, hdf5_reason()));
    Hdf5Dataset found;
    size_t length = 0;
    found.type = hdf5_value_type(type.id(), &length, where, refuse_);
    found.shape = hdf5_shape(space.id(), where, refuse_);
    if (__builtin_mul_overflow(count_of(found.shape), static_cast<int64_t>(H5Tget_size(type.id())), &found.bytes)) {
      refuse_(fmt::format("{} claims an impossible shape {}", where, to_string(found.shape)));
    }
    if (found.type == Type::kU16 && is_bf16(set.id())) found.type = Type::kBF16;
    const uint64_t bytes = static_cast<uint64_t>(found.bytes);
    if (bytes == 0) return found;
    if (bytes > file_bytes_) {
      refuse_(fmt::format("{} claims {} bytes in a file of {}", where, bytes, file_bytes_));
    }
    if (H5Dget_storage_size(set.id()) != bytes)
      refuse_(fmt::format("{} stores fewer bytes than its shape needs", where));
    if (layout == H5D_CONTIGUOUS) {
      const haddr_t offset = H5Dget_offset(set.id());
      if (offset == HADDR_UNDEF || offset > file_bytes_ - bytes) refuse_(where + " reaches past the end of the file");
    }
    return found;
  }

  bool is_bf16(hid_t set) const {
    if (H5Aexists(set, "dtype") <= 0) return false;
    const Hdf5Handle attribute(H5Aopen(set, "dtype", H5P_DEFAULT), H5Aclose);
    const Hdf5Handle type(H5Aget_type(attribute.id()), H5Tclose), space(H5Aget_space(attribute.id()), H5Sclose);
    constexpr size_t kMost = 16;
    if (H5Tget_class(type.id()) != H5T_STRING || H5Tis_variable_str(type.id()) != 0 || H5Tget_size(type.id()) > kMost ||
        H5Sget_simple_extent_npoints(space.id()) != 1) {
      return false;
    }
    char value[kMost] = {};
    return H5Aread(attribute.id(), type.id(), value) >= 0 &&
           hdf5_text(type.id(), value, H5Tget_size(type.id())) == "bf16";
  }

  hid_t file_;
  uint64_t file_bytes_;
  const Hdf5Refusal& refuse_;
  Hdf5Contents contents_;
  std::set<haddr_t> seen_;
};

}  // namespace

Hdf5Contents scan_hdf5(hid_t file, uint64_t file_bytes, const Hdf5Refusal& refuse) {
  return Scan(file, file_bytes, refuse).run();
}

Type hdf5_value_type(hid_t type, size_t* length, const std::string& where, const Hdf5Refusal& refuse) {
  const H5T_class_t kind = H5Tget_class(type);
  if (kind == H5T_STRING) {
    if (H5Tis_variable_str(type) != 0) refuse(where + " holds text of variable length");
    *length = H5Tget_size(type);
    return Type::kText;
  }
  struct Known {
    hid_t little, big;
    Type type;
  };
  const Known known[] = {{H5T_IEEE_F32LE, H5T_IEEE_F32BE, Type::kF32}, {H5T_IEEE_F64LE, H5T_IEEE_F64BE, Type::kF64},
                         {H5T_STD_I8LE, H5T_STD_I8BE, Type::kS8},      {H5T_STD_U8LE, H5T_STD_U8BE, Type::kU8},
                         {H5T_STD_I16LE, H5T_STD_I16BE, Type::kS16},   {H5T_STD_U16LE, H5T_STD_U16BE, Type::kU16},
                         {H5T_STD_I32LE, H5T_STD_I32BE, Type::kS32},   {H5T_STD_U32LE, H5T_STD_U32BE, Type::kU32},
                         {H5T_STD_I64LE, H5T_STD_I64BE, Type::kS64},   {H5T_STD_U64LE, H5T_STD_U64BE, Type::kU64}};
  if (kind == H5T_INTEGER || kind == H5T_FLOAT) {
    for (const Known& k : known) {
      if (H5Tequal(type, k.little) > 0 || H5Tequal(type, k.big) > 0) return k.type;
    }
  }
  refuse(where + (kind == H5T_VLEN   ? " holds values of variable length"
                  : kind == H5T_ENUM ? " holds an enumeration (h5py's bool); save it as uint8"
                                     : " holds values other than integers, IEEE floats and text"));
  return Type::kU8;
}

Shape hdf5_shape(hid_t space, const std::string& where, const Hdf5Refusal& refuse) {
  const H5S_class_t kind = H5Sget_simple_extent_type(space);
  if (kind == H5S_SCALAR) return {};
  const int rank = H5Sget_simple_extent_ndims(space);
  if (kind != H5S_SIMPLE || rank < 1 || rank > H5S_MAX_RANK) refuse(where + " has no shape");
  std::vector<hsize_t> dims(static_cast<size_t>(rank));
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  constexpr uint64_t kMost = uint64_t{1} << 62;
  uint64_t count = 1;
  Shape shape;
  for (const hsize_t d : dims) {
    if (d > kMost || __builtin_mul_overflow(count, std::max<uint64_t>(d, 1), &count) || count > kMost) {
      refuse(where + " claims an impossible shape");
    }
    shape.push_back(static_cast<int64_t>(d));
  }
  return shape;
}

std::string hdf5_text(hid_t type, const char* value, size_t length) {
  std::string text(value, length);
  const H5T_str_t padding = H5Tget_strpad(type);
  if (padding == H5T_STR_NULLTERM) text.resize(std::min(text.size(), text.find('\0')));
  const char pad = padding == H5T_STR_SPACEPAD ? ' ' : '\0';
  while (!text.empty() && text.back() == pad) text.pop_back();
  return text;
}

}  // namespace mlrun::io
