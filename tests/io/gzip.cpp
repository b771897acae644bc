#include "io/gzip.hpp"

#include "io/file.hpp"
#include "io/files.hpp"
#include "io/sha256.hpp"

using namespace mlrun;
using namespace mlrun::io;
using namespace mlrun::test;

namespace {

std::string sample_text() {
  std::string text;
  for (int i = 0; i < 5000; ++i) text += std::to_string(i * 7919 % 10007) + " ";
  return text;
}
std::string packed(std::string_view text) { return std::string(gzip(bytes_of(text)).text()); }
std::string unpacked(std::string_view bytes, uint64_t cap = 1 << 24) {
  return std::string(gunzip(bytes_of(bytes), "x.gz", cap).text());
}

}  // namespace

TEST_CASE("gzip round trip, also of nothing, and the same bytes each time") {
  const std::string text = sample_text();
  CHECK(unpacked(packed(text)) == text);
  CHECK(unpacked(packed("")).empty());
  CHECK(packed(text) == packed(text));
}

TEST_CASE("a gzip file of several members is their contents one after the other") {
  CHECK(unpacked(packed("one ") + packed("") + packed("two")) == "one two");
}

TEST_CASE("a gzip file cut at any byte is refused") {
  const std::string whole = packed("a few words, a few words, and a few more");
  for (size_t n = 0; n < whole.size(); ++n) {
    CHECK_THAT(message_of(ExitCode::kData, [&] { unpacked(whole.substr(0, n)); }), Catch::StartsWith("x.gz: "));
  }
}

TEST_CASE("a damaged gzip file is refused: checksum, length, and bytes after its end") {
  const std::string whole = packed("a few words, a few words, and a few more");
  for (size_t back = 1; back <= 8; ++back) {  // the last eight bytes are CRC-32 and length
    std::string bad = whole;
    bad[bad.size() - back] = static_cast<char>(bad[bad.size() - back] ^ 1);
    CHECK_THAT(message_of(ExitCode::kData, [&] { unpacked(bad); }), Catch::Contains("damaged gzip file: incorrect"));
  }
  CHECK_THAT(message_of(ExitCode::kData, [&] { unpacked(whole + "tail"); }), Catch::Contains("4 bytes follow its end"));
  CHECK_THAT(message_of(ExitCode::kData, [&] { unpacked("plain"); }), Catch::Contains("1f 8b"));
}

TEST_CASE("a gzip file may not unpack to more than the cap, whatever it claims") {
  const std::string bomb = packed(std::string(1 << 24, '\0'));
  CHECK(bomb.size() < 20000);
  CHECK_THAT(message_of(ExitCode::kData, [&] { unpacked(bomb, 1 << 20); }),
             Catch::Contains("more than the 1048576 bytes"));
  CHECK(unpacked(bomb, 1 << 24).size() == 1 << 24);
  CHECK_THAT(message_of(ExitCode::kData, [&] { unpacked(bomb, (1 << 24) - 1); }), Catch::Contains("more than"));
  std::string liar = packed("short");
  liar[liar.size() - 1] = '\x7f';  // claims 2 GB
  CHECK_THAT(message_of(ExitCode::kData, [&] { unpacked(liar); }), Catch::Contains("incorrect length check"));
}

TEST_CASE("plain and gzip files come through the same door, told by their bytes") {
  const TemporaryDirectory directory;
  put((directory / "plain.gz"), "not packed");
  put((directory / "packed.txt"), packed("packed"));
  CHECK(read_maybe_gzip((directory / "plain.gz"), 100).text() == "not packed");
  CHECK(read_maybe_gzip((directory / "packed.txt"), 100).text() == "packed");
  CHECK_THAT(message_of(ExitCode::kData, [&] { read_maybe_gzip((directory / "none"), 100); }), Catch::Contains("none"));
}

TEST_CASE("a plain or gzip file comes piece by piece as it comes in one") {
  const TemporaryDirectory directory;
  std::string text;
  while (text.size() < 1'000'000) text += sample_text();
  put((directory / "plain"), text);
  put((directory / "packed"), packed(text.substr(0, 700'000)) + packed(text.substr(700'000)));
  put((directory / "tail"), packed(text) + "tail");
  put((directory / "cut"), packed(text).substr(0, 1000));
  const auto all = [&](const std::string& name, uint64_t most = 1 << 24) {
    std::string found;
    PieceReader reader((directory / name), most);
    for (auto piece = reader.next(); !piece.empty(); piece = reader.next())
      found.append(reinterpret_cast<const char*>(piece.data()), piece.size());
    return found;
  };
  CHECK(all("plain") == text);
  CHECK(all("packed") == text);
  CHECK(read_maybe_gzip((directory / "packed"), 1 << 24, directory.path()).text() == text);
  for (const char* name : {"plain", "packed"}) {
    CHECK_THAT(message_of(ExitCode::kData, [&] { all(name, text.size() - 1); }), Catch::Contains("bytes allowed here"));
    CHECK(all(name, text.size()) == text);
  }
  CHECK_THAT(message_of(ExitCode::kData, [&] { all("tail"); }), Catch::Contains("4 bytes follow its end"));
  CHECK_THAT(message_of(ExitCode::kData, [&] { all("cut"); }), Catch::Contains("it ends in the middle, after 1000"));
  CHECK_THAT(message_of(ExitCode::kData, [&] { all("none"); }), Catch::Contains("none"));
  CHECK_THAT(message_of(ExitCode::kData, [&] { all("."); }), Catch::Contains("it is a directory"));
}

TEST_CASE("SHA-256 gives the digests of FIPS 180-4, in one piece or several") {
  const char* const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  CHECK(sha256_hex("abc") == abc);
  CHECK(sha256_hex("") == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  Sha256 hash;
  hash.update("a");
  hash.update("");
  hash.update("bc");
  CHECK(hash.hex() == abc);
}
