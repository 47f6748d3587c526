# A rule for every stage. What each makes is said in isomorph.catalogue, what each reads and needs of
# the machine in isomorph.making, once for the workflow and for the provenance artefacts carry.
localrules:
    fetch,


for STAGE, DECLARATION in asked_for(DECLARED):
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
                mem_mb=memory_of(DECLARATION.memory),
                runtime=DECLARATION.minutes,
            params:
                command=command(STAGE),
            # What a stage says goes to the screen and into its log; the shell adds how it ended.
            shell:
                "OMP_NUM_THREADS={threads} {PYTHON:q} -m isomorph {params.command} "
                "--study {STUDY_FILE:q} 2>&1 | tee -i {log:q} >&2 || "
                "{{ echo {ENDED:q}${{PIPESTATUS[0]}} >> {log:q}; exit 1; }}"
