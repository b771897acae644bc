#include "io/hdf5/blocks.hpp"

#include <iterator>

namespace mlrun::io {

Hdf5Cursor Hdf5Blocks::look(uint64_t address, uint64_t bytes, const std::string& what) const {
  if (address > image_.size() || bytes > image_.size() - address) {
    refuse_(fmt::format("{} reaches past the end of the file: found {} bytes at address {}, expected them below {}",
                        what, bytes, address, image_.size()));
  }
  return {image_.subspan(address, bytes), base_ + address, what, refuse_};
}

Hdf5Cursor Hdf5Blocks::claim(uint64_t address, uint64_t bytes, const std::string& what) {
  const Hdf5Cursor cursor = look(address, bytes, what);
  if (bytes == 0) return cursor;
  const auto next = claims_.lower_bound(address);
  const auto other = next != claims_.end() && next->first < address + bytes             ? next
                     : next != claims_.begin() && std::prev(next)->second.end > address ? std::prev(next)
                                                                                        : claims_.end();
  if (other != claims_.end()) {
    refuse_(fmt::format("{}: found at bytes {} .. {}, which overlap {} (bytes {} .. {})", what, base_ + address,
                        base_ + address + bytes - 1, other->second.what, base_ + other->first,
                        base_ + other->second.end - 1));
  }
  claims_.emplace(address, Claim{address + bytes, what});
  return cursor;
}

}  // namespace mlrun::io
