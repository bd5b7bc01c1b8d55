"""English words of the films source."""

from dataclasses import replace

from synth.search.wording.en.lexicon import OPENERS, Attribute, Edge, Lexicon, Noun, measure, tally

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
            "Help me put a name to {np}.",
            "I can't remember the title of {np}.",
            "I need the title of {np}.",
        ),
        closers=(
            "Which film is it?",
            "What is the film called?",
            "What is its title?",
            "Can you name the film?",
            "Which film am I thinking of?",
            "Which film fits?",
            "Name the film.",
        ),
    ),
    "person": Noun(
        "person",
        "people",
        is_person=True,
        bare=("someone from the world of film", "someone with film credits", "a film professional"),
        openers=(
            *OPENERS,
            "Help me put a name to {np}.",
            "I have {np} in mind.",
            "I can't recall the name of {np}.",
            "I need the name of {np}.",
        ),
        closers=(
            "Who is it?",
            "Who is this person?",
            "What is this person's name?",
            "Can you name this person?",
            "Whom am I describing?",
            "Who fits?",
            "Name this person.",
        ),
    ),
    "company": Noun(
        "company",
        "companies",
        bare=("a film company", "a production company", "a company with film credits"),
        openers=(
            *OPENERS,
            "Help me work out the name of {np}.",
            "I have {np} in mind.",
            "I can't recall the name of {np}.",
            "I need the name of {np}.",
        ),
        closers=(
            "Which company is it?",
            "What is the company called?",
            "Can you name the company?",
            "Which company fits?",
            "Which company am I describing?",
            "Name the company.",
        ),
    ),
}

DIRECTOR, WRITER, CAST = "film.director", "film.writer", "film.cast"
COMPANY, COUNTRY = "film.company", "film.country"

