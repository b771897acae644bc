#include "data/image_folder.hpp"

#include <algorithm>
#include <cmath>

#include "base/error.hpp"
#include "base/nearest_name.hpp"
#include "base/shell_word.hpp"
#include "io/bytes.hpp"
#include "io/directory.hpp"
#include "io/file.hpp"
#include "io/pgm.hpp"
#include "io/png.hpp"

namespace mlrun {
namespace {

constexpr uint64_t kMostImageFile = uint64_t{1} << 30;
constexpr size_t kMostClasses = 256, kNamed = 3;

// Names in a folder: pictures and folders, without hidden ones.
struct Listing {
  std::vector<std::string> files, folders;
};

Listing listing_of(const std::string& folder) {
  Listing found;
  for (const std::string& name : io::list_directory(folder)) {
    if (name[0] == '.') continue;
    (io::is_directory(folder + "/" + name) ? found.folders : found.files).push_back(name);
  }
  return found;
}

enum class Format { kPng, kPgm, kJpeg, kOther };

Format format_of(std::span<const std::byte> bytes) {
  const auto begins = [&](std::string_view magic) {
    return bytes.size() >= magic.size() &&
           std::equal(magic.begin(), magic.end(), bytes.begin(),
                      [](char a, std::byte b) { return static_cast<std::byte>(a) == b; });
  };
  if (begins("\x89PNG")) return Format::kPng;
  if (begins("P2") || begins("P5")) return Format::kPgm;
  return begins("\xff\xd8\xff") ? Format::kJpeg : Format::kOther;
}

bool looks_like_a_picture(std::string name) {
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  for (const char* ending : {".png", ".pgm", ".jpg", ".jpeg"})
    if (name.ends_with(ending)) return true;
  return false;
}

// "a.png, b.png, c.png and 4 more"
class Names {
 public:
  void add(const std::string& name) {
    if (count_++ < kNamed) text_ += (text_.empty() ? "" : ", ") + name;
  }
  size_t count() const { return count_; }
  std::string words() const { return text_ + (count_ > kNamed ? fmt::format(" and {} more", count_ - kNamed) : ""); }

 private:
  std::string text_;
  size_t count_ = 0;
};

// A PNG's header says whether it has colours (bit 1 of byte 25).
bool has_colours(std::span<const std::byte> png) { return png.size() > 25 && (std::to_integer<int>(png[25]) & 2) != 0; }

class Collector {
 public:
  Collector(const ImageFolderOptions& options, ImageFolder& folder) : options_(options), folder_(folder) {}

  // The pictures of one folder, with this label (-1: none).
  void collect(const std::string& path, const std::vector<std::string>& names, int label) {
    for (const std::string& name : names) take(path + "/" + name, name, label);
  }

  void finish(const std::string& path) {
    if (folder_.files.empty())
      fail(ExitCode::kData, "{}: found no PNG or PGM picture in it{}", path,
           passed_.count() ? fmt::format(", only {}", passed_.words()) : "");
    const auto say = [&](const Names& names, const char* what) {
      if (names.count() > 0)
        folder_.warnings.push_back(fmt::format("{}: {} {}: {}", path, names.count(), what, names.words()));
    };
    say(passed_,
        names_or("file that is no PNG or PGM is passed over", "files that are no PNG or PGM are passed over", passed_));
    say(skipped_, names_or("damaged picture is skipped", "damaged pictures are skipped", skipped_));
    say(colours_, names_or("picture in colours is turned grey", "pictures in colours are turned grey", colours_));
    say(resized_, names_or("picture is resized", "pictures are resized", resized_));
  }

 private:
  static const char* names_or(const char* one, const char* many, const Names& names) {
    return names.count() == 1 ? one : many;
  }

