#include "io/sha256.hpp"

#include <openssl/evp.h>

#include "base/error.hpp"
#include "io/bytes.hpp"

namespace mlrun::io {
namespace {
EVP_MD_CTX* evp(const std::shared_ptr<void>& context) { return static_cast<EVP_MD_CTX*>(context.get()); }
}  // namespace

Sha256::Sha256() : context_(EVP_MD_CTX_new(), [](void* c) { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(c)); }) {
  require(context_ && EVP_DigestInit_ex(evp(context_), EVP_sha256(), nullptr) == 1, "libcrypto has no SHA-256");
}

void Sha256::update(std::span<const std::byte> bytes) {
  require(EVP_DigestUpdate(evp(context_), bytes.data(), bytes.size()) == 1, "SHA-256 failed");
}

void Sha256::update(std::string_view text) { update(bytes_of(text)); }

Digest Sha256::digest() {
  Digest digest;
  unsigned length = 0;
  require(EVP_DigestFinal_ex(evp(context_), reinterpret_cast<unsigned char*>(digest.data()), &length) == 1 &&
              length == digest.size(),
          "SHA-256 failed");
  return digest;
}

std::string Sha256::hex() { return io::hex(digest()); }

Digest sha256(std::span<const std::byte> bytes) {
  Sha256 hash;
  hash.update(bytes);
  return hash.digest();
}

std::string sha256_hex(std::span<const std::byte> bytes) { return hex(sha256(bytes)); }
std::string sha256_hex(std::string_view text) { return hex(sha256(bytes_of(text))); }

std::string hex(const Digest& digest) {
  std::string text;
  for (const std::byte b : digest) text += fmt::format("{:02x}", static_cast<unsigned>(b));
  return text;
}

}  // namespace mlrun::io
