# Every layer of one model in one pass over the images. Datasets that share stimuli share this.
rule activations:
    input:
        stimuli=lambda wildcards: LAYOUT.stimuli(wildcards.dataset),
    output:
        ensure(PATTERN.activations("{dataset}", "{model}"), non_empty=True),
    log:
        PATTERN.log("activations", "{dataset}", "{model}"),
    benchmark:
        PATTERN.benchmark("activations", "{dataset}", "{model}")
    wildcard_constraints:
        dataset=one_of(STIMULUS_SETS),
    threads: 1
    resources:
        mem_mb=4000,
        runtime=240,
    params:
        code=code_digest("isomorph.models"),
        settings=lambda wildcards: slices.text(
            slices.activations(STUDY, wildcards.dataset, wildcards.model)
        ),
        opened=lambda wildcards: opened.state(
            LAYOUT, wildcards.dataset, wildcards.model
        ),
    shell:
        stage("activations --dataset {wildcards.dataset} --model {wildcards.model}")
