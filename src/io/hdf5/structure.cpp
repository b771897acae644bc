#include "io/hdf5/structure.hpp"

#include <algorithm>
#include <set>

#include "io/hdf5/groups.hpp"

namespace mlrun::io {
namespace {

constexpr size_t kMostDepth = 32;
constexpr std::string_view kSignature = "\x89HDF\r\n\x1a\n";

struct Superblock {
  uint64_t at = 0, end = 0, bytes = 0;
  Hdf5NodeSizes sizes;
  Hdf5Object::Link root;
};

// The file's first byte, or behind a user block of 512, 1024, ... bytes, where libhdf5 looks too.
uint64_t find_superblock(std::span<const std::byte> file, const Hdf5Refusal& refuse) {
  for (uint64_t at = 0; at + kSignature.size() <= file.size(); at = at == 0 ? 512 : 2 * at) {
    if (std::ranges::equal(file.subspan(at, kSignature.size()), std::as_bytes(std::span(kSignature)))) return at;
  }
  refuse("not an HDF5 file: it has no superblock");
  return 0;
}

Superblock read_superblock(std::span<const std::byte> file, const Hdf5Refusal& refuse) {
  Superblock found;
  found.at = find_superblock(file, refuse);
  Hdf5Cursor c(file.subspan(found.at), found.at, "the superblock", refuse);
  c.signature(kSignature);
  const uint64_t version = c.number_in(1, "a version", 0, 3);
  if (version < 2) c.skip(4, "versions");
  c.number_in(1, "bytes of an address", 8, 8);
  c.number_in(1, "bytes of a length", 8, 8);
  if (version < 2) {
    c.skip(1, "a reserved byte");
    found.sizes.leaf = c.number_in(2, "a symbol table node's size", 1, 0x7fff);
    found.sizes.internal = c.number_in(2, "a B-tree node's size", 1, 0x7fff);
    c.skip(version == 0 ? 4 : 8, "flags");
  } else {
    c.skip(1, "flags");
  }
  const uint64_t base = c.address("a base address");
  c.no_address(version < 2 ? "free space" : "an extension");
  // libhdf5 takes the superblock's place for the base address, whatever it says, and moves the end with it.
  found.end = c.address("the end of the file") - base + found.at;
  if (version < 2) {
    c.no_address("a driver");
    found.root = read_hdf5_symbol(c).link;
  } else {
    found.root.address = c.address("the root group");
    c.skip(4, "a checksum");
  }
  if (found.end > file.size() || found.end < c.offset()) {
    c.refuse(fmt::format("the end of the file at byte {}", found.end), fmt::format("at most {}", file.size()));
  }
  found.bytes = c.offset() - found.at;
  return found;
}

class Walk {
 public:
  Walk(std::span<const std::byte> file, const Superblock& superblock, const Hdf5Refusal& refuse)
      : blocks_(file.subspan(superblock.at, superblock.end - superblock.at), superblock.at, refuse),
        sizes_(superblock.sizes),
        refuse_(refuse) {
    blocks_.claim(0, superblock.bytes, "the superblock");
    visit(superblock.root, "/", 0);
  }

 private:
  void visit(const Hdf5Object::Link& link, const std::string& path, size_t depth) {
    if (depth > kMostDepth) refuse_(fmt::format("{} lies deeper than {} groups", path, kMostDepth));
    if (!headers_.insert(link.address).second) refuse_(path + " is a second link to an object");
    Hdf5Object object;
    object.path = path;
    read_header(link.address, object);
    check_hdf5_object(object, refuse_);
    // A group that changed to link messages leaves what was cached of it behind; libhdf5 then does not use it.
    if (link.cached && object.symbols && link.cached != object.symbols)
      refuse_(path + " is linked as another group than it is");
    if (object.data) blocks_.claim(object.data->address, object.data->bytes, path);
    if (object.symbols) object.links = read_hdf5_symbol_table(blocks_, sizes_, *object.symbols, path);
    for (const Hdf5Object::Link& child : object.links) {
      visit(child, depth == 0 ? "/" + child.name : path + "/" + child.name, depth + 1);
    }
  }

