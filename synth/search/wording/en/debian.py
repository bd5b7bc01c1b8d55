"""English words of the Debian package index."""

from synth.search.wording.en.lexicon import OPENERS, Attribute, Edge, Lexicon, Noun, measure

NOUNS = {
    "package": Noun(
        "package",
        "packages",
        bare=("a Debian package", "a package in the Debian archive"),
        openers=(
            *OPENERS,
            "I've forgotten the name of {np}.",
            "Help me find {np}.",
            "I need the name of {np}.",
        ),
        closers=(
            "Which package is it?",
            "What is the package called?",
            "Can you name the package?",
            "Name the package.",
        ),
    ),
    "maintainer": Noun(
        "maintainer",
        "maintainers",
        bare=("a Debian maintainer", "a maintainer of Debian packages"),
        openers=(
            *OPENERS,
            "I've forgotten the name of {np}.",
            "Help me find {np}.",
            "I need the name of {np}.",
        ),
        closers=(
            "Which maintainer is it?",
            "What is the maintainer's name?",
            "Can you name the maintainer?",
            "Name the maintainer.",
        ),
    ),
}

MAINTAINER = "package.maintainer"


def _needs(relation: str, verb: str, base: str, noun: str) -> dict[tuple[str, bool], Edge]:
    """Both ends of a dependency relation, e.g. "depends on", "depend on", "dependency"."""
    past = {"depends on": "is a dependency of", "recommends": "is recommended by"}[verb]
    return {
        (relation, False): Edge(
            says=(
                f"[{verb}|{base}] {{y}}",
                f"[lists|list] {{y}} as a {noun}",
                f"[has|have] {{y}} among {{its}} {noun[:-1]}ies"
                if noun.endswith("y")
                else f"[has|have] {{y}} among {{its}} {noun}s",
            ),
            denies=(f"[does|do] not {base} {{y}}",),
            counts=(f"[{verb}|{base}] {{y}}",),
            group=f"the packages that {{x}} {verb}",
            how_many=(f"How many {{y}} does {{x}} {base}?",),
            roles=("dependency",) if noun == "dependency" else ("recommended package",),
            label=f"package that {{x}} {verb}",
            verb=f"[{verb}|{base}]",
            part=noun,
            shared={
                (relation, True): f"[{verb}|{base}] at least two packages that {{y}} also {verb}",
                (
                    relation,
                    False,
                ): f"[{verb}|{base}] at least two packages that in turn {base} {{y}}",
                (MAINTAINER, False): f"[{verb}|{base}] at least two packages maintained by {{y}}",
            },
        ),
        (relation, True): Edge(
            says=(
                f"[is|are] {past.removeprefix('is ')} {{y}}",
                f"[is|are] named as a {noun} by {{y}}",
            ),
            denies=(f"[is|are] not {past.removeprefix('is ')} {{y}}",),
            counts=(f"[is|are] named as a {noun} by {{y}}",),
            group=f"the packages that {base} {{x}}",
            how_many=(f"How many {{y}} {base} {{x}}?",),
            roles=("dependent package",) if noun == "dependency" else ("recommending package",),
            label=f"package that {verb} {{x}}",
            part=noun,
        ),
    }


EDGES = {
    **_needs("package.depends", "depends on", "depend on", "dependency"),
    **_needs("package.recommends", "recommends", "recommend", "recommendation"),
    (MAINTAINER, False): Edge(
        says=(
            "[is|are] maintained by {y}",
            "[has|have] {y} as maintainer",
            "[is|are] looked after by {y}",
        ),
        denies=("[is|are] not maintained by {y}",),
        counts=("[is|are] maintained by {y}",),
        group="the maintainers of {x}",
        how_many=("How many {y} maintain {x}?",),
        roles=("maintainer",),
        label="maintainer of {x}",
        part="maintainer",
    ),
    (MAINTAINER, True): Edge(
        says=("[maintains|maintain] {y}", "[looks|look] after {y}", "[is|are] in charge of {y}"),
        denies=("[does|do] not maintain {y}",),
        counts=("[maintains|maintain] {y}", "[looks|look] after {y}"),
        group="the packages maintained by {x}",
        how_many=("How many {y} does {x} maintain?", "How many {y} are maintained by {x}?"),
        label="package maintained by {x}",
        verb="[maintains|maintain]",
        part="maintainer",
        shared={
            ("package.depends", False): "[maintains|maintain] at least two packages that depend on "
            "{y}",
        },
    ),
}

ATTRIBUTES = {
    "package.section": Attribute(
        noun="section",
        says=(
            "[belongs|belong] to the section {v}",
            "[is|are] filed in the section {v}",
            "[sits|sit] in the {v} section",
        ),
        denies=("[does|do] not belong to the section {v}",),
        asks=("To which section does {x} belong?",),
        post="from the {v} section",
    ),
    "package.source": Attribute(
        noun="source package",
        says=("[is|are] built from the source package {v}", "[comes|come] from the source {v}"),
        denies=("[is|are] not built from the source package {v}",),
        asks=("From which source package is {x} built?",),
        post="built from the source package {v}",
    ),
    "package.installed_size": measure("installed size", "larger", "smaller", whole=True),
    "package.homepage_host": Attribute(
        noun="homepage host",
        says=("[has|have] {its} homepage on {v}", "[has|have] a homepage hosted at {v}"),
        denies=("[does|do] not have {its} homepage on {v}",),
        asks=("On which host is the homepage of {x}?",),
        post="with a homepage on {v}",
    ),
    "package.tag": Attribute(
        noun="tag",
        says=("[is|are] tagged {v}", "[carries|carry] the tag {v}"),
        denies=("[is|are] not tagged {v}", "[does|do] not carry the tag {v}"),
        asks=(),
        post="tagged {v}",
    ),
}

LEXICON = Lexicon(NOUNS, EDGES, ATTRIBUTES)
