#include "io/hdf5/groups.hpp"

#include <utility>

namespace mlrun::io {
namespace {

constexpr uint64_t kSymbolBytes = 40;

class LocalHeap {
 public:
  LocalHeap(Hdf5Blocks& blocks, uint64_t address, const std::string& path)
      : where_("the local heap of " + path), refuse_(blocks.refuse()) {
    constexpr uint64_t kPrefixBytes = 32;
    Hdf5Cursor c = blocks.claim(address, kPrefixBytes, where_);
    c.signature("HEAP");
    c.number_in(4, "a version", 0, 0);
    const uint64_t bytes = c.number(8, "the size of names");
    if (bytes == 0) c.refuse("no names", "at least the empty one");
    const uint64_t free = c.number(8, "free space");
    Hdf5Cursor names = blocks.claim(c.address("names"), bytes, "the names of " + path);
    check_free_space(names, free);
    at_ = names.offset();
    names_ = names.text(bytes, "names");
  }

  std::string name(uint64_t at, const Hdf5Cursor& from) const {
    const size_t end = at < names_.size() ? names_.find('\0', at) : std::string_view::npos;
    if (end == std::string_view::npos) {
      from.refuse(fmt::format("a name at {} of {}", at, where_),
                  fmt::format("one that ends within its {} bytes from byte {}", names_.size(), at_));
    }
    return std::string(names_.substr(at, end - at));
  }

 private:
  // A list of free blocks, each starting with where the next one lies and its own size.
  void check_free_space(const Hdf5Cursor& names, uint64_t first) const {
    constexpr uint64_t kNone = 1, kLeast = 16;
    const uint64_t bytes = names.left();
    uint64_t blocks = 0;
    for (uint64_t at = first; at != kNone;) {
      if (bytes < kLeast || at > bytes - kLeast || ++blocks > bytes / kLeast) {
        refuse_(fmt::format("{}: found free space at {} of its {} bytes (block {}), expected it inside and no loop",
                            where_, at, bytes, blocks));
      }
      Hdf5Cursor c = names;
      c.skip(at, "names");
      const uint64_t next = c.number(8, "free space");
      c.number_in(8, "the size of free space", kLeast, bytes - at);
      if (next == 0) c.refuse("free space that goes on at 0", "1 for its end");
      at = next;
    }
  }

  std::string where_;
  const Hdf5Refusal& refuse_;
  uint64_t at_ = 0;
  std::string_view names_;
};

class Tree {
 public:
  Tree(Hdf5Blocks& blocks, const Hdf5NodeSizes& sizes, const Hdf5Object::SymbolTable& symbols, const std::string& path)
      : blocks_(blocks), sizes_(sizes), path_(path), heap_(blocks, symbols.heap, path) {
    constexpr uint64_t kLevelAt = 5;
    Hdf5Cursor root = blocks.look(symbols.tree, kLevelAt + 1, "the B-tree of " + path);
    root.skip(kLevelAt, "a B-tree node");
    const uint64_t level = root.number(1, "a level");
    siblings_.resize(level + 1);
    visit(symbols.tree, level);
    for (const Siblings& s : siblings_) {
      if (s.right != kNoHdf5Address) {
        blocks.refuse()(fmt::format("the B-tree of {}: found a node at address {} that no node leads to, expected none",
                                    path, s.right));
      }
    }
  }

  std::vector<Hdf5Object::Link> links() && { return std::move(links_); }

 private:
  // The node last visited on a level, and the one that it calls its right neighbour.
  struct Siblings {
    uint64_t last = kNoHdf5Address, right = kNoHdf5Address;
  };

  void visit(uint64_t address, uint64_t level) {
    constexpr uint64_t kHeadBytes = 24, kGroupNodes = 0;
    const uint64_t most = 2 * sizes_.internal;
    Hdf5Cursor c = blocks_.claim(address, kHeadBytes + 8 * (2 * most + 1), "the B-tree of " + path_);
    c.signature("TREE");
    c.number_in(1, "a kind of B-tree", kGroupNodes, kGroupNodes);
    c.number_in(1, "a level", level, level);
    const uint64_t entries = c.number_in(2, "a count of entries", level > 0 ? 1 : 0, most);
    Siblings& siblings = siblings_[level];
    const bool expected = siblings.last == kNoHdf5Address || siblings.right == address;
    const uint64_t left = c.address("a left neighbour");
    if (!expected || left != siblings.last) c.refuse("other neighbours", "those of the B-tree's order");
    siblings = {address, c.address("a right neighbour")};
    for (uint64_t i = 0; i < entries; ++i) {
      heap_.name(c.number(8, "a key"), c);
      const uint64_t child = c.address("a child");
      if (level > 0) visit(child, level - 1);
      else visit_symbols(child);
    }
    if (entries > 0) heap_.name(c.number(8, "a key"), c);
  }

  void visit_symbols(uint64_t address) {
    constexpr uint64_t kHeadBytes = 8;
    const uint64_t most = 2 * sizes_.leaf;
    Hdf5Cursor c = blocks_.claim(address, kHeadBytes + kSymbolBytes * most, "a symbol table node of " + path_);
    c.signature("SNOD");
    c.number_in(1, "a version", 1, 1);
    c.skip(1, "a reserved byte");
    const uint64_t symbols = c.number_in(2, "a count of symbols", 0, most);
    for (uint64_t i = 0; i < symbols; ++i) {
      Hdf5Symbol symbol = read_hdf5_symbol(c);
      symbol.link.name = heap_.name(symbol.name, c);
      if (symbol.is_soft) heap_.name(symbol.target, c);
      else links_.push_back(std::move(symbol.link));
    }
  }

  Hdf5Blocks& blocks_;
  const Hdf5NodeSizes& sizes_;
  const std::string& path_;
  LocalHeap heap_;
  std::vector<Siblings> siblings_;
  std::vector<Hdf5Object::Link> links_;
};

}  // namespace

Hdf5Symbol read_hdf5_symbol(Hdf5Cursor& cursor) {
  constexpr uint64_t kGroup = 1, kSoftLink = 2;
  Hdf5Symbol symbol;
  symbol.name = cursor.number(8, "a name");
  symbol.link.address = cursor.address("an object");
  const uint64_t cached = cursor.number_in(4, "a kind of symbol", 0, kSoftLink);
  cursor.skip(4, "reserved bytes");
  Hdf5Cursor scratch = cursor.part(16, "a symbol");
  if (cached == kSoftLink) {
    symbol.is_soft = true;
    symbol.target = scratch.number(4, "a soft link");
  } else if (cached == kGroup) {
    const uint64_t tree = scratch.address("a B-tree");
    symbol.link.cached = Hdf5Object::SymbolTable{tree, scratch.address("a local heap")};
  }
  return symbol;
}

std::vector<Hdf5Object::Link> read_hdf5_symbol_table(Hdf5Blocks& blocks, const Hdf5NodeSizes& sizes,
                                                     const Hdf5Object::SymbolTable& symbols, const std::string& path) {
  return Tree(blocks, sizes, symbols, path).links();
}

}  // namespace mlrun::io
