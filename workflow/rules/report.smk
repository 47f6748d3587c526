# What people look at.
rule figures:
    input:
        stimuli=lambda wildcards: LAYOUT.stimuli(wildcards.dataset),
        brain=lambda wildcards: LAYOUT.brain_rdms(wildcards.dataset),
        models=lambda wildcards: models_of(wildcards.dataset),
        tables=lambda wildcards: tables_of(wildcards.dataset),
    output:
        directory(PATTERN.figures("{dataset}")),
    log:
        PATTERN.log("figures", "{dataset}"),
    benchmark:
        PATTERN.benchmark("figures", "{dataset}")
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code_digest("isomorph.figures"),
        settings=lambda wildcards: slices.text(slices.figures(STUDY, wildcards.dataset)),
    shell:
        stage("figures --dataset {wildcards.dataset}")


rule report:
    input:
        figures=[LAYOUT.figures(dataset) for dataset in STUDY.datasets],
        tables=[table for dataset in STUDY.datasets for table in tables_of(dataset)],
        manifests=[LAYOUT.manifest(dataset) for dataset in STUDY.datasets],
    output:
        ensure(LAYOUT.report, non_empty=True),
    log:
        LAYOUT.log("report"),
    benchmark:
        LAYOUT.benchmark("report")
    threads: 1
    resources:
        mem_mb=4000,
        runtime=60,
    params:
        code=code_digest("isomorph.report"),
        page=files_digest("isomorph.report"),
        settings=lambda wildcards: slices.text(slices.report(STUDY)),
    shell:
        stage("report")
