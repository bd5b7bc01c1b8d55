"""The prose of films, people and companies: short encyclopaedia pages written from facts.

Sentence shapes differ from page to page by a number taken from the page's id. What a page states
it states in the words that `films` records as `stated`, so the two modules change together.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from data.sources.countries import with_article
from data.sources.prose import counted, listing, paragraphs, pick, sentence, worded

SHORT_LIST = 4
"""Up to so many directors stand in a film's first sentence."""


class Film(NamedTuple):
    """One film; names are as on its page, empty or None where the source is silent."""

    id: str
    title: str
    year: int
    directors: tuple[str, ...]
    writers: tuple[str, ...]
    cast: tuple[str, ...]
    companies: tuple[str, ...]
    countries: tuple[str, ...]
    genres: tuple[str, ...]
    languages: tuple[str, ...]
    rating: str | None
    runtime: int | None
    oscars: int | None
    nominations: int | None
    metascore: int | None
    score: int | None
    reviews: int


class Credits(NamedTuple):
    """One person or company: the films of each role, oldest first."""

    id: str
    name: str
    directed: Sequence[Film] = ()
    wrote: Sequence[Film] = ()
    acted: Sequence[Film] = ()
    produced: Sequence[Film] = ()


def minutes(film: Film) -> str:
    return counted(film.runtime or 0, "minute")


def oscars(film: Film) -> str:
    return f"won {counted(film.oscars or 0, 'Oscar')}"


def nominations(film: Film) -> str:
    return counted(film.nominations or 0, "Oscar nomination")


def rated(film: Film) -> str:
    return f"rated {film.rating}"


def film_page(film: Film) -> str:
    seed = int(film.id[2:], 16)
    credits = [*_writers(film, seed >> 4), *_cast(film, seed >> 6)]
    making = [*_origin(film, seed >> 8), *_form(film, seed >> 10)]
    reception = list(_reception(film, seed >> 12))
    lead = list(_lead(film, seed))
    if pick((True, False), seed >> 14):
        return paragraphs([lead + making, credits, reception])
    return paragraphs([lead + credits, making + reception])


def _lead(film: Film, seed: int) -> Iterator[str]:
    title, year = film.title, film.year
    kind = f"{listing([genre.lower() for genre in film.genres])} film".strip()
    article = "an" if kind[0] in "aeiou" else "a"
    makers = listing(film.directors)
    if not 0 < len(film.directors) <= SHORT_LIST:
        yield pick(
            (
                f"{title} is a {year} {kind}.",
                f"{title} is {article} {kind} released in {year}.",
                f"Released in {year}, {title} is {article} {kind}.",
            ),
            seed,
        )
        if makers:
            yield sentence(f"It was directed by {makers}")
        return
    done = "written and directed" if _one_author(film) else "directed"
    yield sentence(
        pick(
            (
                f"{title} is a {year} {kind} {done} by {makers}",
                f"{title} is {article} {kind} released in {year} and {done} by {makers}",
                f"Released in {year}, {title} is {article} {kind} {done} by {makers}",
                f"{title}, {article} {kind} of {year}, was {done} by {makers}",
                f"{title} is {article} {kind} from {year}, {done} by {makers}",
            ),
            seed,
        )
    )


def _one_author(film: Film) -> bool:
    return len(film.writers) <= SHORT_LIST and set(film.writers) == set(film.directors)


def _writers(film: Film, seed: int) -> Iterator[str]:
    if film.writers and not (_one_author(film) and film.directors):
        names = listing(film.writers)
        yield sentence(
            pick(
                (
                    f"The script is by {names}",
                    f"It was written by {names}",
                    f"{names} wrote the script",
                ),
                seed,
            )
        )


def _cast(film: Film, seed: int) -> Iterator[str]:
    names = listing(film.cast)
    if len(film.cast) == 1:
        yield sentence(
            pick((f"{names} appears in the film", f"The only cast member listed is {names}"), seed)
        )
    elif film.cast:
        yield sentence(
            pick(
                (
                    f"The cast includes {names}",
                    f"{names} appear in the film",
                    f"Its cast is made up of {names}",
                    f"Appearing in the film are {names}",
                ),
                seed,
            )
        )


def _origin(film: Film, seed: int) -> Iterator[str]:
    places = listing([with_article(name) for name in film.countries])
    houses = listing(film.companies)
    if places and houses:
        yield sentence(
            pick(
                (
                    f"It was produced in {places} by {houses}",
                    f"The film was made in {places}; it was produced by {houses}",
                    f"{houses} produced it in {places}",
                ),
                seed,
            )
        )
    elif places:
        yield pick(
            (
                f"It was produced in {places}.",
                f"It comes from {places}.",
                f"It is a production from {places}.",
            ),
            seed,
        )
    elif houses:
        yield sentence(f"It was produced by {houses}")


