"""English words of the films source."""

from dataclasses import replace

from synth.search.wording.en.credits import EDGES
from synth.search.wording.en.lexicon import OPENERS, Attribute, Lexicon, Noun, measure, tally

REGULAR = ("Action", "Adventure", "Crime", "Family", "Fantasy", "Horror", "Music", "War")
GENRES = {name: f"{name.lower()} film" for name in REGULAR} | {
    "Animation": "animated film",
    "Biography": "biographical film",
    "Comedy": "comedy",
    "Documentary": "documentary",
    "Drama": "drama",
    "History": "historical film",
    "Musical": "musical",
    "Mystery": "mystery",
    "Romance": "romance",
    "Sci-Fi": "science-fiction film",
    "Sport": "sports film",
    "Thriller": "thriller",
    "Western": "western",
}

NOUNS = {
    "film": Noun(
        "film",
        "films",
        name="title",
        openers=(
            *OPENERS,
            "I'm trying to recall the title of {np}.",
            "I can't remember the title of {np}.",
            "I've forgotten the title of {np}.",
            "It's on the tip of my tongue: the title of {np}.",
            "A friend once told me about {np}.",
            "Years ago I read about {np}.",
            "I'd love to know the title of {np}.",
            "Calling all film buffs: I'm looking for {np}.",
            "I keep coming back to the thought of {np}.",
            "Someone once recommended {np}.",
        ),
        closers=(
            "Which film is it?",
            "What is the film called?",
            "What is its title?",
            "Can you name the film?",
            "Which film am I thinking of?",
            "What film is this?",
            "Name the film.",
        ),
    ),
    "person": Noun(
        "person",
        "people",
        is_person=True,
        bare=("someone from the world of film", "someone in the film business", "a film person"),
        openers=(
            *OPENERS,
            "I'm trying to remember the name of {np}.",
            "I can't recall the name of {np}.",
            "I've forgotten the name of {np}.",
            "Help me put a name to {np}.",
            "It's on the tip of my tongue: the name of {np}.",
            "Years ago I read about {np}.",
            "Calling all film buffs: I'm looking for {np}.",
        ),
        closers=(
            "Who is it?",
            "Who is this person?",
            "What is this person's name?",
            "Can you name this person?",
            "Who am I thinking of?",
            "Do you know who it is?",
            "Name this person.",
        ),
    ),
    "company": Noun(
        "company",
        "companies",
        bare=("a film company", "a production company"),
        openers=(
            *OPENERS,
            "Help me work out the name of {np}.",
            "I'm trying to remember the name of {np}.",
            "I can't recall the name of {np}.",
            "I've forgotten the name of {np}.",
        ),
        closers=(
            "Which company is it?",
            "What is the company called?",
            "Can you name the company?",
            "Which company is this?",
            "Which company am I thinking of?",
            "Name the company.",
        ),
    ),
}

ATTRIBUTES = {
    "film.year": Attribute(
        noun="release year",
        says=("[was|were] released {v}", "came out {v}", "first appeared {v}"),
        denies=("[was|were] not released {v}", "did not come out {v}"),
        asks=("In what year was {x} released?", "When did {x} come out? Give the year."),
        pre="{v}",
        post="released {v}",
        is_year=True,
        event="{x} [was|were] released",
        happened="[was|were] released",
        more="later",
        less="earlier",
        most="most recent",
        least="oldest",
        apart=(
            "How many years apart were {x} and {y} released?",
            "How many years lie between the release of {x} and that of {y}?",
        ),
    ),
    "film.runtime": Attribute(
        noun="running time",
        says=("[runs|run] for {v}", "[has|have] a running time of {v}", "[lasts|last] {v}"),
        denies=("[does|do] not run for {v}", "[does|do] not have a running time of {v}"),
        asks=(
            "How long is {x}, in minutes?",
            "What is the running time of {x}, in minutes?",
            "For how many minutes does {x} run?",
        ),
        pre="{v}-minute",
        post="with a running time of {v}",
        more="longer",
        less="shorter",
        most="longest",
        least="shortest",
        whole=True,
        compare="[is|are]",
        apart=("By how many minutes do the running times of {x} and {y} differ?",),
    ),
    "film.genre": Attribute(
        noun="genre",
        says=("[is|are] classed as {v}", "[has|have] {v} among {its} genres"),
        denies=("[is|are] not classed as {v}", "[does|do] not have {v} among {its} genres"),
        asks=(),
        heads=GENRES,
        words={key: key.lower() if key != "Sci-Fi" else "science fiction" for key in GENRES},
    ),
    "film.language": Attribute(
        noun="language",
        says=(
            "[has|have] {v} among {its} languages",
            "[has|have] {v} dialogue",
            "[has|have] dialogue in {v}",
        ),
        denies=(
            "[does|do] not have {v} among {its} languages",
            "[has|have] no {v} dialogue",
        ),
        asks=(),
        pre="{v}-language",
        words={
            "Kurdish language": "Kurdish",
            "Neapolitan language": "Neapolitan",
            "Egyptian language": "Egyptian",
            "artistic language": "an invented language",
            "parseltongue": "Parseltongue",
            "multiple languages": "several unnamed languages",
        },
    ),
    "film.rating": Attribute(
        noun="MPAA rating",
        says=(
            "[is|are] rated {v}",
            "[was|were] rated {v} by the MPAA",
            "[carries|carry] a rating of {v}",
        ),
        denies=("[is|are] not rated {v}", "[was|were] not rated {v} by the MPAA"),
        asks=(),
        post="rated {v}",
    ),
    "film.oscars": replace(
        tally("Oscars", "won", asks=("How many Oscars did {x} win?",)),
        says=("won {v}", "took home {v}", "[has|have] {v} to {its} name"),
        denies=("did not win {v}",),
    ),
    "film.nominations": replace(
        tally(
            "Oscar nominations", "received", asks=("How many Oscar nominations did {x} receive?",)
        ),
        says=("received {v}", "earned {v}", "collected {v}"),
        denies=("did not receive {v}",),
    ),
    "film.metascore": measure("Metascore", whole=True, says=("[holds|hold] a Metascore of {v}",)),
    "film.critics_score": Attribute(
        noun="share of positive reviews",
        says=(
            "drew positive reviews from {v} of critics",
            "won positive reviews from {v} of critics",
            "got positive reviews from {v} of critics",
        ),
        denies=("did not get positive reviews from {v} of critics",),
        unit="%",
        gap_unit="percentage points",
        asks=("What percentage of the reviews of {x} is positive?",),
        post="with positive reviews from {v} of critics",
        whole=True,
        apart=(
            "By how many percentage points do the shares of positive reviews of {x} and {y} "
            "differ?",
        ),
    ),
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
