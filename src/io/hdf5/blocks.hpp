// The bytes of an HDF5 file by the addresses it uses, each byte given out once: two structures that share one are a
// lie, and so is every loop. For the .cpp files of this room only.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "io/hdf5/cursor.hpp"

namespace mlrun::io {

class Hdf5Blocks {
 public:
  // `image`: from the superblock (address 0) to the end of the file; `base`: where it lies in the file.
  Hdf5Blocks(std::span<const std::byte> image, uint64_t base, const Hdf5Refusal& refuse)
      : image_(image), base_(base), refuse_(refuse) {}

  // Refused if it does not lie inside the image. `what`: "the local heap of /model".
  Hdf5Cursor look(uint64_t address, uint64_t bytes, const std::string& what) const;
  // Refused, too, if any of it was claimed before.
  Hdf5Cursor claim(uint64_t address, uint64_t bytes, const std::string& what);
  const Hdf5Refusal& refuse() const { return refuse_; }

 private:
  struct Claim {
    uint64_t end;
    std::string what;
  };
  std::span<const std::byte> image_;
  uint64_t base_;
  const Hdf5Refusal& refuse_;
  std::map<uint64_t, Claim> claims_;  // by first address
};

}  // namespace mlrun::io
