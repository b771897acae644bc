#!/usr/bin/env bash
# The report as a browser shows it, and figures as other programs read them. A report of a sweep is opened in headless
# Chromium at the width of a phone and of a desk, light and dark: no error on the console, nothing wider than the screen,
# colours of the scheme, values under the pointer. SVG goes through rsvg-convert, PDF through pdftoppm. What is not installed (scripts/install_packages.sh look) is said
# and left out; nothing at all: skipped. MLRUN_SCREENSHOTS names a folder for what the browser saw.
set -euo pipefail
# shellcheck source=tests/scripts/tiny_runs.sh disable=SC1091,SC2154
source "$(dirname "${BASH_SOURCE[0]}")/tiny_runs.sh"
browser=''
for name in chromium chromium-browser google-chrome; do
  if [[ -z $browser ]] && command -v "$name" >/dev/null; then browser=$name; fi
done
if [[ -z $browser ]] && ! command -v rsvg-convert >/dev/null && ! command -v pdftoppm >/dev/null; then
  echo 'skipped: none of chromium, rsvg-convert and pdftoppm is installed   scripts/install_packages.sh look'
  exit 77
fi

digits='data={kind: digits, train_limit: 200, valid_limit: 40, test_limit: 40}'
for rate in 1e-3 3e-2; do
  for seed in 1 2; do
    "$mlrun" train "$project/configs/made.yaml" "$digits" model.hidden=20 'train.for=6 epochs' train.batch_size=20 \
      optim.lr=$rate --seed "$seed" --group lr -q >"$work/log" 2>&1 || fail "training: $(cat "$work/log")"
  done
done
run=$("$mlrun" tag @group:lr@best -t best)
{
  "$mlrun" eval "$run" -q
  "$mlrun" prove "$run" -q
  "$mlrun" sample "$run" -n 3 --nearest 3 --captions -o "$run/samples/nearest.png"
  "$mlrun" report @group:lr -o "$work/lr.html"
  "$mlrun" plot @group:lr --group-by seed -o "$work/lr.svg" -o "$work/lr.pdf"
} >"$work/log" 2>&1 || fail "making the report: $(cat "$work/log")"

# A copy of the page tells what it looks like to the page whose frame it stands in, which writes that into an attribute: a
# window has 500 pixels at least, and a frame may be as narrow as a phone.
sed 's|</body>|<script>addEventListener("load",function(){var svg=Array.from(document.querySelectorAll("svg[data-chart]")).find(function(s){return s.getBoundingClientRect().width>0}),b=svg.getBoundingClientRect(),tips=0;for(var i=1;i<40;i++)for(var k=1;k<20;k++){svg.dispatchEvent(new PointerEvent("pointermove",{clientX:b.left+b.width*i/40,clientY:b.top+b.height*k/20}));var t=document.querySelector(".tip");if(!t.hidden\&\&/lr .*: [0-9]/.test(t.textContent.replace("\\n"," ")))tips++}parent.postMessage(["width="+innerWidth,"needed="+document.documentElement.scrollWidth,"tips="+tips,"ground="+getComputedStyle(document.body).backgroundColor,"pictures="+Array.from(document.images).filter(function(p){return p.naturalWidth>0}).length,"end"].join(";"),"*")})</script></body>|' \
  "$work/lr.html" >"$work/telling.html"
grep -q postMessage "$work/telling.html" || fail 'the page has no end of its body'
for width in 400 1400; do
  echo "<meta name=color-scheme content='light dark'><script>addEventListener('message', function (e) { document.documentElement.setAttribute('data-found', e.data) })</script>" \
    "<iframe src=telling.html width=$width height=1600 style='border:0'></iframe>" >"$work/frame-$width.html"
done
sed 's|</body>|<script>nowhere.to.be.found()</script></body>|' "$work/lr.html" >"$work/broken.html"

