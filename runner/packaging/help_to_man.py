"""help_to_man: writes the manual pages, slope.1 and slope-COMMAND.1, from what `slope --help` and
`slope COMMAND --help` print. So they say what the program says, and nothing is written twice.

    help_to_man.py PROGRAM FOLDER     FOLDER is emptied first; pages are compressed

A help text is read as blocks between empty lines: the usage; paragraphs; lists of indented terms, two
spaces, and what they mean, with or without a title; a title `example:` and indented commands; and a
paragraph that begins with `exit status`.
"""
import gzip
import pathlib
import re
import shutil
import subprocess
import sys

TERM = re.compile(r"^  (\S.*?)(?:  +(\S.*))?$")


def text_of(line):
    """One line of text for roff: nothing in it is a request or an escape."""
    line = line.replace("\\", "\\e").replace("-", "\\-").replace("`", "\\(ga").replace("'", "\\(aq")
    return "\\&" + line if line.startswith(".") else line


def terms(lines):
    """[(term, [text, …])] of an indented list."""
    found = []
    for line in lines:
        if line.startswith("   "):
            found[-1][1].append(line.strip())
        else:
            term, meaning = TERM.match(line).groups()
            found.append((term, [meaning] if meaning else []))
    return found


def list_of(lines):
    page = []
    for term, meaning in terms(lines):
        page += [".TP", f".B {text_of(term)}", *map(text_of, meaning)]
    return page


def verbatim(lines):
    return [".nf", ".RS 4", *(text_of(line.strip()) for line in lines), ".RE", ".fi"]


def sections(help_text):
    """(synopsis, {title: roff lines}) in the order in which a page has them."""
    first, *blocks = help_text.rstrip("\n").split("\n\n")
    synopsis = [re.sub(r"^(usage:|      )\s*", "", line) for line in first.splitlines()]
    found = {title: [] for title in ("DESCRIPTION", "COMMANDS", "OPTIONS", "ENVIRONMENT VARIABLES",
                                     "EXIT STATUS", "EXAMPLES")}
    for block in blocks:
        head, *rest = lines = block.splitlines()
        if head.startswith("example"):
            found["EXAMPLES"] += verbatim(rest)
        elif head.startswith("exit status"):
            found["EXIT STATUS"] += text_of(re.sub(r"^exit status:? ", "", block)).splitlines()
        elif head.endswith(":") and rest and all(line.startswith("  ") for line in rest):
            found.setdefault(head[:-1].upper(), []).extend(list_of(rest))
        elif head.startswith("  ") and any(line.startswith("  --") for line in lines):
            found["OPTIONS"] += list_of(lines)
        else:
            found["DESCRIPTION"] += [".PP", *(text_of(line.strip()) for line in lines)]
    return synopsis, {title: text for title, text in found.items() if text}


def page(name, summary, version, help_text, others):
    synopsis, found = sections(help_text)
    lines = [f'.TH {name.upper()} 1 "" "{version}" "slope"', ".SH NAME",
             f"{text_of(name)} \\- {text_of(summary)}", ".SH SYNOPSIS", ".nf",
             *(f".B {text_of(line)}" for line in synopsis), ".fi"]
    for title, text in found.items():
        lines += [f".SH {title}", *text]
    lines += [".SH SEE ALSO", ",\n".join(f".BR {text_of(other)} (1)" for other in others)
              .replace("(1),", "(1),")]
    return "\n".join(lines) + "\n"


def main(program, folder):
    def ask(*arguments):
        return subprocess.run([program, *arguments], check=True, capture_output=True,
                              encoding="utf-8").stdout

    general = ask("--help")
    listed = general.split("\ncommands:\n")[1].split("\n\n")[0].splitlines()
    summaries = {f"slope-{name}": text[0] for name, text in terms(listed)}
    pages = {"slope": ("run optimisation experiments that YAML files describe", general)}
    for name, summary in summaries.items():
        pages[name] = (summary, ask(name.removeprefix("slope-"), "--help"))
    version = ask("--version").split(" (")[0]
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, (summary, text) in pages.items():
        roff = page(name, summary, version, text, [other for other in pages if other != name])
        (folder / f"{name}.1.gz").write_bytes(gzip.compress(roff.encode(), 9, mtime=0))


if __name__ == "__main__":
    main(sys.argv[1], pathlib.Path(sys.argv[2]))