def _form(film: Film, seed: int) -> Iterator[str]:
    spoken = listing(film.languages)
    if spoken and film.runtime is not None:
        yield pick(
            (
                f"The film is in {spoken} and runs for {minutes(film)}.",
                f"It runs for {minutes(film)}, in {spoken}.",
                f"It is in {spoken} and lasts {minutes(film)}.",
            ),
            seed,
        )
    elif spoken:
        yield pick((f"The film is in {spoken}.", f"Its dialogue is in {spoken}."), seed)
    elif film.runtime is not None:
        yield pick((f"It runs for {minutes(film)}.", f"It lasts {minutes(film)}."), seed)
    if film.rating:
        yield pick(
            (
                f"It was {rated(film)} by the Motion Picture Association of America.",
                f"The film is {rated(film)} by the Motion Picture Association of America.",
            ),
            seed,
        )


def _reception(film: Film, seed: int) -> Iterator[str]:
    if film.oscars and film.nominations:
        yield f"It received {nominations(film)} and {oscars(film)}."
    elif film.oscars:
        yield f"It {oscars(film)}."
    elif film.nominations:
        yield f"It received {nominations(film)}."
    if film.score is not None:
        yield pick(
            (
                f"Of {film.reviews:,} reviews by critics, {film.score}% are positive.",
                f"Critics wrote {film.reviews:,} reviews, {film.score}% of them positive.",
                f"Among {film.reviews:,} critics' reviews, {film.score}% are positive.",
            ),
            seed,
        )
    if film.metascore is not None:
        yield pick(
            (
                f"Its Metascore is {film.metascore} out of 100.",
                f"It has a Metascore of {film.metascore} out of 100.",
            ),
            seed,
        )


def person_page(person: Credits) -> str:
    seed = int(person.id[2:], 16)
    name = person.name
    roles = (
        ("director", person.directed),
        ("writer", person.wrote),
        ("cast member", person.acted),
    )
    held = [role for role, credited in roles if credited]
    films = {film.id: film for _, credited in roles for film in credited}
    if len(films) == 1:
        return sentence(_single(person, next(iter(films.values())), seed))
    lead = _span(name, list(films.values()), seed)
    if len(held) > 1:
        lead += f", as {listing(held)}."
    else:
        lead += ", always in the cast." if person.acted else f", always as {held[0]}."
    return paragraphs([[lead], *([text] for text in _roles(person, seed >> 4))])


def _single(person: Credits, film: Film, seed: int) -> str:
    did = [
        verb
        for verb, credited in (
            ("wrote", person.wrote),
            ("directed", person.directed),
            ("appeared in", person.acted),
        )
        if credited
    ]
    if did == ["appeared in"]:
        return pick(
            (
                f"{person.name} appeared in {_dated(film)}",
                f"{person.name} is a member of the cast of {_dated(film)}",
                f"{person.name} was in the cast of the {film.year} film {film.title}",
                f"{person.name} is credited in the cast of {_dated(film)}",
            ),
            seed,
        )
    return pick(
        (
            f"{person.name} {listing(did)} {_dated(film)}",
            f"{person.name} {listing(did)} the {film.year} film {film.title}",
        ),
        seed,
    )


def _span(name: str, films: Sequence[Film], seed: int) -> str:
    first, last = min(film.year for film in films), max(film.year for film in films)
    total = worded(len(films), "film")
    if first == last:
        return f"{name} is credited on {total} released in {first}"
    return pick(
        (
            f"{name} is credited on {total} released between {first} and {last}",
            f"Between {first} and {last}, {name} was credited on {total}",
            f"The credits of {name} cover {total}, from {first} to {last}",
        ),
        seed,
    )


def _roles(person: Credits, seed: int) -> Iterator[str]:
    name = person.name
    shapes: tuple[tuple[Sequence[Film], tuple[str, ...]], ...] = (
        (
            person.directed,
            (f"{name} directed ", "Credits as director: ", f"As a director, {name} made "),
        ),
        (
            person.wrote,
            (
                f"{name} wrote the script of ",
                "Credits as writer: ",
                f"As a writer, {name} worked on ",
            ),
        ),
        (
            person.acted,
            (
                f"{name} appeared in ",
                "Credits in the cast: ",
                f"In the cast, {name} is listed for ",
            ),
        ),
    )
    for films, openings in shapes:
        if films:
            yield f"{pick(openings, seed)}{listing([_dated(film) for film in films])}."


def company_page(company: Credits) -> str:
    seed = int(company.id[2:], 16)
    films, name = company.produced, company.name
    if len(films) == 1:
        film = films[0]
        return pick(
            (
                f"{name} had a part in the production of {_dated(film)}.",
                f"{name} is a production company credited on {_dated(film)}.",
                sentence(f"{name} was involved in producing the {film.year} film {film.title}"),
            ),
            seed,
        )
    lead = f"{_span(f'the production company {name}', films, seed)}."
    opening = pick(("Its films are ", f"{name} produced ", "It took part in producing "), seed >> 4)
    return paragraphs(
        [[lead[0].upper() + lead[1:]], [f"{opening}{listing([_dated(film) for film in films])}."]]
    )


def _dated(film: Film) -> str:
    return f"{film.title} ({film.year})"
