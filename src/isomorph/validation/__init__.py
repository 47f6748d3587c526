"""Published results, done again: a registry of claims by name."""

from isomorph.registry import Registry
from isomorph.validation._claim import Claim, Figure, Outcome
from isomorph.validation.bansal import CLAIM as BANSAL
from isomorph.validation.barannikov import CLAIM as BARANNIKOV
from isomorph.validation.chun import CLAIM as CHUN
from isomorph.validation.davari import CLAIM as DAVARI
from isomorph.validation.ding import CLAIM as DING
from isomorph.validation.groeger import CLAIM as GROEGER
from isomorph.validation.kornblith import CLAIM as KORNBLITH
from isomorph.validation.kriegeskorte import CLAIM as KRIEGESKORTE
from isomorph.validation.morcos import CLAIM as MORCOS
from isomorph.validation.moschella import CLAIM as MOSCHELLA
from isomorph.validation.rebasin import CLAIM as REBASIN
from isomorph.validation.tang import CLAIM as TANG
from isomorph.validation.williams import CLAIM as WILLIAMS

CLAIMS: Registry[Claim] = Registry(
    "claim",
    {
        claim.name: claim
        for claim in (
            KRIEGESKORTE,
            DING,
            KORNBLITH,
            MORCOS,
            MOSCHELLA,
            REBASIN,
            BANSAL,
            BARANNIKOV,
            GROEGER,
            DAVARI,
            WILLIAMS,
            CHUN,
            TANG,
        )
    },
    kind=Claim,
)

__all__ = ["CLAIMS", "Claim", "Figure", "Outcome"]
