#include "io/byte_store.hpp"

#include <algorithm>

#include "base/error.hpp"
#include "base/log.hpp"
#include "io/directory.hpp"

namespace mlrun::io {
namespace {

constexpr size_t kInMemory = 64 << 20, kPiece = 1 << 20;

}  // namespace

void ByteStore::append(std::span<const std::byte> bytes) {
  if (const size_t wanted = used_ + bytes.size(); wanted > tail_.size()) {
    if (tail_.size() == 0) tail_ = Bytes::pages(wanted);
    else tail_.resize(std::max(wanted, tail_.size() + tail_.size() / 4));
  }
  std::copy(bytes.begin(), bytes.end(), tail_.data() + used_);
  used_ += bytes.size();
  if (!folder_.empty() && used_ >= (file_ ? kPiece : kInMemory)) spill();
}

void ByteStore::spill() {
  Bytes before = file_ ? file_->map() : Bytes();  // for the case that the file cannot grow
  try {
    if (!file_) {
      make_directories(folder_);
      file_ = std::make_unique<NewFile>(folder_ + "/rows.packed");
    }
    file_->append(tail_.span().first(used_));
    if (tail_.size() > 2 * kPiece) tail_ = Bytes();
    used_ = 0;
  } catch (const Error& error) {
    log::debug("data stay in memory: {}", error.what());
    folder_.clear();
    file_.reset();
    Bytes all(before.size() + used_);
    std::copy_n(tail_.data(), used_, std::copy_n(before.data(), before.size(), all.data()));
    used_ = all.size();
    tail_ = std::move(all);
  }
}

Bytes ByteStore::finish() && {
  if (file_ && used_ > 0) spill();
  if (file_) {
    Bytes all = file_->map();
    file_.reset();
    return all;
  }
  tail_.resize(used_);
  return std::move(tail_);
}

}  // namespace mlrun::io