  void take(const std::string& file, const std::string& name, int label) {
    const io::Bytes bytes = io::read_file(file, kMostImageFile, ExitCode::kData);
    const Format format = format_of(bytes.span());
    if (format == Format::kJpeg) {
      fail(ExitCode::kData,
           "{}: a JPEG; PNG and PGM are read\n"
           "  convert all   mogrify -format png {}   (ImageMagick)",
           file, shell_word(file.substr(0, file.find_last_of('/')) + "/*.jpg"));
    }
    if (format == Format::kOther && !looks_like_a_picture(name)) return passed_.add(name);
    io::Image image;
    try {
      if (format == Format::kOther) fail(ExitCode::kData, "{}: no PNG or PGM, whatever its name says", file);
      image = format == Format::kPng ? io::decode_png(bytes.span(), file) : io::decode_pgm(bytes.span(), file);
    } catch (const Error& e) {
      if (!options_.skip_damaged) fail(ExitCode::kData, "{}\n  go on without it   data.damaged=skip", e.what());
      return skipped_.add(file);
    }
    if (format == Format::kPng && has_colours(bytes.span())) colours_.add(name);
    const Shape shape = {image.height, image.width};
    const Shape wanted = options_.resize.value_or(folder_.shape.empty() ? shape : folder_.shape);
    if (folder_.shape.empty()) {
      folder_.shape = wanted;
      first_ = file;
    }
    if (shape != wanted && !options_.resize) {
      fail(ExitCode::kData,
           "{}: found {} x {} pixels (rows x columns), expected {} x {} as in {}\n"
           "  bring all of them to one size   'data.resize=[{}, {}]'",
           file, shape[0], shape[1], wanted[0], wanted[1], first_, wanted[0], wanted[1]);
    }
    if (shape != wanted) resized_.add(name);
    folder_.files.push_back(file);
    folder_.pictures.push_back(shape == wanted ? std::move(image.pixels) : resized(image.pixels, shape, wanted));
    if (label >= 0) folder_.labels.push_back(static_cast<uint8_t>(label));
  }

  const ImageFolderOptions& options_;
  ImageFolder& folder_;
  std::string first_;
  Names passed_, skipped_, colours_, resized_;
};

}  // namespace

ImageFolder read_image_folder(const std::string& path, const ImageFolderOptions& options) {
  if (!io::is_directory(path)) fail(ExitCode::kData, "{}: no such folder", path);
  ImageFolder folder;
  Collector collector(options, folder);
  Listing top = listing_of(path);
  std::erase(top.files, options.beside);
  const bool pictures = std::any_of(top.files.begin(), top.files.end(), looks_like_a_picture);
  if (top.folders.empty() || pictures) {
    if (!top.folders.empty()) {
      fail(ExitCode::kData,
           "{}: holds pictures ({} ...) beside folders ({} ...)\n"
           "  with classes, every picture lies in the folder of its class; without, there are no folders",
           path, *std::find_if(top.files.begin(), top.files.end(), looks_like_a_picture), top.folders[0]);
    }
    collector.collect(path, top.files, -1);
  } else {
    folder.classes = options.classes.empty() ? top.folders : options.classes;
    if (folder.classes.size() > kMostClasses)
      fail(ExitCode::kData, "{}: found {} folders, and there are at most {} classes", path, folder.classes.size(),
           kMostClasses);
    for (const std::string& name : top.folders) {
      const auto found = std::find(folder.classes.begin(), folder.classes.end(), name);
      if (found == folder.classes.end()) {
        const auto nearest = nearest_name(name, folder.classes);
        fail(ExitCode::kData, "{}/{}: the training folder has no class '{}'{}", path, name, name,
             nearest ? fmt::format("; did you mean '{}'?", *nearest) : "");
      }
      const Listing inside = listing_of(path + "/" + name);
      if (!inside.folders.empty())
        fail(ExitCode::kData, "{}/{}: holds a folder, {}; a class holds pictures only", path, name, inside.folders[0]);
      collector.collect(path + "/" + name, inside.files, static_cast<int>(found - folder.classes.begin()));
    }
  }
  collector.finish(path);
  return folder;
}

std::vector<uint8_t> resized(const std::vector<uint8_t>& pixels, const Shape& from, const Shape& to) {
  std::vector<uint8_t> out;
  const double down = static_cast<double>(from[0]) / static_cast<double>(to[0]);
  const double across = static_cast<double>(from[1]) / static_cast<double>(to[1]);
  for (int64_t row = 0; row < to[0]; ++row) {
    for (int64_t column = 0; column < to[1]; ++column) {
      const double top = static_cast<double>(row) * down, left = static_cast<double>(column) * across;
      double sum = 0, area = 0;
      for (auto y = static_cast<int64_t>(top); y < from[0] && static_cast<double>(y) < top + down; ++y) {
        const double high = std::min(top + down, static_cast<double>(y) + 1) - std::max(top, static_cast<double>(y));
        for (auto x = static_cast<int64_t>(left); x < from[1] && static_cast<double>(x) < left + across; ++x) {
          const double wide =
              std::min(left + across, static_cast<double>(x) + 1) - std::max(left, static_cast<double>(x));
          sum += high * wide * pixels[static_cast<size_t>(y * from[1] + x)];
          area += high * wide;
        }
      }
      out.push_back(static_cast<uint8_t>(std::lround(area > 0 ? sum / area : 0)));
    }
  }
  return out;
}

}  // namespace mlrun
