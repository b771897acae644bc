#!/usr/bin/env bash
# The test images of a run in as few bytes as several programs can, as a markdown table: mlrun with the run's model beside
# general and bi-level image coders.
#   scripts/compression_table.sh RUN [IMAGES]     RUN as for mlrun; IMAGES: only the first so many of the test split
# The run's images must be binary and square. What mlrun wrote is decompressed and compared before anything is printed.
# The other programs get the same images in three forms, and the smallest result counts and is named:
#   bits     one bit a pixel, each image from a new byte on
#   bytes    one byte a pixel (0 or 1)
#   column   a 1-bit bitmap, all images below each other          (for PNG and JBIG: this,
#   sheet    a 1-bit bitmap, 100 images side by side              or this)
# Programs that are missing are named with their Debian package. MLRUN_BINARY: the mlrun to use (default: the newest build).
# Exit 0: the table is printed; 2: wrong command line; else the exit code of the mlrun that failed.
set -euo pipefail
usage() {
  sed -n '4,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}" >&2
  exit 2
}
[[ $# == 1 || $# == 2 ]] || usage
run=$1 limit=()
if [[ $# == 2 ]]; then
  [[ $2 =~ ^[1-9][0-9]*$ ]] || usage
  limit=(--limit "$2")
fi
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
mlrun=${MLRUN_BINARY:-$root/build/release/mlrun}
[[ -x $mlrun ]] || mlrun=$(command -v mlrun) || {
  echo "no mlrun: build it, or set MLRUN_BINARY" >&2
  exit 2
}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

answer=$("$mlrun" compress "$run" split:test -o "$work/mlrun" "${limit[@]}" --json | tail -n 1)
"$mlrun" -q decompress "$run" "$work/mlrun" -o "$work/text"
"$mlrun" compress "$run" "$work/text" -o "$work/again" --json >/dev/null
cmp -s "$work/mlrun" "$work/again" || {
  echo "what came back is not what went in" >&2
  exit 1
}

# The same images in the forms above; prints "images side".
sizes=$(perl -e '
  my ($text, $work) = @ARGV;
  open my $in, "<", $text or die "$text: $!\n";
  my (@images, $width);
  while (<$in>) {
    tr/ \n//d;
    die "binary images are needed\n" if tr/01//c || (defined $width && length != $width);
    $width = length;
    push @images, $_;
  }
  my $side = int(sqrt($width) + 0.5);
  die "square images are needed\n" if $side * $side != $width;
  sub put { my ($name, $bytes) = @_; open my $out, ">:raw", "$work/$name" or die "$name: $!\n"; print $out $bytes; close $out or die; }
  put("bits", join "", map { pack "B*", $_ } @images);
  put("bytes", join "", map { (my $b = $_) =~ tr/01/\0\1/; $b } @images);
  for my $form (["column", 1], ["sheet", 100]) {
    my ($name, $across) = @$form;
    my $rows = "";
    for (my $first = 0; $first < @images; $first += $across) {
      for my $y (0 .. $side - 1) {
        my $line = join "", map { $_ < @images ? substr($images[$_], $y * $side, $side) : "0" x $side } $first .. $first + $across - 1;
        $rows .= pack "B*", $line;
      }
    }
    my ($w, $h) = ($across * $side, $side * int((@images + $across - 1) / $across));
    put("$name.pbm", "P4\n$w $h\n$rows");
    # PNG, 1-bit grey, no filter (filters are for whole bytes), the strongest deflate.
    if (eval { require Compress::Zlib; 1 }) {
      my $chunk = sub { my ($kind, $data) = @_; pack("N", length $data) . $kind . $data . pack("N", Compress::Zlib::crc32($kind . $data)) };
      my $bytes_across = int(($w + 7) / 8);
      my $filtered = join "", map { "\0" . substr($rows, $_ * $bytes_across, $bytes_across) } 0 .. $h - 1;
      put("$name.png", "\x89PNG\r\n\x1a\n" . $chunk->("IHDR", pack("NNCCCCC", $w, $h, 1, 0, 0, 0, 0)) .
          $chunk->("IDAT", Compress::Zlib::compress($filtered, 9)) . $chunk->("IEND", ""));
    }
  }
  print scalar(@images), " ", $side, "\n";
' "$work/text" "$work")
read -r images side <<<"$sizes"

number() { sed -E "s/.*\"$1\":([0-9.eE+-]+).*/\1/" <<<"$answer"; }
row() { # coder, form, bytes
  perl -e 'my ($coder, $form, $bytes, $images, $pixels) = @ARGV;
    printf "| %s | %s | %d | %.4f | %.2f |\n", $coder, $form, $bytes, $bytes * 8 / ($images * $pixels), $bytes * 8 * log(2) / $images' \
    "$1" "$2" "$3" "$images" $((side * side))
}
missing() { echo "| $1 | not installed: apt install $2 | | | |"; }
# best CODER PACKAGE PROGRAM FORM...: the smallest of what `pack_PROGRAM FILE` prints for each form
best() {
  local coder=$1 package=$2 program=$3 form bytes least='' named=''
  shift 3
  command -v "$program" >/dev/null || {
    missing "$coder" "$package"
    return
  }
  for form in "$@"; do
    bytes=$("pack_$program" "$work/$form")
    if [[ -z $least ]] || ((bytes < least)); then least=$bytes named=${form%.pbm}; fi
  done
  row "$coder" "$named" "$least"
}
pack_gzip() { gzip -9 -n -c "$1" | wc -c; }
pack_xz() { xz -9e -c "$1" | wc -c; }
pack_zstd() { zstd -q --ultra -22 -c "$1" | wc -c; }
pack_zpaq() {
  rm -f "$1.zpaq"
  zpaq add "$1.zpaq" "$1" -method 5 >/dev/null 2>&1
  wc -c <"$1.zpaq"
}
pack_pbmtojbg() { pbmtojbg -q "$1" | wc -c; }

echo "| coder | input | bytes | bits/pixel | nats/image |"
echo "| --- | --- | --: | --: | --: |"
row "bits packed" bits "$(wc -c <"$work/bits")"
best 'gzip -9' gzip gzip bits bytes
if [[ -s $work/sheet.png ]]; then
  column=$(wc -c <"$work/column.png") sheet=$(wc -c <"$work/sheet.png")
  if ((column < sheet)); then row 'PNG, 1 bit' column "$column"; else row 'PNG, 1 bit' sheet "$sheet"; fi
else
  missing 'PNG, 1 bit' perl
fi
best 'zstd --ultra -22' zstd zstd bits bytes
best 'xz -9e' xz-utils xz bits bytes
best 'zpaq -m5' zpaq zpaq bits bytes
best 'JBIG' jbigkit-bin pbmtojbg column.pbm sheet.pbm
row "**mlrun compress**" "$run" "$(number bytes)"
perl -e 'my ($nats, $bits, $nll, $images) = @ARGV;
  printf "\n%d images. Their NLL is %.3f nats an image, %.0f bits together; the file of mlrun has %.0f bits, %.3f%% more, and came back right.\n",
    $images, $nats / $images, $nll, $bits, 100 * ($bits / $nll - 1)' "$(number nats)" "$(number bits)" "$(number nll_bits)" "$images"
