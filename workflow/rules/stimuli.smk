# The stimulus table and the images of every dataset that has its own.
rule stimuli:
    input:
        manifest=lambda wildcards: LAYOUT.manifest(wildcards.dataset),
    output:
        ensure(PATTERN.stimuli("{dataset}"), non_empty=True),
    log:
        PATTERN.log("stimuli", "{dataset}"),
    benchmark:
        PATTERN.benchmark("stimuli", "{dataset}")
    wildcard_constraints:
        dataset=one_of(STIMULUS_SETS),
    threads: 1
    resources:
        mem_mb=2000,
        runtime=60,
    params:
        code=code_digest("isomorph.stimuli"),
        settings=lambda wildcards: slices.text(slices.stimuli(STUDY, wildcards.dataset)),
    shell:
        stage("stimuli --dataset {wildcards.dataset}")