open_page() { # FILE WIDTH SCHEME (0 dark, 1 light) WORD...
  timeout $((60 * patience)) "$browser" --headless --no-sandbox --disable-gpu --hide-scrollbars --enable-logging=stderr \
    --user-data-dir="$work/browser" --blink-settings=preferredColorScheme="$3" --window-size="$2,1600" "${@:4}" "file://$1" \
    2>"$work/console"
}
console_errors() { grep CONSOLE "$work/console" || true; }
value() { # of NAME in $found
  local rest=${found#*[\";]"$1"=}
  echo "${rest%%;*}"
}

if [[ -n $browser ]]; then
  open_page "$work/broken.html" 1400 1 --dump-dom >/dev/null || fail "$browser does not run: $(tail -n 3 "$work/console")"
  [[ -n $(console_errors) ]] || fail 'an error of a page is not seen, so that none would be'
  for width in 400 1400; do
    for scheme in 0 1; do
      found=$(open_page "$work/frame-$width.html" 1500 "$scheme" --dump-dom | grep -o 'data-found="[^"]*"')
      [[ -z $(console_errors) ]] || fail "width $width, scheme $scheme: $(console_errors)"
      [[ $(value width) == "$width" ]] || fail "a window of $(value width) pixels, not $width"
      [[ $(value needed) -le $(value width) ]] || fail "width $width: the page needs $(value needed) of $(value width) pixels"
      [[ $(value tips) -ge 5 ]] || fail "width $width: values at $(value tips) places under the pointer"
      [[ $(value pictures) -ge 3 ]] || fail "width $width: $(value pictures) pictures"
      ground=$(value ground)
      light=0
      [[ $ground != 'rgb(255, 255, 255)' ]] || light=1
      [[ $light == "$scheme" ]] || fail "scheme $scheme: the ground is $ground"
      echo "in $browser: $found"
      [[ -z ${MLRUN_SCREENSHOTS:-} ]] ||
        open_page "$work/lr.html" "$width" "$scheme" --screenshot="$MLRUN_SCREENSHOTS/report-$width-$scheme.png" >/dev/null
    done
  done
  open_page "$work/lr.html" 1400 1 --no-pdf-header-footer --print-to-pdf="$work/report.pdf" >/dev/null || fail 'not printed'
else
  echo 'not in a browser: chromium is not installed'
fi

# A picture is more than white paper: a PPM of it has other bytes than 255.
is_drawn() { [[ $(tail -c +20 "$1" | tr -d '\377' | wc -c) -gt 1000 ]]; }
if command -v rsvg-convert >/dev/null; then
  rsvg-convert "$work/lr.svg" -o "$work/lr.png" || fail 'rsvg-convert does not read the SVG'
  [[ $(wc -c <"$work/lr.png") -gt 5000 ]] || fail 'rsvg-convert draws nothing'
  echo "rsvg-convert: $(wc -c <"$work/lr.png") bytes"
else
  echo 'not in rsvg-convert: librsvg2-bin is not installed'
fi
if command -v pdftoppm >/dev/null; then
  for file in lr report; do
    [[ -e $work/$file.pdf ]] || continue
    pdftoppm -r 60 -singlefile "$work/$file.pdf" "$work/$file" || fail "pdftoppm does not read $file.pdf"
    is_drawn "$work/$file.ppm" || fail "$file.pdf is white"
    pdffonts "$work/$file.pdf" | awk 'NR > 2 && $(NF - 4) != "yes"' | grep . && fail "fonts are not in $file.pdf"
    echo "pdftoppm: $file.pdf, $(pdfinfo "$work/$file.pdf" | awk '/^Pages/ { print $2 }') pages"
    [[ -z ${MLRUN_SCREENSHOTS:-} ]] || pdftoppm -png -r 60 "$work/$file.pdf" "$MLRUN_SCREENSHOTS/$file"
  done
else
  echo 'not in pdftoppm: poppler-utils is not installed'
fi
finish
