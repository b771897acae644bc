#include "commands/figures/report_page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "figure/web.hpp"

namespace mlrun {
namespace {

constexpr const char* kPageStyle =
    "*{box-sizing:border-box}"
    "body{margin:0 auto;padding:1.2rem "
    "clamp(.8rem,3vw,2.5rem);max-width:76rem;background:var(--ground);color:var(--ink);"
    "font:16px/1.5 system-ui,-apple-system,\"Segoe UI\",Roboto,\"DejaVu Sans\",sans-serif}"
    "h1{font-size:1.6rem;margin:.3rem 0 .6rem;overflow-wrap:anywhere}h2{font-size:1.2rem;margin:2rem 0 .6rem}"
    "nav{display:flex;flex-wrap:wrap;gap:.2rem 1.2rem;font-size:.95rem}a{color:var(--s0)}"
    ".scroll{overflow-x:auto}"
    "table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}"
    "th,td{padding:.3rem .8rem .3rem 0;text-align:left;border-bottom:1px solid var(--grid);white-space:nowrap}"
    "th{font-weight:600;vertical-align:bottom}td.n,th.n{text-align:right}"
    "tr.best td{font-weight:650}tr.bad td{color:var(--frame)}"
    ".note{color:var(--frame);font-size:.9rem}"
    ".narrow{display:none}.wide{max-width:60rem}"
    "@media (max-width:620px){.wide{display:none}.narrow{display:block}}"
    ".sheets{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0;max-width:100%}"
    "figcaption{font-size:.85rem;color:var(--frame);max-width:20rem;overflow-wrap:anywhere}"
    ".samples{width:20rem;max-width:100%;image-rendering:pixelated;border:1px solid var(--grid)}"
    ".picture{max-width:min(100%,48rem);border:1px solid var(--grid)}"
    "pre{background:color-mix(in srgb,var(--grid) 40%,transparent);padding:.6rem "
    ".8rem;overflow-x:auto;font-size:.85rem;"
    "border-radius:4px}"
    "summary{cursor:pointer;overflow-wrap:anywhere}footer{margin-top:2.5rem;color:var(--frame);font-size:.85rem}"
    "@media print{body{max-width:none;padding:0;font-size:11pt}nav{display:none}.scroll{overflow:visible}"
    "table{font-size:8.5pt}td,th{white-space:normal}h2{break-after:avoid}figure,svg,tr{break-inside:avoid}"
    ".wide{display:block}.narrow{display:none}}";

bool begins_like_a_number(const std::string& cell) {
  size_t i = 0;
  if (cell.starts_with("&le; ")) i = 5;
  if (i < cell.size() && (cell[i] == '-' || cell[i] == '+')) ++i;
  return cell == "-" || (i < cell.size() && cell[i] >= '0' && cell[i] <= '9');
}

}  // namespace

std::string PageTable::html() const {
  std::vector<bool> right(headings.size(), true);
  for (const Row& row : rows)
    for (size_t i = 0; i < row.cells.size(); ++i) right[i] = right[i] && begins_like_a_number(row.cells[i]);
  std::string text = "<div class=\"scroll\"><table><thead><tr>";
  for (size_t i = 0; i < headings.size(); ++i)
    text += fmt::format("<th{}>{}</th>", right[i] ? " class=\"n\"" : "", figure::html_escaped(headings[i]));
  text += "</tr></thead><tbody>";
  for (const Row& row : rows) {
    text += row.kind.empty() ? "<tr>" : "<tr class=\"" + row.kind + "\">";
    for (size_t i = 0; i < row.cells.size(); ++i)
      text += fmt::format("<td{}>{}</td>", right[i] ? " class=\"n\"" : "", row.cells[i]);
    text += "</tr>";
  }
  return text + "</tbody></table></div>";
}

void Page::section(const std::string& heading, const std::string& html) {
  if (html.empty()) return;
  const std::string id = fmt::format("part{}", ++sections_);
  contents_ += fmt::format("<a href=\"#{}\">{}</a>", id, figure::html_escaped(heading));
  body_ += fmt::format("<section id=\"{}\"><h2>{}</h2>{}</section>", id, figure::html_escaped(heading), html);
}

void Page::footer(const std::string& text) { body_ += "<footer>" + figure::html_escaped(text) + "</footer>"; }

std::string Page::html() const {
  const std::string title = figure::html_escaped(title_);
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
         "<meta name=\"color-scheme\" content=\"light dark\">"
         "<link rel=\"icon\" href=\"data:,\"><title>" +
         title + "</title><style>" + figure::web_style() + kPageStyle + "</style></head>\n<body><h1>" + title +
         "</h1><nav>" + contents_ + "</nav>" + body_ + "<script>" + figure::web_script() + "</script></body></html>\n";
}

}  // namespace mlrun
