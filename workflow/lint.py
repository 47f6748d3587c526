"""`snakemake --lint`, less the two rules of it that this workflow breaks on purpose.

One wants a conda environment or a container for each rule. Every rule here runs the one package
that is installed beside Snakemake, pinned in constraints.txt, so a second declaration could only
disagree with the first.
"""

import re
import subprocess
import sys

ARGUED = {
    "Specify a conda environment or container for each rule.:",
    # Filled in as the job runs, so that the line is the same in every study and on every machine.
    "Shell command directly uses variable STUDY_FILE from outside of the rule:",
    "Shell command directly uses variable PYTHON from outside of the rule:",
    "Shell command directly uses variable ENDED from outside of the rule:",
    "Shell command directly uses variable SEEN from outside of the rule:",
}


def main(arguments: list[str]) -> int:
    """Lint, print what is left, and return 1 if anything is."""
    command = [sys.executable, "-m", "snakemake", "--lint", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    said = done.stdout + done.stderr
    sections = re.split(r"^(?=Lints for )", said, flags=re.MULTILINE)
    lints = [
        (section.splitlines()[0], title.strip())
        for section in sections[1:]
        for title in re.findall(r"^    \* (.*)$", section, flags=re.MULTILINE)
    ]
    if not lints and done.returncode:
        print(said, end="", file=sys.stderr)  # it never got to linting
        return done.returncode
    left = [f"{where} {title}" for where, title in lints if title not in ARGUED]
    print(*left or ["snakemake --lint: clean"], sep="\n")
    return 1 if left else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
