# The environment of the pipeline, with Snakefile and settings, in /isomorph:
#     docker build --tag isomorph .
# A study and what is made of it stand in a folder of yours, and the container works in it:
#     docker run --rm --volume "$PWD:/study" --workdir /study isomorph \
#         snakemake --snakefile /isomorph/Snakefile --cores 8 --config study=config/my-study.yaml
FROM python:3.11-slim-bookworm
RUN apt-get update \
    && apt-get install --yes --no-install-recommends make \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /isomorph
COPY . .
ENV PIP_NO_CACHE_DIR=1
RUN make .venv/installed
ENV PATH=/isomorph/.venv/bin:$PATH
CMD ["isomorph", "--help"]
