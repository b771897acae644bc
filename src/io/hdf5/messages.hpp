// The messages of an object header: what each says is walked byte by byte before libhdf5 decodes it. For the .cpp files
// of this room only.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "io/hdf5/cursor.hpp"

namespace mlrun::io {

// What the messages read so far say of one object. Addresses count from the superblock.
struct Hdf5Object {
  struct Block {
    uint64_t address, bytes;
  };
  struct SymbolTable {
    uint64_t tree, heap;
    bool operator==(const SymbolTable&) const = default;
  };
  struct Link {
    std::string name;
    uint64_t address;
    std::optional<SymbolTable> cached;  // what the link says of the group it leads to
  };

  std::string path;  // "/model"
  std::set<uint64_t> kinds;
  std::vector<Link> links;  // the hard ones
  std::vector<Block> continuations;
  std::optional<SymbolTable> symbols;
  std::optional<Block> data;       // contiguous, written
  uint64_t value_bytes = 0;        // of the type
  std::vector<uint64_t> fillings;  // bytes of fill values
};

// `message`: the body, exactly. Unknown kinds, kinds that occur twice, and what keeps an object's parts in structures
// that mlrun does not walk (chunk indices, fractal heaps, shared messages, other files) are refused.
void check_hdf5_message(uint64_t kind, uint64_t flags, Hdf5Cursor message, Hdf5Object& object,
                        const Hdf5Refusal& refuse);

// After the last message.
void check_hdf5_object(const Hdf5Object& object, const Hdf5Refusal& refuse);

}  // namespace mlrun::io
