# Responses of every subject, and how reliable their units are.
rule responses:
    input:
        manifest=lambda wildcards: LAYOUT.manifest(wildcards.dataset),
        stimuli=lambda wildcards: LAYOUT.stimuli(wildcards.dataset),
    output:
        ensure(PATTERN.responses("{dataset}", "{subject}"), non_empty=True),
    log:
        PATTERN.log("responses", "{dataset}", "{subject}"),
    benchmark:
        PATTERN.benchmark("responses", "{dataset}", "{subject}")
    threads: 1
    resources:
        mem_mb=4000,
        runtime=120,
    params:
        code=code_digest("isomorph.responses"),
        settings=lambda wildcards: slices.text(
            slices.responses(STUDY, wildcards.dataset)
        ),
    shell:
        stage("responses --dataset {wildcards.dataset} --subject {wildcards.subject}")


rule reliability:
    input:
        responses=lambda wildcards: responses_of(wildcards.dataset),
    output:
        ensure(PATTERN.reliability("{dataset}"), non_empty=True),
    log:
        PATTERN.log("reliability", "{dataset}"),
    benchmark:
        PATTERN.benchmark("reliability", "{dataset}")
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code_digest("isomorph.responses"),
        settings=lambda wildcards: slices.text(
            slices.reliability(STUDY, wildcards.dataset)
        ),
    shell:
        stage("reliability --dataset {wildcards.dataset}")