  void read_header(uint64_t address, Hdf5Object& object) {
    constexpr uint64_t kLeast = 16;
    const std::string what = "the object header of " + object.path;
    const bool second = blocks_.look(address, kLeast, what).text(4, "a signature") == "OHDR";
    if (second) read_second(address, what, object);
    else read_first(address, what, object);
  }

  void read_first(uint64_t address, const std::string& what, Hdf5Object& object) {
    constexpr uint64_t kPrefixBytes = 16;
    Hdf5Cursor c = blocks_.look(address, kPrefixBytes, what);
    c.number_in(1, "a version", 1, 1);
    c.skip(7, "counts");
    const uint64_t bytes = c.number(4, "the size of messages");
    blocks_.claim(address, kPrefixBytes, what);
    read_messages(blocks_.claim(address + kPrefixBytes, bytes, what), {2, 8, false}, object);
    for (size_t i = 0; i < object.continuations.size(); ++i) {  // each may add others
      const auto [at, size] = object.continuations[i];
      read_messages(blocks_.claim(at, size, what), {2, 8, false}, object);
    }
  }

  void read_second(uint64_t address, const std::string& what, Hdf5Object& object) {
    constexpr uint64_t kPrefixBytes = 6, kTimes = 0x20, kPhases = 0x10, kOrder = 0x04, kChecksumBytes = 4;
    Hdf5Cursor c = blocks_.look(address, kPrefixBytes, what);
    c.signature("OHDR");
    c.number_in(1, "a version", 2, 2);
    const uint64_t flags = c.number_in(1, "flags", 0, 0x3f);
    const uint64_t optional = ((flags & kTimes) != 0 ? 16 : 0) + ((flags & kPhases) != 0 ? 4 : 0);
    const uint64_t width = uint64_t{1} << (flags & 3), head = kPrefixBytes + optional + width;
    Hdf5Cursor prefix = blocks_.claim(address, head, what);
    prefix.skip(kPrefixBytes + optional, "times");
    const uint64_t bytes = prefix.number(width, "the size of messages");
    const Format format = {1, (flags & kOrder) != 0 ? uint64_t{6} : uint64_t{4}, true};
    read_messages(blocks_.claim(address + head, bytes, what), format, object);
    blocks_.claim(address + head + bytes, kChecksumBytes, what);
    for (size_t i = 0; i < object.continuations.size(); ++i) {
      const auto [at, size] = object.continuations[i];
      Hdf5Cursor block = blocks_.claim(at, size, what);
      block.signature("OCHK");
      if (block.left() < kChecksumBytes) block.refuse("no checksum", "one");
      read_messages(block.part(block.left() - kChecksumBytes, "messages"), format, object);
    }
  }

  struct Format {
    size_t kind_bytes;
    uint64_t head_bytes;
    bool gap;  // may fewer bytes than a message's head be left over
  };

  void read_messages(Hdf5Cursor c, const Format& format, Hdf5Object& object) {
    while (c.left() > 0 && !(format.gap && c.left() < format.head_bytes)) {
      Hdf5Cursor head = c.part(format.head_bytes, "a message");
      const uint64_t kind = head.number(format.kind_bytes, "a kind of message");
      const uint64_t bytes = head.number(2, "a message's size"), flags = head.number(1, "a message's flags");
      if (!format.gap && bytes % 8 != 0) head.refuse(fmt::format("a message of {} bytes", bytes), "a multiple of 8");
      check_hdf5_message(kind, flags, c.part(bytes, "a message"), object, refuse_);
    }
  }

  Hdf5Blocks blocks_;
  Hdf5NodeSizes sizes_;
  const Hdf5Refusal& refuse_;
  std::set<uint64_t> headers_;
};

}  // namespace

void check_hdf5_structure(std::span<const std::byte> file, const Hdf5Refusal& refuse) {
  Walk(file, read_superblock(file, refuse), refuse);
}

}  // namespace mlrun::io
