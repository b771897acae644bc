#include "io/checkpoint_file.hpp"

#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>

#include "base/error.hpp"
#include "io/file.hpp"
#include "io/sha256.hpp"

namespace mlrun::io {
namespace {

static_assert(std::endian::native == std::endian::little, "the user block is written as it lies in memory");

// The layout in checkpoint_file.hpp; no member needs padding.
struct UserBlock {
  std::array<char, 8> magic;
  uint32_t version;
  uint32_t flags;
  uint64_t payload_bytes;
  Digest payload_digest;
  std::array<std::byte, 424> zero;
  Digest own_digest;
};
static_assert(sizeof(UserBlock) == kUserBlockBytes);

constexpr std::array<char, 8> kMagic = {'m', 'l', 'r', 'u', 'n', 'c', 'k', 'p'};
constexpr std::string_view kHdf5Signature = "\x89HDF\r\n\x1a\n";

std::span<const std::byte> bytes_of_block(const UserBlock& block) { return std::as_bytes(std::span(&block, 1)); }

Digest own_digest(const UserBlock& block) {
  return sha256(bytes_of_block(block).first(kUserBlockBytes - sizeof(Digest)));
}

// The image was made as a file of its own; in its place behind the user block the base address and the end of file
// (superblock version 0, bytes 24 and 40) are 512 larger. libhdf5 forgives a wrong base address, other readers do not.
void move_behind_user_block(Bytes& image) {
  constexpr size_t kVersion = 8, kBase = 24, kEnd = 40, kLength = 48;
  if (image.size() < kLength || image.data()[kVersion] != std::byte{0}) return;
  uint64_t base = 0, end = 0;
  std::memcpy(&base, image.data() + kBase, sizeof(base));
  std::memcpy(&end, image.data() + kEnd, sizeof(end));
  if (base != 0) return;
  base += kUserBlockBytes;
  end += kUserBlockBytes;
  std::memcpy(image.data() + kBase, &base, sizeof(base));
  std::memcpy(image.data() + kEnd, &end, sizeof(end));
}

UserBlock user_block_for(Bytes& image) {
  require(image.text().starts_with(kHdf5Signature), "a checkpoint is made from an HDF5 image");
  move_behind_user_block(image);
  UserBlock block = {};
  block.magic = kMagic;
  block.version = kCheckpointFormat;
  block.payload_bytes = image.size();
  block.payload_digest = sha256(image.span());
  block.own_digest = own_digest(block);
  return block;
}

Bytes read_verified(const std::string& path) {
  const auto refuse = [&](const std::string& why) { fail(ExitCode::kCheckpoint, "{}: {}", path, why); };
  // Read once, by one descriptor: another process may put a newer file in its place at any moment.
  const uint64_t memory =
      static_cast<uint64_t>(::sysconf(_SC_PHYS_PAGES)) * static_cast<uint64_t>(::sysconf(_SC_PAGESIZE));
  Bytes file = read_file(path, memory, ExitCode::kCheckpoint);
  if (!file.text().starts_with(std::string_view(kMagic.data(), kMagic.size()))) {
    if (file.text().starts_with(kHdf5Signature)) refuse("an HDF5 file, but not a checkpoint of mlrun (no user block)");
    refuse("not a checkpoint of mlrun: it does not start with \"mlrunckp\"");
  }
  if (file.size() < kUserBlockBytes) refuse(fmt::format("a damaged checkpoint: it ends after {} bytes", file.size()));
  UserBlock block;
  std::memcpy(&block, file.data(), sizeof(block));
  if (block.own_digest != own_digest(block)) {
    refuse("a damaged checkpoint: the checksum of its first 512 bytes is wrong");
  }
  if (block.version != kCheckpointFormat) {
    refuse(fmt::format("a checkpoint of format {}; this mlrun reads format {}", block.version, kCheckpointFormat));
  }
  if (block.flags != 0 || block.zero != decltype(block.zero){}) {
    refuse("a checkpoint with flags this mlrun does not know");
  }
  const std::span<const std::byte> payload = file.span().subspan(kUserBlockBytes);
  if (block.payload_bytes != payload.size()) {
    refuse(fmt::format("a damaged checkpoint: {} bytes follow its first 512 where {} were written", payload.size(),
                       block.payload_bytes));
  }
  if (sha256(payload) != block.payload_digest) {
    refuse(fmt::format("a damaged checkpoint: the checksum of its {} bytes of contents is wrong", payload.size()));
  }
  return file;
}

}  // namespace

void write_checkpoint(const std::string& path, Bytes image) {
  const UserBlock block = user_block_for(image);
  write_atomically(path, {bytes_of_block(block), image.span()});
}

Bytes seal(Bytes image) {
  const UserBlock block = user_block_for(image);
  Bytes file(kUserBlockBytes + image.size());
  std::memcpy(file.data(), &block, sizeof(block));
  std::memcpy(file.data() + kUserBlockBytes, image.data(), image.size());
  return file;
}

Hdf5Reader open_checkpoint(const std::string& path) {
  return Hdf5Reader(read_verified(path), path, ExitCode::kCheckpoint);
}

bool verify_checkpoint(const std::string& path, std::string* reason) {
  try {
    read_verified(path);
    return true;
  } catch (const Error& error) {
    if (reason) *reason = error.what();
    return false;
  }
}

}  // namespace mlrun::io
