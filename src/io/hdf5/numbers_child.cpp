#include "io/hdf5/numbers_child.hpp"

#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <functional>
#include <new>
#include <vector>

#include "io/child.hpp"
#include "io/half.hpp"
#include "io/hdf5/in_memory.hpp"

namespace mlrun::io {
namespace {

struct Refusal {
  Hdf5Mending mending;
  std::string why;
};
[[noreturn]] void refuse(const std::string& why, Hdf5Mending mending = Hdf5Mending::kNone) {
  throw Refusal{mending, why};
}

void send(int out, Hdf5NumberMessage::Kind kind, const void* data, uint64_t count, size_t size) {
  const Hdf5NumberMessage message{kind, count};
  write_to_parent(out, &message, sizeof message);
  write_to_parent(out, data, count * size);
}

herr_t collect_name(hid_t, const char* name, const H5L_info_t*, void* out) {
  auto& names = *static_cast<std::vector<std::string>*>(out);
  constexpr size_t kMost = 12;
  if (names.size() == kMost) return 1;
  names.emplace_back(name);
  return 0;
}

std::vector<std::string> names_in(hid_t group) {
  std::vector<std::string> names;
  H5Literate(group, H5_INDEX_NAME, H5_ITER_INC, nullptr, collect_name, &names);
  return names;
}
std::string listed(hid_t group) {
  const std::vector<std::string> names = names_in(group);
  if (names.empty()) return "nothing";
  return fmt::format("{}", fmt::join(names, ", "));
}

// Follows the path link by link, so that a refusal can say where it ends.
Hdf5Handle open_object(hid_t file, const std::string& path) {
  Hdf5Handle here(H5Oopen(file, "/", H5P_DEFAULT), H5Oclose);
  std::string walked;
  for (size_t begin = 0; begin < path.size();) {
    const size_t end = std::min(path.find('/', begin), path.size());
    const std::string name = path.substr(begin, end - begin);
    begin = end + 1;
    if (name.empty()) continue;
    const std::string parent = walked.empty() ? "/" : walked;
    walked += "/" + name;
    if (H5Iget_type(here.id()) != H5I_GROUP)
      refuse(fmt::format("{} is a dataset, and {} would lie in it", parent, walked));
    H5L_info_t info = {};
    if (H5Lexists(here.id(), name.c_str(), H5P_DEFAULT) <= 0 ||
        H5Lget_info(here.id(), name.c_str(), &info, H5P_DEFAULT) < 0) {
      refuse(fmt::format("it has no {}; {} holds {}", walked, parent, listed(here.id())));
    }
    if (info.type == H5L_TYPE_EXTERNAL) refuse(walked + " is a link to another file", Hdf5Mending::kCopy);
    Hdf5Handle next(H5Oopen(here.id(), name.c_str(), H5P_DEFAULT), H5Oclose);
    if (!next.valid()) {
      refuse(info.type == H5L_TYPE_SOFT ? fmt::format("{} is a soft link that leads nowhere in this file", walked)
                                        : fmt::format("{} cannot be read ({})", walked, hdf5_reason()));
    }
    here = std::move(next);
  }
  if (H5Iget_type(here.id()) == H5I_GROUP) {
    const std::vector<std::string> names = names_in(here.id());
    std::string why = fmt::format("it is a group, expected a dataset; it holds {}", listed(here.id()));
    for (const char* numbers : {"block0_values", "table"}) {
      if (std::find(names.begin(), names.end(), numbers) == names.end()) continue;
      why += fmt::format("\n  pandas keeps a frame's numbers in   {}/{}", walked, numbers);
      break;
    }
    refuse(why);
  }
  if (H5Iget_type(here.id()) != H5I_DATASET) refuse("it is neither a dataset nor a group");
  return here;
}

void check_storage(hid_t dataset, std::vector<hsize_t>& chunk) {
  const Hdf5Handle creation(H5Dget_create_plist(dataset), H5Pclose);
  if (!creation.valid()) refuse(fmt::format("it cannot be read ({})", hdf5_reason()));
  const H5D_layout_t layout = H5Pget_layout(creation.id());
  if (layout == H5D_VIRTUAL) refuse("it is a view of other datasets (virtual storage)", Hdf5Mending::kCopy);
  if (H5Pget_external_count(creation.id()) > 0) refuse("its numbers are in another file", Hdf5Mending::kCopy);
  if (layout == H5D_CHUNKED) {
    chunk.resize(kMostHdf5Rank);
    const int rank = H5Pget_chunk(creation.id(), static_cast<int>(chunk.size()), chunk.data());
    chunk.resize(static_cast<size_t>(std::max(rank, 0)));
  }
  for (int i = 0; i < H5Pget_nfilters(creation.id()); ++i) {
    unsigned flags = 0, config = 0;
    size_t values = 0;
    char name[64] = {};
    const H5Z_filter_t filter = H5Pget_filter2(creation.id(), static_cast<unsigned>(i), &flags, &values, nullptr,
                                               sizeof name - 1, name, &config);
    if (H5Zfilter_avail(filter) > 0) continue;
    const std::string known = filter == 32000 ? "lzf" : filter == 32001 ? "blosc" : name;
    refuse(fmt::format("it is packed by a filter that libhdf5 does not have here: {}{}", filter,
                       known.empty() ? "" : " (" + known + ")"),
           Hdf5Mending::kCopy);
  }
}

// How values come into memory, and what makes them doubles there.
struct Reading {
  Hdf5Handle memory;
  size_t bytes = sizeof(double);                              // of a value as it is read
  std::function<void(std::byte* raw, size_t count)> convert;  // in place, to doubles; null: they are
};

template <class T, class To>
void widen(std::byte* raw, size_t count, const To& to) {
  for (size_t i = count; i-- > 0;) {  // from the last, whose place no other needs
    T value;
    std::memcpy(&value, raw + i * sizeof(T), sizeof(T));
    const double wide = to(value);
    std::memcpy(raw + i * sizeof(double), &wide, sizeof(double));
  }
}

Reading reading_of(hid_t type) {
  const H5T_class_t kind = H5Tget_class(type);
  const size_t bytes = H5Tget_size(type);
  if (kind == H5T_FLOAT && bytes == 2) {
    size_t sign = 0, exponent = 0, exponent_bits = 0, fraction = 0, fraction_bits = 0;
    H5Tget_fields(type, &sign, &exponent, &exponent_bits, &fraction, &fraction_bits);
    if (sign != 15 || exponent != 10 || exponent_bits != 5 || fraction_bits != 10 || H5Tget_ebias(type) != 15) {
      refuse("its values are 16-bit floats other than IEEE's", Hdf5Mending::kFloat);
    }
    Hdf5Handle memory(H5Tcopy(type), H5Tclose);
    H5Tset_order(memory.id(), H5Tget_order(H5T_NATIVE_UINT16));
    return {std::move(memory), 2, [](std::byte* raw, size_t count) { widen<uint16_t>(raw, count, half_to_double); }};
  }
  if (kind == H5T_INTEGER || kind == H5T_FLOAT) return {Hdf5Handle(H5Tcopy(H5T_NATIVE_DOUBLE), H5Tclose), 8, nullptr};
  if (kind == H5T_BITFIELD && bytes == 1) {
    return {Hdf5Handle(H5Tcopy(H5T_NATIVE_B8), H5Tclose), 1, [](std::byte* raw, size_t count) {
              widen<uint8_t>(raw, count, [](uint8_t v) { return static_cast<double>(v); });
            }};
  }
  if (kind == H5T_ENUM) {
    const Hdf5Handle base(H5Tget_super(type), H5Tclose);
    Hdf5Handle memory(H5Tget_native_type(type, H5T_DIR_ASCEND), H5Tclose);
    if (!memory.valid() || H5Tget_class(base.id()) != H5T_INTEGER) refuse("its values are an unusual enumeration");
    const size_t size = H5Tget_size(memory.id());
    return {std::move(memory), size, [](std::byte*, size_t) {}};
  }
  const char* what = kind == H5T_STRING      ? "text"
                     : kind == H5T_VLEN      ? "rows of different lengths"
                     : kind == H5T_REFERENCE ? "references"
                     : kind == H5T_ARRAY     ? "arrays"
                                             : "opaque";
  if (kind == H5T_COMPOUND) refuse("its values are records of several fields", Hdf5Mending::kFields);
  refuse(fmt::format("its values are {}, expected numbers", what));
}

void send_block(hid_t dataset, const Reading& reading, hid_t space, const std::vector<hsize_t>& dims, hsize_t begin,
                hsize_t rows, std::vector<std::byte>& buffer, int out) {
  std::vector<hsize_t> start(dims.size()), count = dims;
  start[0] = begin;
  count[0] = rows;
  hsize_t values = 1;
  for (const hsize_t d : count) values *= d;
  buffer.resize(static_cast<size_t>(values) * sizeof(double));
  const Hdf5Handle memory(H5Screate_simple(1, &values, nullptr), H5Sclose);
  if (H5Sselect_hyperslab(space, H5S_SELECT_SET, start.data(), nullptr, count.data(), nullptr) < 0 ||
      H5Dread(dataset, reading.memory.id(), memory.id(), space, H5P_DEFAULT, buffer.data()) < 0) {
    refuse(fmt::format("rows {} .. {} cannot be read ({})", begin, begin + rows - 1, hdf5_reason()));
  }
  const Hdf5Handle base(H5Tget_class(reading.memory.id()) == H5T_ENUM ? H5Tget_super(reading.memory.id()) : -1,
                        H5Tclose);
  if (base.valid()) {
    if (H5Tconvert(base.id(), H5T_NATIVE_DOUBLE, values, buffer.data(), nullptr, H5P_DEFAULT) < 0)
      refuse("its enumeration cannot be read as numbers");
  } else if (reading.convert) {
    reading.convert(buffer.data(), static_cast<size_t>(values));
  }
  for (uint64_t sent = 0; sent < values;) {
    const uint64_t piece = std::min<uint64_t>(kMostHdf5Piece, values - sent);
    send(out, Hdf5NumberMessage::kValues, buffer.data() + sent * sizeof(double), piece, sizeof(double));
    sent += piece;
  }
}

void send_all(Bytes& bytes, const std::string& path, int out) {
  const Hdf5Handle file = open_hdf5_in_memory(bytes);
  if (!file.valid()) refuse(fmt::format("libhdf5 cannot open the file ({})", hdf5_reason()));
  const Hdf5Handle dataset = open_object(file.id(), path);
  std::vector<hsize_t> chunk;
  check_storage(dataset.id(), chunk);
  const Hdf5Handle type(H5Dget_type(dataset.id()), H5Tclose), space(H5Dget_space(dataset.id()), H5Sclose);
  if (!type.valid() || !space.valid()) refuse(fmt::format("it cannot be read ({})", hdf5_reason()));
  const Reading reading = reading_of(type.id());
  if (H5Sget_simple_extent_type(space.id()) != H5S_SIMPLE) refuse("it is one value, expected rows of numbers");
  std::vector<hsize_t> dims(kMostHdf5Rank);
  const int rank = H5Sget_simple_extent_dims(space.id(), dims.data(), nullptr);
  if (rank < 1) refuse("it has no shape");
  dims.resize(static_cast<size_t>(rank));
  send(out, Hdf5NumberMessage::kShape, dims.data(), dims.size(), sizeof(hsize_t));

  // Whole chunks at a time where they are not enormous, since each is unpacked as a whole.
  constexpr uint64_t kBlock = uint64_t{1} << 22, kMostBlock = uint64_t{1} << 26;  // values
  uint64_t width = 1;
  for (size_t i = 1; i < dims.size(); ++i)
    width = std::min(kMostBlock + 1, width * std::min<uint64_t>(dims[i], kMostBlock + 1));
  if (width > kMostBlock) refuse(fmt::format("its rows have more than {} values", kMostBlock));
  if (width == 0) dims[0] = 0;
  uint64_t rows = std::max<uint64_t>(1, kBlock / std::max<uint64_t>(width, 1));
  if (!chunk.empty() && chunk[0] > 0 && chunk[0] <= kMostBlock / std::max<uint64_t>(width, 1)) {
    rows = std::max<uint64_t>(rows / chunk[0], 1) * chunk[0];
  }
  std::vector<std::byte> buffer;
  for (hsize_t row = 0; row < dims[0]; row += rows) {
    send_block(dataset.id(), reading, space.id(), dims, row, std::min<hsize_t>(rows, dims[0] - row), buffer, out);
  }
  send(out, Hdf5NumberMessage::kDone, nullptr, 0, 0);
}

}  // namespace

void send_hdf5_numbers(Bytes& file, const std::string& path, int out) {
  std::string text;
  try {
    return send_all(file, path, out);
  } catch (const Refusal& refusal) {
    text = static_cast<char>(refusal.mending) + refusal.why;
  } catch (const std::bad_alloc&) {
    text = static_cast<char>(Hdf5Mending::kNone) + std::string("reading it takes more memory than is allowed");
  }
  text.resize(std::min<size_t>(text.size(), kMostHdf5Text));
  send(out, Hdf5NumberMessage::kRefusal, text.data(), text.size(), 1);
}

}  // namespace mlrun::io
