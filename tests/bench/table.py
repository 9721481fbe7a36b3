"""table: what is made of the times: medians, ratios, our share of the limit, a verdict."""
import statistics
from dataclasses import dataclass


@dataclass
class Row:
    case: object
    peer: object  # None if there is none
    ours: list  # seconds (memory: bytes) of each turn
    theirs: list
    quiet: tuple = (1, 1)  # turns of the worst side that nobody disturbed, and all of its turns

    def add(self, more):
        """Turns of the same case and peer at another time."""
        self.ours, self.theirs = self.ours + more.ours, self.theirs + more.theirs
        self.quiet = tuple(map(sum, zip(self.quiet, more.quiet)))

    def ratio(self, of=statistics.median):
        return of(self.theirs) / of(self.ours) if self.theirs else None

    def verdict(self):
        ratio = self.ratio()
        if ratio is None or self.peer.at_least is None:
            return "-"
        if self.peer.aim and ratio >= self.peer.aim:
            return "aim"
        return "reached" if ratio >= self.peer.at_least else "SHORT"

    def summary(self):
        if self.peer is None:
            return f"ours {show_amount(self, self.ours)}"
        return f"ours {show_amount(self, self.ours)}, {self.peer.label()} " \
               f"{show_amount(self, self.theirs)}: {self.ratio():.2f}×"

    def share(self, limits):
        """Shortest possible time to ours; None where the work is not counted."""
        if self.case.kind != "worker" or not self.case.operations:
            return None
        read, product = limits[max(limits)]
        least = max(self.case.read / read, self.case.operations / product)
        return least / statistics.median(self.ours)


def show_seconds(seconds):
    if seconds < 1e-3:
        return f"{seconds * 1e6:.1f} µs"
    return f"{seconds * 1e3:.2f} ms" if seconds < 1 else f"{seconds:.3f} s"


def show_amount(row, amounts):
    if not amounts:
        return "-"
    median = statistics.median(amounts)
    if not row.case.kind.startswith("memory"):
        return show_seconds(median)
    return f"{median / 1e6:.1f} MB" if median >= 1e5 else f"{median:.0f} B"


def show_ratio(ratio):
    return "-" if ratio is None else f"{ratio:.2f}×"


def print_columns(header, lines):
    """Aligned by columns; the first two to the left, the others to the right."""
    widths = [max(len(str(line[i])) for line in [header, *lines]) for i in range(len(header))]
    for line in [header, ["-" * width for width in widths], *lines]:
        print("  ".join(str(cell).ljust(width) if i < 2 else str(cell).rjust(width)
                        for i, (cell, width) in enumerate(zip(line, widths))).rstrip())


def show_limits(limits):
    for threads, (read, product) in sorted(limits.items()):
        print(f"limit with {threads} thread{'s' if threads > 1 else ''}: reading "
              f"{read / 1e9:.1f} GB/s, float32 product {product / 1e9:.0f} Gflop/s")


def show(rows, limits):
    header = ["case", "peer", "ours", "peer's", "ratio", "of best", "at least", "aim", "of limit",
              "quiet", "verdict"]
    lines = []
    for row in rows:
        share = row.share(limits)
        lines.append([
            row.case.name, row.peer.label() if row.peer else "-", show_amount(row, row.ours),
            show_amount(row, row.theirs), show_ratio(row.ratio()), show_ratio(row.ratio(min)),
            show_ratio(row.peer.at_least if row.peer else None),
            show_ratio(row.peer.aim if row.peer else None),
            "-" if share is None else f"{share:.0%}", "{} of {}".format(*row.quiet),
            row.verdict()])
    print_columns(header, lines)
    if any(few < min(3, all_of_them) for few, all_of_them in (row.quiet for row in rows)):
        print("Some cases had too few quiet turns: other programs were busy; take them with care.")
    show_limits(limits)


def csv_of(rows, limits):
    header = ["case", "peer", "unit", "ours_median", "ours_best", "peer_median", "peer_best",
              "ratio", "at_least", "aim", "share_of_limit", "quiet_turns", "turns", "verdict"]
    lines = []
    for row in rows:
        theirs = [statistics.median(row.theirs), min(row.theirs)] if row.theirs else ["", ""]
        lines.append([
            row.case.name, row.peer.label() if row.peer else "",
            "bytes" if row.case.kind.startswith("memory") else "seconds", statistics.median(row.ours),
            min(row.ours), *theirs, row.ratio() or "",
            (row.peer and row.peer.at_least) or "", (row.peer and row.peer.aim) or "",
            row.share(limits) or "", *row.quiet, row.verdict()])
    return header, lines
