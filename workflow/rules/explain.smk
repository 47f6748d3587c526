# What else explains a likeness, and models against models.
rule explain:
    input:
        stimuli=lambda wildcards: LAYOUT.stimuli(wildcards.dataset),
        brain=lambda wildcards: LAYOUT.brain_rdms(wildcards.dataset),
        models=lambda wildcards: models_of(wildcards.dataset),
    output:
        partial=ensure(PATTERN.partial("{dataset}"), non_empty=True),
        weighted=ensure(PATTERN.weighted("{dataset}"), non_empty=True),
        partition=ensure(PATTERN.partition("{dataset}"), non_empty=True),
        models=ensure(PATTERN.models("{dataset}"), non_empty=True),
        representations=ensure(PATTERN.representations("{dataset}"), non_empty=True),
    log:
        PATTERN.log("explain", "{dataset}"),
    benchmark:
        PATTERN.benchmark("explain", "{dataset}")
    threads: 1
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        code=code_digest("isomorph.inference.explain"),
        settings=lambda wildcards: slices.text(slices.explain(STUDY, wildcards.dataset)),
    shell:
        stage("explain --dataset {wildcards.dataset}")
