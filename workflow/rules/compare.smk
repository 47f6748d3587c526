# Every region against every layer, regions against each other, trained models against untrained.
rule compare:
    input:
        brain=lambda wildcards: LAYOUT.brain_rdms(wildcards.dataset),
        models=lambda wildcards: models_of(wildcards.dataset),
        stimuli=lambda wildcards: LAYOUT.stimuli(wildcards.dataset),
    output:
        comparisons=ensure(PATTERN.comparisons("{dataset}"), non_empty=True),
        parquet=ensure(
            PATTERN.comparisons("{dataset}").with_suffix(".parquet"), non_empty=True
        ),
        subjects=ensure(PATTERN.subjects("{dataset}"), non_empty=True),
        subjects_parquet=ensure(
            PATTERN.subjects("{dataset}").with_suffix(".parquet"), non_empty=True
        ),
        regions=ensure(PATTERN.regions("{dataset}"), non_empty=True),
        preferences=ensure(PATTERN.preferences("{dataset}"), non_empty=True),
        preferences_parquet=ensure(
            PATTERN.preferences("{dataset}").with_suffix(".parquet"), non_empty=True
        ),
        selection=ensure(PATTERN.selection("{dataset}"), non_empty=True),
        layers_in_set=ensure(PATTERN.layers_in_set("{dataset}"), non_empty=True),
        differences=ensure(PATTERN.differences("{dataset}"), non_empty=True),
        contrasts=ensure(PATTERN.contrasts("{dataset}"), non_empty=True),
        recovery=ensure(PATTERN.recovery("{dataset}"), non_empty=True),
    log:
        PATTERN.log("compare", "{dataset}"),
    benchmark:
        PATTERN.benchmark("compare", "{dataset}")
    threads: 1
    resources:
        mem_mb=8000,
        runtime=240,
    params:
        code=code_digest("isomorph.inference"),
        settings=lambda wildcards: slices.text(
            slices.comparisons(STUDY, wildcards.dataset)
        ),
    shell:
        stage("compare --dataset {wildcards.dataset}")
