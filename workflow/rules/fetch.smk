# Bytes of every dataset, with a manifest that hashes them.


localrules:
    fetch,
    fetch_local,


# What comes as it is carries no digest of code: new code never makes old bytes wrong. What is cut
# or laid out anew on arrival does. Files the user was asked to put there are inputs.
rule fetch:
    input:
        lambda wildcards: local_files(wildcards.dataset),
    output:
        ensure(PATTERN.manifest("{dataset}"), non_empty=True),
    log:
        PATTERN.log("fetch", "{dataset}"),
    benchmark:
        PATTERN.benchmark("fetch", "{dataset}")
    wildcard_constraints:
        dataset=one_of(jobs.downloaded(STUDY)),
    threads: 1
    resources:
        mem_mb=1000,
        runtime=240,
    params:
        code=lambda wildcards: archives.code_of(LAYOUT, wildcards.dataset),
        settings=lambda wildcards: slices.text(
            archives.settings(LAYOUT, wildcards.dataset)
        ),
    shell:
        stage("fetch --dataset {wildcards.dataset}")


# A folder of the user's own is read in place; its files are inputs, so that changes are noticed.
rule fetch_local:
    input:
        lambda wildcards: local_files(wildcards.dataset),
    output:
        ensure(PATTERN.manifest("{dataset}"), non_empty=True),
    log:
        PATTERN.log("fetch", "{dataset}"),
    benchmark:
        PATTERN.benchmark("fetch", "{dataset}")
    wildcard_constraints:
        dataset=one_of(jobs.local(STUDY)),
    threads: 1
    resources:
        mem_mb=1000,
        runtime=60,
    params:
        settings=lambda wildcards: slices.text(slices.fetch(STUDY, wildcards.dataset)),
    shell:
        stage("fetch --dataset {wildcards.dataset}")


# A simulated recording is computed from the layers planted in it, so its code counts.
rule fetch_simulated:
    input:
        stimuli=lambda wildcards: LAYOUT.stimuli(wildcards.dataset),
        planted=lambda wildcards: [
            LAYOUT.activations(wildcards.dataset, model)
            for model in jobs.planted_models(STUDY, wildcards.dataset)
        ],
    output:
        ensure(SIMULATED.manifest("{dataset}"), non_empty=True),
    log:
        PATTERN.log("fetch", "{dataset}"),
    benchmark:
        PATTERN.benchmark("fetch", "{dataset}")
    wildcard_constraints:
        dataset=one_of(jobs.simulated(STUDY)),
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code_digest("isomorph.archives"),
        settings=lambda wildcards: slices.text(slices.fetch(STUDY, wildcards.dataset)),
    shell:
        stage("fetch --dataset {wildcards.dataset}")
