// A group in HDF5's older form, which mlrun and h5py write: a B-tree (version 1) of symbol table nodes, whose names lie
// in a local heap. For the .cpp files of this room only.
#pragma once

#include <vector>

#include "io/hdf5/blocks.hpp"
#include "io/hdf5/messages.hpp"

namespace mlrun::io {

// Half of the most entries of a node, as the superblock says; the defaults are those of superblocks that do not.
struct Hdf5NodeSizes {
  uint64_t leaf = 4, internal = 16;
};

// One entry of a symbol table node, and the root's in the superblock. `link.name` is left empty.
struct Hdf5Symbol {
  uint64_t name = 0;  // where in the local heap
  bool is_soft = false;
  uint64_t target = 0;  // of a soft link, where in the local heap
  Hdf5Object::Link link;
};
Hdf5Symbol read_hdf5_symbol(Hdf5Cursor& cursor);

// The hard links of the group `path`. Its soft links are walked too, and left to others to refuse.
std::vector<Hdf5Object::Link> read_hdf5_symbol_table(Hdf5Blocks& blocks, const Hdf5NodeSizes& sizes,
                                                     const Hdf5Object::SymbolTable& symbols, const std::string& path);

}  // namespace mlrun::io
