# Which layers are found again in data simulated from them, and whether measures agree.
rule recover:
    input:
        comparisons=lambda wildcards: LAYOUT.comparisons(wildcards.dataset),
        brain=lambda wildcards: LAYOUT.brain_rdms(wildcards.dataset),
        models=lambda wildcards: models_of(wildcards.dataset),
        stimuli=lambda wildcards: LAYOUT.stimuli(wildcards.dataset),
    output:
        confusion=ensure(PATTERN.confusion("{dataset}"), non_empty=True),
        power=ensure(PATTERN.power("{dataset}"), non_empty=True),
        agreement=ensure(PATTERN.agreement("{dataset}"), non_empty=True),
    log:
        PATTERN.log("recover", "{dataset}"),
    benchmark:
        PATTERN.benchmark("recover", "{dataset}")
    threads: 1
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        code=code_digest("isomorph.inference.trust"),
        settings=lambda wildcards: slices.text(slices.recover(STUDY, wildcards.dataset)),
    shell:
        stage("recover --dataset {wildcards.dataset}")
