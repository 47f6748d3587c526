# The workflow of one study. Run it with
#     snakemake --cores 2 --config study=config/demo.yaml
# or, for the full reproduction in config/config.yaml, with
#     snakemake --cores 8
from snakemake.utils import min_version

min_version("9.0")


include: "workflow/common.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        LAYOUT.report,


include: "workflow/stages.smk"


onstart:
    if workflow.is_main_process:
        begin()


onsuccess:
    if IS_CALM:
        SHOWN.end()


onerror:
    if IS_CALM:
        SHOWN.end()
    # What was interrupted did not fail, and what had failed before was said.
    sentences = [] if SHOWN.interrupted else failures.reasons(FAILED.jobs.values())
    if sentences:
        print("\nWhat failed, and why:", *sentences, sep="\n  ", file=sys.stderr)
        print(
            f"\n`isomorph report --study {STUDY_FILE}` makes a page of what did finish.",
            file=sys.stderr,
        )
