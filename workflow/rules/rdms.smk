# RDMs of regions and of layers, in files of one kind.
rule brain_rdms:
    input:
        stimuli=lambda wildcards: LAYOUT.stimuli(wildcards.dataset),
        responses=lambda wildcards: responses_of(wildcards.dataset),
    output:
        ensure(PATTERN.brain_rdms("{dataset}"), non_empty=True),
    log:
        PATTERN.log("rdms", "{dataset}", "brain"),
    benchmark:
        PATTERN.benchmark("rdms", "{dataset}", "brain")
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code_digest("isomorph.rdms"),
        settings=lambda wildcards: slices.text(
            slices.brain_rdms(STUDY, wildcards.dataset)
        ),
    shell:
        stage("rdms --dataset {wildcards.dataset} --brain")


rule model_rdms:
    input:
        stimuli=lambda wildcards: LAYOUT.stimuli(wildcards.dataset),
        activations=lambda wildcards: LAYOUT.activations(
            wildcards.dataset, wildcards.model
        ),
    output:
        ensure(PATTERN.model_rdms("{dataset}", "{model}"), non_empty=True),
    log:
        PATTERN.log("rdms", "{dataset}", "{model}"),
    benchmark:
        PATTERN.benchmark("rdms", "{dataset}", "{model}")
    wildcard_constraints:
        dataset=one_of(STIMULUS_SETS),
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code_digest("isomorph.rdms"),
        settings=lambda wildcards: slices.text(
            slices.model_rdms(STUDY, wildcards.dataset)
        ),
    shell:
        stage("rdms --dataset {wildcards.dataset} --model {wildcards.model}")
