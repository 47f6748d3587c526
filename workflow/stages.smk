# A rule for every stage. What each makes is said in isomorph.catalogue, what each reads in
# isomorph.making, once for the workflow and for the provenance artefacts carry, and what it needs of
# the machine in isomorph.runs.resources.
localrules:
    fetch,


for STAGE in asked_for(DECLARED):
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
                mem_mb=asked_by(STAGE, memory_with_snakemake),
                runtime=asked_by(STAGE, resources.minutes),
            params:
                command=command(STAGE),
            # More threads: `--set-threads compare=4`, the matrix products of a stage use them all.
            # What a stage says goes into its log, and the shell adds how it ended.
            shell:
                "export OMP_NUM_THREADS={threads} OPENBLAS_NUM_THREADS={threads} "
                "MKL_NUM_THREADS={threads}; {PYTHON:q} -m isomorph {params.command} "
                "--study {STUDY_FILE:q} 2>&1 | tee -i {log:q} >{SEEN} || "
                "{{ echo {ENDED:q}${{PIPESTATUS[0]}} >> {log:q}; exit 1; }}"
