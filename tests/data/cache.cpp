#include <filesystem>

#include <sys/stat.h>
#include <sys/wait.h>
#include <utime.h>

#include "catch.hpp"
#include "data/cache.hpp"
#include "data/cache_folder.hpp"
#include "io/sha256.hpp"
#include "support.hpp"

namespace mlrun {
namespace {

using namespace testing;
namespace fs = std::filesystem;

struct CachedMnist {
  CachedMnist() { write_small_mnist(folder / "mnist"); }
  std::unique_ptr<Dataset> read() const { return dataset("kind: mnist\nbinarization: none", sources); }
  std::vector<std::string> files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(sources.cache)) names.push_back(entry.path().string());
    return names;
  }
  TemporaryDirectory folder;
  DataSources sources{.root = folder.path(), .cache = folder / "cache/mlrun", .seed = 1};
};

TEST_CASE("A data set read from its packed copy is the one read from its files") {
  CachedMnist mnist;
  const auto fresh = mnist.read();
  REQUIRE(mnist.files().size() == 1);
  const auto inode = [&] {  // another one when the copy is written again
    struct stat status {};
    REQUIRE(::stat(mnist.files()[0].c_str(), &status) == 0);
    return status.st_ino;
  };
  const auto packed_as = inode();
  const auto again = mnist.read();
  CHECK(inode() == packed_as);
  CHECK(again->hash() == fresh->hash());
  CHECK(again->spec().classes == 10);
  for (const Split split : {Split::kTrain, Split::kValid, Split::kTest}) {
    CHECK(symbols(*again, split) == symbols(*fresh, split));
    const auto rows = first(fresh->count(split));
    CHECK(numbers(again->batch(split, rows, 0).labels) == numbers(fresh->batch(split, rows, 0).labels));
  }
}

TEST_CASE("The builder is not called when there is a good copy, and is when anything in the key differs") {
  TemporaryDirectory folder;
  int built = 0;
  const auto build = [&] {
    ++built;
    DataContent content;
    content.spec.shape = {2};
    for (auto& part : content.parts) {
      SymbolTableBuilder builder(2);
      builder.append(std::vector<int32_t>{1, built});
      part.symbols = std::move(builder).finish();
    }
    return content;
  };
  write_file(folder / "source", "1");
  const CacheKey key{"test", "a", {folder / "source"}};
  const std::string hash = cached(folder / "cache", key, build).hash;
  CHECK(cached(folder / "cache", key, build).hash == hash);
  CHECK(built == 1);
  CHECK(cached(folder / "cache", {"test", "b", key.files}, build).hash != hash);
  CHECK(built == 2);
  write_file(folder / "source", "22");  // another size
  CHECK(cached(folder / "cache", key, build).hash != hash);
  CHECK(built == 3);
  const utimbuf times{1000000000, 1000000000};  // the same size at another time
  REQUIRE(utime((folder / "source").c_str(), &times) == 0);
  cached(folder / "cache", key, build);
  CHECK(built == 4);
  CHECK(std::distance(fs::directory_iterator(folder / "cache"), fs::directory_iterator()) == 2);
  cached("", key, build);
  CHECK(built == 5);
}

TEST_CASE("Files of one name, size and time in two projects have a copy each") {
  const TemporaryDirectory folder, cache;
  const std::string before = fs::current_path();
  std::vector<std::string> hashes;
  for (const std::string project : {"a", "b"}) {
    write_file(folder / project + "/data/x.csv", project == "a" ? "0,1\n1,0\n" : "1,1\n1,0\n");
    const utimbuf times{0, 0};
    REQUIRE(utime((folder / project + "/data/x.csv").c_str(), &times) == 0);
    fs::current_path(folder / project);
    const DataSources sources{.root = "data", .cache = cache.path(), .seed = 1};
    const std::string spec = "kind: table\ntrain: x.csv\nvalid: x.csv\ntest: x.csv";
    hashes.push_back(dataset(spec, sources)->hash());
    CHECK(dataset(spec, sources)->hash() == hashes.back());
  }
  fs::current_path(before);
  CHECK(hashes[0] != hashes[1]);
  CHECK(std::distance(fs::directory_iterator(cache.path()), fs::directory_iterator()) == 2);
}

