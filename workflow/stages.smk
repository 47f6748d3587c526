# A rule for every stage. What each reads and writes is declared in isomorph.making, once for the
# workflow and for the provenance that artefacts carry; here is what each needs of the machine.
MEMORY_AND_MINUTES = {
    "fetch": (1000, 240),
    "stimuli": (2000, 60),
    "responses": (4000, 120),
    "reliability": (4000, 60),
    "activations": (4000, 240),
    "brain_rdms": (4000, 60),
    "model_rdms": (4000, 60),
    "compare": (8000, 240),
    "explain": (8000, 240),
    "recover": (8000, 240),
    "figures": (4000, 60),
    "report": (4000, 60),
}


localrules:
    fetch,


for STAGE, (MEMORY, MINUTES) in MEMORY_AND_MINUTES.items():
    for SIMULATED in (False, True) if STAGE == "fetch" else (False,):

        rule:
            name:
                "fetch_simulated" if SIMULATED else STAGE
            input:
                read_by(STAGE),
            output:
                outputs(STAGE, SIMULATED),
            log:
                pattern(STAGE, said_in),
            benchmark:
                pattern(STAGE, timed_in)
            wildcard_constraints:
                dataset=one_of(datasets_of(STAGE, SIMULATED)),
            threads: 1
            resources:
                mem_mb=MEMORY,
                runtime=MINUTES,
            params:
                command=command(STAGE),
            # What a stage says goes to the screen and into its log; the shell adds how it ended.
            shell:
                "OMP_NUM_THREADS={threads} {PYTHON:q} -m isomorph {params.command} "
                "--study {STUDY_FILE:q} 2>&1 | tee -i {log:q} >&2 || "
                "{{ echo {ENDED:q}${{PIPESTATUS[0]}} >> {log:q}; exit 1; }}"
