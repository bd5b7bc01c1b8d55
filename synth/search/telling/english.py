"""The sentences of a train of thought in English, several for each occasion.

`{x}` is the thing whose page is wanted, `{f}` and `{g}` pages that were read, `{d}` a description such
as "someone who directed X", `{s}` a whole clause, `{p}` a predicate, `{m}` a number of things.
"""

from collections.abc import Mapping

from synth.search.telling.occasion import Occasion

ENGLISH: Mapping[Occasion, tuple[str, ...]] = {
    Occasion.ONE_NAME: (
        "Only one thing is named outright: {names}. Everything else is described.",
        "What can I hold on to? The question names {names} and nothing else.",
        "The one firm point in the question is {names}.",
        "{names} is the only name I am given, so that is where I have to begin.",
    ),
    Occasion.SEVERAL_NAMES: (
        "The question gives these names: {names}. The rest is description.",
        "The fixed points are {names}; from them I have to work my way to the answer.",
        "Let me see what is named: {names}. The others I must find.",
        "There are {n} names to start from: {names}.",
    ),
    Occasion.NO_NAMES: (
        "Nothing is named outright here, so I go by what is described.",
        "The question names nothing directly; I have to search by its clues.",
    ),
    Occasion.START: (
        "I start with {x}: I need {d}.",
        "{x} comes first, as I am after {d}.",
        "Let me take {x} first; what I want from it is {d}.",
        "First {x}, which should lead me to {d}.",
    ),
    Occasion.ANOTHER_LEAD: (
        "Now the other lead, {x}: I need {d}.",
        "Next I take up {x}, as there must be {d}.",
        "That is one side. On the other side stands {x}, and with it {d}.",
        "There is also {x} to follow: I want {d}.",
    ),
    Occasion.OWN_FIGURE: (
        "One clue compares with {x}, so I need the figure on its page.",
        "To make the comparison I first have to know the figure for {x}.",
        "The comparison with {x} needs a number; its page should have it.",
    ),
    Occasion.ENGLISH_NAME: (
        'The documents call it "{q}".',
        'Its page is titled "{q}".',
    ),
    Occasion.ADD_TYPE: (
        'The name alone is ambiguous, so I add the word "{t}".',
        'I add "{t}" to the query, as others may share this name.',
    ),
    Occasion.MORE_RESULTS: (
        "Many documents will mention it, so I ask for a longer list.",
        "This may be far down the list; I ask for {n} results.",
    ),
    Occasion.TOP_HIT: (
        "{x} is the first hit. I open it.",
        "The first result, {id}, is {x}. Let me read it.",
        "There it is at the top: {x}. Open {id}.",
        "The page I want is {id}.",
        "Found at once; now I read about {x}.",
    ),
    Occasion.LOWER_HIT: (
        "{x} is number {n} in the list, {id}; what stands above it is something else.",
        "Not the first hit but number {n}, {id}, is {x}. I open that one.",
        "The hits above only share some of the words. {x} is {id}, number {n}.",
    ),
    Occasion.NEXT_PAGE: (
        "What I need is not on this part. Page {n} may have it.",
        "This part does not settle it; I turn to page {n}.",
        "The document is longer than this. I read page {n} too.",
        "Nothing here on the point yet; on to page {n}.",
    ),
    Occasion.ONLY_ONE: (
        "The page answers it: {s}. So {x} is next.",
        "{s}, and nobody else is in question. I look up {x}.",
        "Good: {s}. On to {x}.",
        "That gives me {x}: {s}.",
    ),
    Occasion.SOME_FIT: (
        "Of the {n} listed, {k} could be meant: {names}. I take {x} first.",
        "Going by what the page shows, {k} of {n} remain ({names}); I try {x}.",
        "Only {names} can be meant here. Let me check {x}.",
    ),
    Occasion.ONE_FITS: (
        "Of the {m} on this page only {x} {p}, so that must be the one.",
        "There are {m} to choose from, but the clue narrows them down: only {x} {p}.",
        "Only {x} {p}; the others drop out.",
    ),
    Occasion.TRY_ONE: (
        "I want {d}. The page lists {m} and does not tell them apart, so I have to try: {x}.",
        "The page has {m}, and any of them may be meant. I check {x} and see if the rest fits.",
        "{m} fit so far, with nothing to choose by. Let me look into {x}.",
        "This leaves {m}. I go through them, and {x} comes first.",
        "No clue singles one of the {m} out yet. I pick {x} and compare with the question.",
    ),
    Occasion.IN_TURN: (
        "I want {d}. The page lists {m} and does not tell them apart, so I take them in order: {x}.",
        "The page has {m}, and any of them may be meant. I begin with the first, {x}.",
        "{m} fit so far, with nothing to choose by. I start at the top of the list with {x}.",
        "This leaves {m}. I go through them, and {x} comes first.",
        "No clue singles one of the {m} out yet. I try them as they are listed, {x} first.",
    ),
    Occasion.CHECK_IN_TURN: (
        "It must also be true that {s}. I go through the {n} listed here, beginning with {x}.",
        "Still open is whether {s}. {n} are listed that could settle it; {x} comes first.",
        "Another clue says that {s}. I check the {n} on this page in order: {x}.",
    ),
    Occasion.TIED: (
        "This page names {x}: {s}. I want to see its own page.",
        "{s}. Let me read the page of {x}.",
        "Here is {x}: {s}. That is worth a look.",
    ),
    Occasion.CHECK: (
        "It must also be true that {s}. The page lists {x}; I check that one.",
        "Still open is whether {s}. {x} could be it.",
        "Another clue says that {s}. I look at {x} for that.",
        "If I am right, {s}. {x} should settle it.",
    ),
    Occasion.NEXT_FACT: (
        "One more thing to confirm is on the page of {x}.",
        "What is still unconfirmed should stand on the page of {x}.",
        "I also want to see {x} before I answer.",
    ),
    Occasion.STATED: (
        'It says "{q}", so {s}.',
        'The page gives "{q}": {s}, as asked.',
        '"{q}" settles one clue: {s}.',
        'Check: "{q}", so {s}.',
    ),
    Occasion.AGAINST: (
        '"{q}" here against "{o}" for {y}: {s}.',
        'I have "{q}" for this one and "{o}" for {y}, so {s}.',
    ),
    Occasion.TALLY: (
        "Counting what is listed: {s}.",
        "The list is long enough to count: {s}.",
        "I count, and it fits: {s}.",
    ),
    Occasion.ALL_FITS: (
        "Everything fits now: {s}. The answer is {a}.",
        "So {s}. That is all the question asks for, and the answer is {a}.",
        "To sum up: {s}. No clue is left open; I answer {a}.",
        "All clues meet: {s}. It is {a}.",
    ),
    Occasion.ALL_OF_THEM: (
        "The list is complete: {names}.",
        "I have checked each of them, and these fit: {names}.",
        "These are all that fit: {names}.",
    ),
    Occasion.FIGURE: (
        "The subject is clear: {s}. What is asked for is {a}.",
        "Now that I know that {s}, the figure follows: {a}.",
        "{s}; that makes the answer {a}.",
    ),
    Occasion.CITE: (
        "I cite the documents I read.",
        "The pages I opened support it, so I cite them.",
        "",
        "",
    ),
    Occasion.START_THERE: (
        "I need {d}, so I look it up.",
        "From there I should get to {d}.",
        "Its page should lead me to {d}.",
        "So the first step is {d}.",
    ),
    Occasion.REJECT: (
        '"{q}" does not agree with the question: I want {d}. So {x} is out.',
        'The page says "{q}", but it should be {d}. Not {x}, then.',
        'That is not it: with "{q}" {x} cannot be {d}.',
        'No: "{q}" rules {x} out, because I am after {d}.',
    ),
    Occasion.REJECT_COUNT: (
        "I count {m} on this page, but I want {d}. So it is not {x}.",
        "The page lists {m}; {x} is not {d}.",
        "With {m} {x} does not fit, as I am after {d}.",
    ),
    Occasion.AGAIN: (
        "Back to the list; next I try {x}.",
        "Another one on the list is {x}.",
        "I go back to the other names and take {x}.",
        "What about {x}?",
    ),
    Occasion.ON_BOTH: (
        "I compare the two lists: only {x} stands on both, for {f} and for {g}.",
        "{x} is the one name that {f} and {g} have in common.",
        "What do {f} and {g} share? Only {x}.",
    ),
    Occasion.ON_BOTH_TRY: (
        "{f} and {g} have {k} in common: {names}. I look at {x}.",
        "On both lists stand {names}. I check {x} first.",
    ),
    Occasion.SAME_TIE: (
        "There are {m} here. {s}, and a connection of this kind is what the question asks about next, so I try {x}.",
        "Out of {m}, {x} looks promising: {s}, and the question goes on with such a connection.",
        "{s}; the one I want has the same connection to something else, so {x} comes before the other names.",
    ),
    Occasion.CHECK_SOME: (
        "Another clue says that {s}. On the list, {names} could be it; I look at {x}.",
        "Still open is whether {s}. Going by the list, that would be {names}. Let me check {x}.",
    ),
    Occasion.UNNAMED: (
        'I need {d}. Its name is not known yet, so I search for "{q}".',
        'What I look for is {d}; "{q}" may bring it up.',
        'Which one is {d}? A search for "{q}" should help.',
        'Next comes {d}, which nothing names so far. I try "{q}".',
    ),
    Occasion.UNNAMED_CHECK: (
        'Still open is whether {s}. I have no name for that, so I search for "{q}".',
        'It must also be true that {s}. A search for "{q}" may show it.',
    ),
    Occasion.UNNAMED_PLAIN: (
        'What is missing has no name yet; I search for "{q}".',
        'To fill the gap I search for "{q}".',
    ),
    Occasion.LIKELY_HIT: (
        "Among the hits is {x}, {id}. It could be what I look for, so I read it.",
        "{x} is on the list as {id}; its page will show if it fits.",
        "From the list I take {x}, {id}, and see if it agrees with the question.",
        "The list offers {x}, number {n}. I open {id} to check.",
    ),
    Occasion.VALUE: (
        'The subject is clear: {s}. Its page gives "{q}", so the answer is {a}.',
        '{s}. What is asked for stands on its page, "{q}": {a}.',
        'Now that I know that {s}, I only need the figure: "{q}", hence {a}.',
    ),
    Occasion.DIFFERENCE: (
        'One page gives "{q}", the other "{o}"; the difference is {a}.',
        '"{q}" and "{o}" lie {a} apart, which is the answer.',
    ),
}