TEST_CASE("A file has another identity when any of its bytes, its place or its inode differs, whatever its times say") {
  const TemporaryDirectory folder;
  const auto put = [&](const std::string& name, const std::string& content) {
    write_file(folder / name, content);
    const utimbuf times{5, 5};
    REQUIRE(utime((folder / name).c_str(), &times) == 0);
    return file_identity(folder / name);
  };
  CHECK(file_identity(folder / "nothing").empty());
  CHECK_FALSE(file_identity(folder.path()).empty());
  const auto sum = [](const std::string& identity) { return identity.substr(identity.rfind(' ') + 1); };
  for (const size_t size : {size_t{1}, size_t{1} << 20, (size_t{3} << 20) + 5, size_t{16} << 20}) {
    const std::string content(size, 'x');
    const std::string plain = put("a", content);
    CHECK(sum(plain) == io::sha256_hex(content));  // all of it
    CHECK(plain == file_identity(folder / "a"));
    CHECK(put("b", content) != plain);
    for (const size_t at : {size_t{0}, size / 2, size - 1}) {
      std::string other = content;
      other[at] = 'y';
      CHECK(sum(put("a", other)) != sum(plain));
    }
  }
  std::string large(size_t{40} << 20, 'x');
  const std::string sampled = sum(put("a", large));
  large.back() = 'y';
  CHECK(sum(put("a", large)) != sampled);
}

TEST_CASE(
    "The cache drops what was not used for the longest, keeps what was just made, and clears its own files only") {
  const TemporaryDirectory folder;
  const auto put = [&](const std::string& name, size_t bytes, std::time_t used) {
    write_file(folder / name, std::string(bytes, 'x'));
    const utimbuf times{used, used};
    REQUIRE(utime((folder / name).c_str(), &times) == 0);
  };
  const auto names = [&] {
    std::vector<std::string> found;
    for (const CacheEntry& entry : cache_entries(folder.path())) found.push_back(entry.name);
    return found;
  };
  const std::time_t now = std::time(nullptr);
  put("old.packed", 100, now - 300), put("new.packed", 100, now - 100), put("mid.packed", 100, now - 200);
  put("other.txt", 1000, now - 9000), put("x.packed.12-ab.tmp", 10, now - 9000), put("y.packed.12-ab.tmp", 10, now);
  CHECK(names() == std::vector<std::string>{"new.packed", "mid.packed", "old.packed"});
  bound_cache(folder.path(), 300, "old.packed");
  CHECK(names().size() == 3);
  CHECK_FALSE(fs::exists(folder / "x.packed.12-ab.tmp"));
  CHECK(fs::exists(folder / "y.packed.12-ab.tmp"));  // perhaps still being written
  bound_cache(folder.path(), 299, "old.packed");
  CHECK(names() == std::vector<std::string>{"new.packed", "old.packed"});
  bound_cache(folder.path(), 100, "new.packed");
  CHECK(names() == std::vector<std::string>{"new.packed"});
  bound_cache(folder.path(), 10, "new.packed");
  CHECK(names() == std::vector<std::string>{"new.packed"});
  clear_cache(folder.path());
  CHECK(names().empty());
  CHECK(fs::exists(folder / "other.txt"));
  CHECK_FALSE(fs::exists(folder / "y.packed.12-ab.tmp"));
  CHECK(cache_entries(folder / "nothing").empty());
  bound_cache(folder / "nothing", 0, "");
  clear_cache(folder / "nothing");
}

TEST_CASE("A copy says what it was made of, and that it was used when it is read") {
  CachedMnist mnist;
  mnist.read();
  std::vector<CacheEntry> found = cache_entries(mnist.sources.cache);
  REQUIRE(found.size() == 1);
  CHECK(found[0].content == "mnist grey");
  REQUIRE(found[0].files.size() == 4);
  CHECK(found[0].files[0] == fs::canonical(mnist.folder / "mnist/train-images-idx3-ubyte.gz").string());
  CHECK(found[0].bytes == fs::file_size(mnist.files()[0]));
  const utimbuf times{1000, 1000};
  REQUIRE(utime(mnist.files()[0].c_str(), &times) == 0);
  CHECK(cache_entries(mnist.sources.cache)[0].used == 1000);
  mnist.read();
  CHECK(cache_entries(mnist.sources.cache)[0].used > 1000);
}

