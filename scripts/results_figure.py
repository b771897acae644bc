"""The picture of experiments/results.csv: test NLL against core-minutes, static and dynamic binary MNIST side by side.

Imported by results_page.py, which writes it to .images/results.svg. Points are runs whose core-minutes were measured; runs
without that stand at the right edge, as rings. Published numbers are dashed lines. Standard library only.
"""
import math
from html import escape

WIDTH, HEIGHT, LEFT, TOP, BOTTOM, GAP = 1000, 430, 62, 46, 52, 76
PANELS = (("static", "static binarization (Larochelle)"), ("dynamic", "dynamic binarization"))
LOWEST, HIGHEST = 76.0, 100.0
# Readable on white and on GitHub's dark ground alike.
INK, FAINT, POINT, FRONTIER = "#808890", "#80889055", "#2f81f7", "#d1603d"


def minutes_of(row):
    """Core-minutes, or None; a sum of parts ("17 + 8 + 12") counts whole."""
    try:
        return sum(float(part) for part in row["core_minutes"].split("+"))
    except ValueError:
        return None


def points_of(rows, table):
    """Own results of a table in nats, the mixers at equal time among the static ones: (minutes or None, NLL, name)."""
    tables = {table, "mixers"} if table == "static" else {table}
    return [(minutes_of(row), float(row["value"]), row["config"].removesuffix(".yaml").removesuffix("_dynamic"))
            for row in rows if row["table"] in tables and row["unit"] == "nats"]


def published_of(rows, table):
    """The published numbers, each once: (NLL, name)."""
    found = {}
    for row in rows:
        if row["table"] == table and row["unit"] == "nats" and row["published"]:
            model = row["config"].removesuffix(".yaml").removesuffix("_" + table)
            found.setdefault(float(row["published"]), model)
    return sorted(found.items())


def frontier_of(points):
    """Those that nothing cheaper is as good as, cheapest first."""
    best, frontier = math.inf, []
    for minutes, nll, name in sorted((p for p in points if p[0]), key=lambda p: (p[0], p[1])):
        if nll < best:
            best = nll
            frontier.append((minutes, nll, name))
    return frontier


def frontier_table(rows, budgets=(1, 10, 100, 1000)):
    """What each budget buys, as Markdown."""
    lines = ["| core-minutes | static | dynamic |", "| --: | --: | --: |"]
    for budget in budgets:
        cells = []
        for table, _ in PANELS:
            bought = [p for p in points_of(rows, table) if p[0] and p[0] <= budget]
            nll, name = min(((p[1], p[2]) for p in bought), default=(None, None))
            cells.append(f"{nll:.2f} ({name})" if bought else "-")
        lines.append(f"| {budget} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


class Panel:
    def __init__(self, left, width, largest):
        self.left, self.width, self.decades = left, width, (math.log10(0.1), math.log10(largest))

    def x(self, minutes):
        low, high = self.decades
        return self.left + (math.log10(minutes) - low) / (high - low) * self.width * 0.94

    @staticmethod
    def y(nll):
        share = (min(max(nll, LOWEST), HIGHEST) - LOWEST) / (HIGHEST - LOWEST)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    def text(self, x, y, words, size=12, anchor="start", colour=INK):
        return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" fill="{colour}">'
                f"{escape(words)}</text>")

    def line(self, x0, y0, x1, y1, colour=FAINT, dash=""):
        dashes = f' stroke-dasharray="{dash}"' if dash else ""
        return f'<line x1="{x0:.1f}" y1="{y0:.1f}" x2="{x1:.1f}" y2="{y1:.1f}" stroke="{colour}"{dashes}/>'

    def labels(self, marks, taken):
        """Names beside points, in the order given, none over another or over what is taken: boxes (left, top, right,
        bottom). A name that finds no room is left out; the title of its point still tells it."""
        out = []
        for x, y, words, colour in marks:
            width, right = 6.4 * len(words), self.left + self.width
            for start, base in ((x + 7, y - 5), (x - 7 - width, y - 5), (x + 7, y + 13), (x - 7 - width, y + 13)):
                box = (start, base - 10, start + width, base + 2)
                clear = not any(box[0] < b[2] and b[0] < box[2] and box[1] < b[3] and b[1] < box[3] for b in taken)
                if clear and start > self.left and box[2] < right + 24:
                    taken.append(box)
                    out.append(self.text(start, base, words, 11, colour=colour))
                    break
        return out

    def draw(self, title, points, published):
        right, bottom = self.left + self.width, HEIGHT - BOTTOM
        out = [self.text(self.left, TOP - 22, title, 14)]
        for nll in range(int(LOWEST), int(HIGHEST) + 1, 4):
            out += [self.line(self.left, self.y(nll), right, self.y(nll)),
                    self.text(self.left - 8, self.y(nll) + 4, str(nll), 11, "end")]
        decade = -1
        while 10 ** decade <= 10 ** self.decades[1]:
            x = self.x(10 ** decade)
            out += [self.line(x, TOP, x, bottom), self.text(x, bottom + 16, f"{10 ** decade:g}", 11, "middle")]
            decade += 1
        out.append(self.text((self.left + right) / 2, bottom + 36, "core-minutes of training", 12, "middle"))
        taken, last = [], HEIGHT
        for nll, name in published:
            if nll > HIGHEST:
                continue
            y, words = self.y(nll), f"{name}, in print {nll:g}"
            out.append(self.line(self.left, y, right, y, INK, "5 4"))
            if y - 3 < last - 12:
                last = y - 3
                taken.append((self.left, y - 14, self.left + 8 + 5.4 * len(words), y))
                out.append(self.text(self.left + 4, last, words, 10))
        frontier = frontier_of(points)
        path = ""
        for minutes, nll, _ in frontier:
            path += f"H{self.x(minutes):.1f} V{self.y(nll):.1f} " if path else f"M{self.x(minutes):.1f} {self.y(nll):.1f} "
        if path:
            out.append(f'<path d="{path}H{right:.1f}" fill="none" stroke="{FRONTIER}" stroke-width="1.5"/>')
        marks = []
        for minutes, nll, name in sorted(points, key=lambda p: (p not in frontier, p[0] or 0, p[1])):
            if nll > HIGHEST:
                continue
            x, y = self.x(minutes) if minutes else right, self.y(nll)
            fill = POINT if minutes else "none"
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{POINT}"><title>{escape(name)} '
                       f"{nll:.2f}</title></circle>")
            marks.append((x, y, f"{name} {nll:.2f}", POINT if minutes else INK))
        if any(not minutes for minutes, _, _ in points):
            out.append(self.text(right, TOP - 8, "time not measured", 10, "end"))
        return out + self.labels(marks, taken)


def svg(rows):
    measured = [p[0] for table, _ in PANELS for p in points_of(rows, table) if p[0]]
    largest = 10 ** math.ceil(math.log10(max(measured, default=10)))
    width = (WIDTH - LEFT - GAP - 30) / 2 - 20
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif">',
           "<title>Test NLL (nats) against core-minutes</title>",
           f'<text x="16" y="{(HEIGHT - BOTTOM + TOP) / 2:.1f}" font-size="12" fill="{INK}" text-anchor="middle" '
           f'transform="rotate(-90 16 {(HEIGHT - BOTTOM + TOP) / 2:.1f})">test NLL (nats)</text>']
    for number, (table, title) in enumerate(PANELS):
        panel = Panel(LEFT + number * (width + GAP), width, largest)
        out += panel.draw(title, points_of(rows, table), published_of(rows, table))
    return "\n".join(out + ["</svg>"]) + "\n"
