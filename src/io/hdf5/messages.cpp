#include "io/hdf5/messages.hpp"

#include "io/hdf5/datatype.hpp"

namespace mlrun::io {
namespace {

enum Kind : uint64_t {
  kNil = 0x00,
  kDataspace = 0x01,
  kLinkInfo = 0x02,
  kDatatype = 0x03,
  kOldFillValue = 0x04,
  kFillValue = 0x05,
  kLink = 0x06,
  kExternalFiles = 0x07,
  kLayout = 0x08,
  kGroupInfo = 0x0a,
  kFilters = 0x0b,
  kAttribute = 0x0c,
  kComment = 0x0d,
  kOldModified = 0x0e,
  kContinuation = 0x10,
  kSymbolTable = 0x11,
  kModified = 0x12,
  kAttributeInfo = 0x15,
  kReferences = 0x16
};

// Of links, or of attributes. They lie elsewhere than in the header when there are more than 8 in HDF5's latest format;
// h5py's default format has none of these.
void check_index_info(Hdf5Cursor& m, const std::string& of, uint64_t bytes_of_creation_index) {
  m.number_in(1, "a version", 0, 0);
  const uint64_t flags = m.number_in(1, "flags", 0, 3);
  if ((flags & 1) != 0) m.skip(bytes_of_creation_index, "a creation index");
  m.no_address(of + " in a fractal heap");
  m.no_address("an index of " + of);
  if ((flags & 2) != 0) m.no_address("an index of " + of);
}

void check_group_info(Hdf5Cursor& m) {
  m.number_in(1, "a version", 0, 0);
  const uint64_t flags = m.number_in(1, "flags", 0, 3);
  if ((flags & 1) != 0) m.skip(4, "bounds of storage");
  if ((flags & 2) != 0) m.skip(4, "estimates");
}

void check_filling(Hdf5Cursor& m, Hdf5Object& object) {
  const uint64_t bytes = m.number(4, "the size of a fill value");
  if (bytes == 0 || bytes == 0xffffffff) return;  // the type's default; none
  m.skip(bytes, "a fill value");
  object.fillings.push_back(bytes);
}

void check_fill_value(Hdf5Cursor& m, Hdf5Object& object) {
  const uint64_t version = m.number_in(1, "a version", 1, 3);
  if (version == 3) {
    const uint64_t flags = m.number_in(1, "flags", 0, 0x3f);
    if ((flags & 0x20) != 0) check_filling(m, object);
    return;
  }
  m.number_in(1, "a time of allocation", 0, 3);
  m.number_in(1, "a time of filling", 0, 2);
  if (m.number_in(1, "whether a fill value is defined", 0, 1) != 0 || version == 1) check_filling(m, object);
}

void check_link(Hdf5Cursor& m, Hdf5Object& object) {
  constexpr uint64_t kHard = 0, kSoft = 1, kFirstOwn = 64;
  m.number_in(1, "a version", 1, 1);
  const uint64_t flags = m.number_in(1, "flags", 0, 0x1f);
  const uint64_t type = (flags & 8) != 0 ? m.number(1, "a kind of link") : kHard;
  if ((flags & 4) != 0) m.skip(8, "an order of creation");
  if ((flags & 0x10) != 0) m.number_in(1, "a character set", 0, 1);
  const uint64_t length = m.number(size_t{1} << (flags & 3), "the length of a name");
  const std::string name(m.text(length, "a name"));
  if (name.empty() || name.find('\0') != std::string::npos) m.refuse("an impossible name", "one without zero bytes");
  if (type == kHard) object.links.push_back({name, m.address("a link"), {}});
  else if (type == kSoft || type >= kFirstOwn) m.skip(m.number(2, "the length of a link"), "a link");
  else m.refuse(fmt::format("a link of kind {}", type), "0, 1 or 64 .. 255");
}

void check_layout(Hdf5Cursor& m, Hdf5Object& object, const Hdf5Refusal& refuse) {
  constexpr uint64_t kCompact = 0, kContiguous = 1, kVirtual = 3;
  m.number_in(1, "a layout's version", 3, 4);
  const uint64_t layout = m.number_in(1, "a layout", 0, kVirtual);
  if (layout == kCompact) {
    m.skip(m.number(2, "the size of data"), "data");
  } else if (layout == kContiguous) {
    const uint64_t address = m.address("data");
    const uint64_t bytes = m.number(8, "the size of data");
    if (address != kNoHdf5Address && bytes > 0) object.data = Hdf5Object::Block{address, bytes};
  } else if (layout == kVirtual) {
    refuse(object.path + " is a virtual dataset");
  } else {
    refuse(object.path + " is stored in chunks; only contiguous data are read");
  }
}

void check_attribute(Hdf5Cursor& m) {
  const Hdf5Cursor start = m;
  const uint64_t version = m.number_in(1, "an attribute's version", 1, 3);
  const uint64_t flags = m.number(1, "flags");
  if (version > 1 && flags != 0) start.refuse("an attribute with a shared type or shape", "one with its own");
  const uint64_t name_bytes = m.number_in(2, "the size of a name", 2, 0xffff);
  const uint64_t type_bytes = m.number(2, "the size of a type");
  const uint64_t space_bytes = m.number(2, "the size of a shape");
  if (version == 3) m.number_in(1, "a character set", 0, 1);
  // Version 1 fills each up to a multiple of 8 bytes.
  const auto whole = [&](uint64_t bytes) { return version == 1 ? (bytes + 7) / 8 * 8 : bytes; };
  Hdf5Cursor name = m.part(whole(name_bytes), "an attribute's name");
  if (name.terminated("an attribute's name").size() + 1 != name_bytes) {
    start.refuse("an attribute's name with another length", fmt::format("{} bytes", name_bytes));
  }
  Hdf5Cursor type = m.part(whole(type_bytes), "an attribute's type");
  Hdf5Cursor space = m.part(whole(space_bytes), "an attribute's shape");
  const uint64_t value_bytes = check_hdf5_datatype(type), count = check_hdf5_dataspace(space);
  if (count > m.left() / value_bytes) {
    m.refuse(fmt::format("{} bytes of an attribute's values", m.left()),
             fmt::format("{} of {} bytes each", count, value_bytes));
  }
}

}  // namespace

void check_hdf5_message(uint64_t kind, uint64_t flags, Hdf5Cursor m, Hdf5Object& object, const Hdf5Refusal& refuse) {
  constexpr uint64_t kShared = 2;
  const bool repeats = kind == kNil || kind == kLink || kind == kAttribute || kind == kContinuation;
  if (!repeats && !object.kinds.insert(kind).second) m.refuse(fmt::format("a second message of kind {}", kind), "one");
  if ((flags & kShared) != 0) m.refuse(fmt::format("a message of kind {} kept elsewhere", kind), "it in its place");
  switch (kind) {
    case kNil:
      return;
    case kDataspace:
      check_hdf5_dataspace(m);
      return;
    case kLinkInfo:
      return check_index_info(m, "links", 8);
    case kDatatype:
      object.value_bytes = check_hdf5_datatype(m);
      return;
    case kOldFillValue:
      return check_filling(m, object);
    case kFillValue:
      return check_fill_value(m, object);
    case kLink:
      return check_link(m, object);
    case kExternalFiles:
      return refuse(object.path + " keeps its data in another file");
    case kLayout:
      return check_layout(m, object, refuse);
    case kGroupInfo:
      return check_group_info(m);
    case kFilters:
      return;  // refused when the layout is known
    case kAttribute:
      return check_attribute(m);
    case kComment:
      m.terminated("a comment");
      return;
    case kOldModified:
      return m.skip(14, "a time");
    case kContinuation: {
      const uint64_t address = m.address("a continuation");
      object.continuations.push_back({address, m.number(8, "a continuation's size")});
      return;
    }
    case kSymbolTable: {
      const uint64_t tree = m.address("a B-tree");
      object.symbols = Hdf5Object::SymbolTable{tree, m.address("a local heap")};
      return;
    }
    case kModified:
      m.number_in(1, "a version", 1, 1);
      return m.skip(7, "a time");
    case kAttributeInfo:
      return check_index_info(m, "attributes", 2);
    case kReferences:
      m.number_in(1, "a version", 0, 0);
      return m.skip(4, "a count of links");
    default:
      m.refuse(fmt::format("a message of kind {}", kind), "one that mlrun knows");
  }
}

void check_hdf5_object(const Hdf5Object& object, const Hdf5Refusal& refuse) {
  const auto has = [&](Kind kind) { return object.kinds.contains(kind); };
  if (has(kFilters)) refuse(object.path + " has a filter");
  if (object.symbols && (has(kLinkInfo) || !object.links.empty())) refuse(object.path + " is a group in two ways");
  const bool is_group = object.symbols || has(kLinkInfo) || !object.links.empty();
  if (is_group && (has(kLayout) || has(kDatatype))) refuse(object.path + " is both a group and a dataset");
  for (const uint64_t bytes : object.fillings) {
    if (bytes != object.value_bytes) {
      refuse(fmt::format("{} has a fill value of {} bytes for values of {}", object.path, bytes, object.value_bytes));
    }
  }
}

}  // namespace mlrun::io