TEST_CASE("A packed copy that is damaged anywhere is made again") {
  CachedMnist mnist;
  const std::string hash = mnist.read()->hash(), path = mnist.files()[0], good = read_all(path);
  const auto repaired = [&](const std::string& damaged) {
    write_file(path, damaged);
    return mnist.read()->hash() == hash && read_all(path) == good;
  };
  for (size_t at = 0; at < good.size(); at += at < 84 ? 9 : at < 400 ? 53 : 331) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    REQUIRE(repaired(damaged));
  }
  for (const size_t size : {size_t{0}, size_t{10}, size_t{100}, good.size() / 2, good.size() - 1}) {
    CHECK(repaired(good.substr(0, size)));
  }
  CHECK(repaired(good + "x"));
}

TEST_CASE("A cache folder that cannot be used is no error") {
  CachedMnist mnist;
  const std::string hash = mnist.read()->hash();
  mnist.sources.cache = mnist.folder / "mnist/t10k-images-idx3-ubyte";  // a file
  CHECK(mnist.read()->hash() == hash);
  mnist.sources.cache = "/proc/mlrun";
  CHECK(mnist.read()->hash() == hash);
  mnist.sources.cache = mnist.folder / "other";
  mnist.read();
  const std::string packed = mnist.files()[0];
  fs::remove(packed);
  fs::create_directory(packed);  // in the place of the file
  CHECK(mnist.read()->hash() == hash);
}

TEST_CASE("Many processes may make the same packed copy at once") {
  CachedMnist mnist;
  DataSources plain = mnist.sources;
  plain.cache = "";
  const std::string hash = dataset("kind: mnist\nbinarization: none", plain)->hash();
  std::vector<pid_t> children;
  for (int i = 0; i < 8; ++i) {
    const pid_t child = fork();
    REQUIRE(child >= 0);
    if (child == 0) {
      bool good = true;
      for (int round = 0; round < 3 && good; ++round) {
        good = error_of([&] { good = mnist.read()->hash() == hash; }).empty() && good;
      }
      _exit(good ? 0 : 1);
    }
    children.push_back(child);
  }
  for (const pid_t child : children) {
    int status = -1;
    REQUIRE(waitpid(child, &status, 0) == child);
    CHECK(status == 0);
  }
  REQUIRE(mnist.files().size() == 1);  // and no temporaries
  CHECK(mnist.read()->hash() == hash);
}

TEST_CASE("The environment says where data and packed copies are") {
  const auto with = [](const char* root, const char* cache, const char* home) {
    const auto set = [](const char* name, const char* value) { value ? setenv(name, value, 1) : unsetenv(name); };
    std::vector<std::pair<const char*, std::optional<std::string>>> before;
    for (const char* name : {"MLRUN_DATA_ROOT", "XDG_CACHE_HOME", "HOME"}) {
      const char* value = getenv(name);
      before.emplace_back(name, value ? std::optional<std::string>(value) : std::nullopt);
    }
    set("MLRUN_DATA_ROOT", root), set("XDG_CACHE_HOME", cache), set("HOME", home);
    const DataSources sources = data_sources_from_environment(5);
    for (const auto& [name, value] : before) set(name, value ? value->c_str() : nullptr);
    return sources.root + " " + sources.cache + " " + std::to_string(sources.seed);
  };
  CHECK(with("/d", "/c", "/h") == "/d /c/mlrun 5");
  CHECK(with(nullptr, nullptr, "/h") == "data /h/.cache/mlrun 5");
  CHECK(with(nullptr, nullptr, nullptr) == "data  5");
  CHECK(with(nullptr, "cache", "/h") == "data /h/.cache/mlrun 5");
  CHECK(with(nullptr, nullptr, "h") == "data  5");
}

}  // namespace
}  // namespace mlrun
