"""English words of the computing dictionary."""

from synth.search.wording.en.lexicon import OPENERS, Attribute, Edge, Lexicon, Noun

NOUNS = {
    "term": Noun(
        "entry",
        "entries",
        bare=("an entry in a dictionary of computing", "a computing term"),
        name="headword",
        openers=(
            *OPENERS,
            "I'm trying to find {np}.",
            "I can't recall the headword of {np}.",
            "Help me find {np}.",
            "I once read {np}.",
        ),
        closers=(
            "Which entry is it?",
            "What is its headword?",
            "Which term does it define?",
            "Can you name the entry?",
            "Name the entry.",
        ),
    )
}

LINK = "term.link"

EDGES = {
    (LINK, False): Edge(
        says=(
            "[links|link] to {y}",
            "[refers|refer] the reader to {y}",
            "[has|have] a cross-reference to {y}",
            "[points|point] to {y}",
        ),
        denies=("[does|do] not link to {y}", "[has|have] no cross-reference to {y}"),
        counts=("[links|link] to {y}", "[has|have] cross-references to {y}"),
        group="the entries that {x} links to",
        how_many=("How many {y} does {x} link to?", "To how many {y} does {x} refer?"),
        roles=("linked entry",),
        label="entry that {x} links to",
        verb="[links|link] to",
        part="entry it links to",
        shared={
            (LINK, True): "[has|have] at least two linked entries in common with {y}",
            (LINK, False): "[links|link] to at least two entries that themselves link to {y}",
        },
    ),
    (LINK, True): Edge(
        says=(
            "[is|are] linked from {y}",
            "[is|are] mentioned through a link in {y}",
            "[is|are] cross-referenced by {y}",
        ),
        denies=("[is|are] not linked from {y}",),
        counts=("[is|are] linked from {y}", "[is|are] cross-referenced by {y}"),
        group="the entries that link to {x}",
        how_many=("How many {y} link to {x}?", "From how many {y} is {x} linked?"),
        roles=("linking entry",),
        label="entry that links to {x}",
        verb="[is|are] linked from",
        part="entry that links to it",
        shared={
            (LINK, False): "[is|are] linked from at least two entries that also link to {y}",
            (LINK, True): "[is|are] linked from at least two entries that {y} links to",
        },
    ),
}

ATTRIBUTES = {
    "term.field": Attribute(
        noun="subject field",
        says=("[is|are] filed under <{v}>", "[carries|carry] the subject tag <{v}>"),
        denies=("[is|are] not filed under <{v}>", "[does|do] not carry the subject tag <{v}>"),
        asks=("Under which subject field is {x} filed?",),
        post="filed under <{v}>",
    )
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