EDGES = {
    (DIRECTOR, False): Edge(
        says=(
            "[was|were] directed by {y}",
            "[has|have] {y} as director",
            "[credits|credit] the direction to {y}",
        ),
        denies=("[was|were] not directed by {y}",),
        counts=("[was|were] directed by {y}", "[credits|credit] {y} with directing"),
        group="the people who directed {x}",
        how_many=("How many {y} directed {x}?", "How many {y} are credited with directing {x}?"),
        roles=("director",),
        label="director of {x}",
        part="director",
        shared={
            (CAST, True): "[was|were] directed by at least two people who are in the cast of {y}",
            (DIRECTOR, True): "[shares|share] at least two directors with {y}",
        },
    ),
    (DIRECTOR, True): Edge(
        says=("directed {y}", "[has a directing credit|have directing credits] on {y}"),
        denies=("did not direct {y}", "never directed {y}"),
        counts=("directed {y}", "[has|have] directed {y}"),
        group="the films {x} directed",
        how_many=("How many {y} did {x} direct?", "How many {y} were directed by {x}?"),
        label="film directed by {x}",
        verb="directed",
        part="director",
        shared={
            (DIRECTOR, False): "co-directed at least two different films with {y}",
            (WRITER, False): "directed at least two different films written by {y}",
            (CAST, False): "directed {y} in at least two different films",
            (COMPANY, False): "directed at least two different films for {y}",
            (COUNTRY, False): "directed at least two different films made in {y}",
        },
    ),
    (WRITER, False): Edge(
        says=(
            "[was|were] written by {y}",
            "[has|have] {y} among {its} writers",
            "[credits|credit] {y} as a writer",
            "[lists|list] {y} as a writer",
        ),
        denies=("[was|were] not written by {y}", "[does|do] not credit {y} as a writer"),
        counts=("[was|were] written by {y}", "[credits|credit] {y} with the writing"),
        group="the people who wrote {x}",
        how_many=("How many {y} wrote {x}?", "How many {y} are credited with writing {x}?"),
        roles=("writer",),
        label="writer of {x}",
        part="writer",
        shared={
            (WRITER, True): "[shares|share] at least two writers with {y}",
            (CAST, True): "[was|were] written by at least two people who are in the cast of {y}",
        },
    ),
    (WRITER, True): Edge(
        says=(
            "wrote {y}",
            "[has a writing credit|have writing credits] on {y}",
            "[is credited as a writer|are credited as writers] of {y}",
            "worked on the script of {y}",
        ),
        denies=("did not write {y}", "[has|have] no writing credit on {y}"),
        counts=("wrote {y}", "[has|have] written {y}", "[has|have] writing credits on {y}"),
        group="the films {x} wrote",
        how_many=("How many {y} did {x} write?", "On how many {y} is {x} credited as a writer?"),
        label="film written by {x}",
        verb="wrote",
        part="writer",
        shared={
            (DIRECTOR, False): "wrote at least two different films directed by {y}",
            (WRITER, False): "co-wrote at least two different films with {y}",
            (CAST, False): "wrote at least two different films in which {y} appears",
            (COMPANY, False): "wrote at least two different films for {y}",
            (COUNTRY, False): "wrote at least two different films made in {y}",
        },
    ),
    (CAST, False): Edge(
        says=(
            "[features|feature] {y}",
            "[has|have] {y} in the cast",
            "~[has|have] among {its} cast {y}",
            "[has|have] {y} in {its} cast list",
        ),
        denies=("[does|do] not feature {y}", "[has|have] a cast that does not include {y}"),
        counts=("[has|have] a cast that includes {y}", "[features|feature] {y} in the cast"),
        group="the cast members of {x}",
        how_many=("How many {y} are in the cast of {x}?", "How many {y} appear in {x}?"),
        roles=("actor", "cast member", "performer"),
        label="cast member of {x}",
        part="member of the cast",
        shared={
            (CAST, True): "[shares|share] at least two cast members with {y}",
            (DIRECTOR, True): "[features|feature] at least two of the people who directed {y}",
        },
    ),
    (CAST, True): Edge(
        says=(
            "[appears|appear] in {y}",
            "acted in {y}",
            "[has a part|have parts] in {y}",
            "[is|are] in the cast of {y}",
            "played a part in {y}",
        ),
        denies=("[does|do] not appear in {y}", "did not act in {y}", "[has|have] no part in {y}"),
        counts=("[appears|appear] in {y}", "[has|have] acted in {y}"),
        group="the films in which {x} [appears|appear]",
        how_many=(
            "In how many {y} [does|do] {x} appear?",
            "How many {y} [has|have] {x} acted in?",
        ),
        label="film featuring {x}",
        verb="acted in",
        part="cast member",
        shared={
            (CAST, False): "[has|have] shared the cast of at least two different films with {y}",
            (DIRECTOR, False): "[appears|appear] in at least two different films directed by {y}",
            (WRITER, False): "[appears|appear] in at least two different films written by {y}",
            (COMPANY, False): "[appears|appear] in at least two different films produced by {y}",
            (COUNTRY, False): "[appears|appear] in at least two different films made in {y}",
        },
    ),
    (COMPANY, False): Edge(
        says=(
            "[was|were] produced by {y}",
            "[has|have] {y} among {its} production companies",
            "[was|were] made by {y}",
        ),
        denies=("[was|were] not produced by {y}",),
        counts=("[was|were] produced by {y}", "[was|were] made by {y}"),
        group="the production companies of {x}",
        how_many=("How many {y} produced {x}?", "How many {y} are credited with producing {x}?"),
        roles=("company", "production company"),
        label="company behind {x}",
        part="production company",
        shared={(COMPANY, True): "[shares|share] at least two production companies with {y}"},
    ),
    (COMPANY, True): Edge(
        says=(
            "produced {y}",
            "[has a production credit|have production credits] on {y}",
            "[was|were] behind {y}",
        ),
        denies=("did not produce {y}", "[has|have] no production credit on {y}"),
        counts=("produced {y}", "[has|have] produced {y}"),
        group="the films {x} produced",
        how_many=("How many {y} did {x} produce?", "How many {y} were produced by {x}?"),
        label="film produced by {x}",
        verb="produced",
        part="producer",
        shared={
            (DIRECTOR, False): "produced at least two different films directed by {y}",
            (WRITER, False): "produced at least two different films written by {y}",
            (CAST, False): "produced at least two different films with {y} in the cast",
            (COMPANY, False): "co-produced at least two different films with {y}",
            (COUNTRY, False): "produced at least two different films made in {y}",
        },
    ),
    (COUNTRY, False): Edge(
        says=(
            "[was|were] made in {y}",
            "[was|were] produced in {y}",
            "[has|have] {y} as a country of origin",
            "[comes|come] from {y}",
        ),
        denies=("[was|were] not made in {y}", "[does|do] not come from {y}"),
        counts=("[was|were] made in {y}", "[was|were] produced in {y}"),
        group="the countries where {x} [was|were] made",
        how_many=("In how many {y} was {x} made?", "From how many {y} does {x} come?"),
        roles=("country of origin",),
        label="country where {x} was made",
        part="country of origin",
    ),
    (COUNTRY, True): Edge(
        says=(
            "[is a country|are countries] of origin of {y}",
            "[is|are] where {y} was made",
            "[is|are] where {y} was made",
        ),
        denies=("[is|are] not where {y} was made",),
        counts=("[is a country|are countries] of origin of {y}",),
        group="the films made in {x}",
        how_many=("How many {y} were made in {x}?", "How many {y} come from {x}?"),
        label="film made in {x}",
        part="country of origin",
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
            "[lists|list] {v} as a language",
            "[has|have] {v} dialogue",
        ),
        denies=(
            "[does|do] not have {v} among {its} languages",
            "[has|have] no {v} dialogue",
            "[does|do] not list {v} as a language",
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
        denies=("[is|are] not rated {v}", "[does|do] not carry a rating of {v}"),
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
            "[has|have] {v} positive reviews",
        ),
        denies=("did not draw positive reviews from {v} of critics",),
        unit="%",
        gap_unit="percentage points",
        asks=("What percentage of the reviews of {x} is positive?",),
        post="with {v} positive reviews",
        whole=True,
        apart=(
            "By how many percentage points do the shares of positive reviews of {x} and {y} "
            "differ?",
        ),
    ),
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
